// What Go compiles for wasip1: goroutines, which wait in poll_oneoff, and files.

import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { compat } from '../lib/cases.mjs';
import { runCommand } from '../lib/command.mjs';
import { installed } from '../lib/sources.mjs';

const source = path.join(compat, 'programs', 'sources', 'sums.go');

export default {
  task: 'hashes the files of a directory on goroutines that sleep',
  threads: false,
  shared: false,
  version: () => execFileSync('go', ['env', 'GOVERSION'], { encoding: 'utf8' }).trim(),

  prepare() {
    const folder = path.join(compat, 'programs', 'node_modules', '.cache');
    const file = path.join(folder, 'sums.wasm');
    mkdirSync(folder, { recursive: true });
    execFileSync('go', ['build', '-o', file, source], { env: { ...process.env, GOOS: 'wasip1', GOARCH: 'wasm' } });
    return file;
  },

  run(directory) {
    return runCommand(process.env.WASI_COMPAT_PROGRAM, directory, {
      args: ['sums', '/files'],
      preopens: { '/files': path.join(installed, 'semver') },
    });
  },
};
