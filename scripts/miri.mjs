// The pure layers under Miri: node scripts/miri.mjs
// `abi`, and of `system` and `host` what needs no call of the host, or next to none.

import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { fail, root, run } from './tools.mjs';

const { status } = spawnSync('cargo', ['+nightly', 'miri', '--version'], { stdio: 'ignore' });
if (status !== 0) {
  fail('Miri was not found. It comes with nightly Rust: rustup toolchain install nightly -c miri -c rust-src');
}

// Files and clocks are those of the host: the tests in fuzz/ open /dev/null and ask for the time.
const flags = {
  MIRIFLAGS: `${process.env.MIRIFLAGS ?? ''} -Zmiri-strict-provenance -Zmiri-disable-isolation`,
};

const miri = ['+nightly', 'miri', 'test', '--locked', '--no-default-features'];
run('cargo', [...miri, '--lib', '--', 'abi::', 'host::path::', 'system::'], flags);
const manifest = path.join(root, 'fuzz', 'Cargo.toml');
run('cargo', [...miri, '--manifest-path', manifest, '--test', 'pure'], flags);
