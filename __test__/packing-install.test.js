'use strict';

// What the package does when it is installed, with a cargo of ours in place of the real one.

const assert = require('node:assert/strict');
const { spawn } = require('node:child_process');
const { once } = require('node:events');
const fs = require('node:fs');
const path = require('node:path');
const { test } = require('node:test');
const { text } = require('node:stream/consumers');
const { cleanEnv, copy, root, temporaryFolder } = require('./helpers/packing');

const target = () => import('../scripts/cargo.mjs').then(({ addonName, platform, targets }) => ({
  addon: addonName(platform), platform, triple: targets[platform],
}));

// A package as installed, and a folder of programs that holds a cargo, or nothing.
function makePackage(t, cargo) {
  const folder = temporaryFolder(t);
  const installed = path.join(folder, 'node_modules', 'wasi-rs');
  copy(installed, 'addon.js', 'Cargo.toml', 'package.json',
    'scripts/cargo.mjs', 'scripts/install-addon.mjs', 'scripts/tools.mjs');
  const programs = path.join(folder, 'programs');
  fs.mkdirSync(programs);
  if (cargo !== undefined) addCargo(programs, cargo);
  return { installed, programs };
}

// A cargo that answers `--version`, and does as told by the code otherwise. It notes how it is run.
function addCargo(programs, { version = '99.0.0', build = '' }) {
  const code = `#!${process.execPath}
    const fs = require('node:fs');
    const path = require('node:path');
    const args = process.argv.slice(2);
    if (args[0] === '--version') {
      console.log('cargo ${version} (0123 2026-01-01)');
      process.exit();
    }
    const { cwd, env, pid } = process;
    fs.writeFileSync(${JSON.stringify(path.join(programs, 'run.json'))}, JSON.stringify({ args, cwd: cwd(), env, pid }));
    const folder = args[args.indexOf('--target-dir') + 1];
    fs.writeFileSync(path.join(folder, 'something'), 'x');
    ${build}`;
  fs.writeFileSync(path.join(programs, 'cargo'), code, { mode: 0o755 });
}

// Puts the real addon where cargo says that it made it.
const buildsAddon = (addon) => `
  const library = path.join(folder, 'libwasi_rs.so');
  fs.copyFileSync(${JSON.stringify(path.join(root, addon))}, library);
  console.log(JSON.stringify({ reason: 'compiler-artifact', target: { name: 'other' }, filenames: ['other.so'] }));
  console.log(JSON.stringify({ reason: 'compiler-artifact', target: { name: 'wasi_rs' }, filenames: [library] }));
  console.log(JSON.stringify({ reason: 'build-finished', success: true }));`;

const failsWith = (words) => `console.error(${JSON.stringify(words)}); process.exit(101);`;

// Without a terminal, to which it would talk.
const start = ({ installed, programs }, env) => spawn(
  process.execPath, [path.join('scripts', 'install-addon.mjs')],
  { cwd: installed, detached: true, env: { ...cleanEnv(), PATH: programs, ...env }, stdio: ['ignore', 'ignore', 'pipe'] },
);

async function install(place, env) {
  const child = start(place, env);
  const [[code, signal], stderr] = await Promise.all([once(child, 'close'), text(child.stderr)]);
  return { code, signal, stderr };
}

// How cargo was run, if it was.
function runOf({ programs }) {
  const file = path.join(programs, 'run.json');
  return fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, 'utf8')) : undefined;
}

const leftovers = ({ installed }) => fs.readdirSync(installed).filter((name) => name.startsWith('.build') || name.endsWith('.new'));

async function assertFails(place, pattern, env) {
  const { code, stderr } = await install(place, env);
  assert.equal(code, 1, stderr);
  assert.match(stderr, pattern);
  assert.deepEqual(leftovers(place), []);
}

test('nothing is built where an addon loads', async (t) => {
  const { addon } = await target();
  const place = makePackage(t, {});
  fs.symlinkSync(path.join(root, addon), path.join(place.installed, addon));
  assert.deepEqual(await install(place), { code: 0, signal: null, stderr: '' });
  assert.equal(runOf(place), undefined);
});

test('nothing is built in a checkout', async (t) => {
  const place = makePackage(t, {});
  fs.mkdirSync(path.join(place.installed, '__test__'));
  assert.deepEqual(await install(place), { code: 0, signal: null, stderr: '' });
  assert.equal(runOf(place), undefined);
});

test('the addon is built from the sources, and nothing else is left', async (t) => {
  const { addon, triple } = await target();
  const place = makePackage(t, { build: buildsAddon(addon) });
  const { code, stderr } = await install(place, { CARGO_TARGET_DIR: '/elsewhere' });
  assert.equal(code, 0, stderr);
  assert.match(stderr, /building one/);
  assert.equal(typeof require(path.join(place.installed, 'addon.js')).load().WASI, 'function');
  assert.deepEqual(leftovers(place), []);
  const { args, cwd } = runOf(place);
  const option = (name) => args[args.indexOf(name) + 1];
  assert.ok(args.includes('--locked'));
  assert.equal(option('--profile'), 'release');
  assert.equal(option('--target'), triple);
  assert.equal(option('--manifest-path'), path.join(place.installed, 'Cargo.toml'));
  assert.equal(path.dirname(option('--target-dir')), place.installed);
  assert.equal(cwd, '/', 'a toolchain file or settings of the project around the package would count');
});

test('an addon that does not load is replaced', async (t) => {
  const { addon } = await target();
  const place = makePackage(t, { build: buildsAddon(addon) });
  fs.writeFileSync(path.join(place.installed, addon), 'for another system');
  const { code, stderr } = await install(place);
  assert.equal(code, 0, stderr);
  assert.equal(typeof require(path.join(place.installed, 'addon.js')).load().WASI, 'function');
});

test('an addon that does not load when built is a failure', async (t) => {
  const build = `
    const library = path.join(folder, 'libwasi_rs.so');
    fs.writeFileSync(library, 'nothing');
    console.log(JSON.stringify({ reason: 'compiler-artifact', target: { name: 'wasi_rs' }, filenames: [library] }));`;
  await assertFails(makePackage(t, { build }), /building one failed: what was built does not load \(Error: .*wasi-rs\./);
});

test('an addon that cannot be put in its place is a failure, in the words of the system', async (t) => {
  const { addon } = await target();
  const place = makePackage(t, { build: buildsAddon(addon) });
  fs.mkdirSync(path.join(place.installed, addon));
  await assertFails(place, /^wasi-rs: .* building one failed: EISDIR: .*\n$/m);
});

test('without cargo, the message says what to install and to run', async (t) => {
  const { platform } = await target();
  const place = makePackage(t);
  await assertFails(place, /cargo was not found\. Install Rust 1\.\d+ or newer .* and a C compiler, then try again/);
  await assertFails(place, new RegExp(`Cannot find module '@wasi-rs/${platform}'`));
});

test('a cargo that is too old is not tried', async (t) => {
  const place = makePackage(t, { version: '1.63.0' });
  await assertFails(place, /cargo 1\.63\.0 .* is too old\. Install Rust 1\.\d+ or newer/);
  assert.equal(runOf(place), undefined);
});

test('a cargo that does not run is not tried', async (t) => {
  const place = makePackage(t, { version: '' });
  await assertFails(place, /cargo does not run/);
  assert.equal(runOf(place), undefined);
});

test('other platforms are told which ones there are', async (t) => {
  const place = makePackage(t, {});
  const fake = path.join(place.programs, 'platform.cjs');
  fs.writeFileSync(fake, 'Object.defineProperty(process, "platform", { value: "sunos" });');
  await assertFails(place, /sunos-\w+ is not supported\. These are: .*linux-x64-gnu/, { NODE_OPTIONS: `--require "${fake}"` });
  assert.equal(runOf(place), undefined);
});

for (const [words, advice] of [
  ['error: linker `cc` not found', /C compiler is missing/],
  ["error[E0463]: can't find crate for `core`", /rustup target add \S+-\S+/],
  ['error: failed to download from the registry', /needs the network/],
  ['  process didn\'t exit successfully: `rustc` (signal: 9, SIGKILL: kill)', /want of memory/],
  ['error: No space left on device (os error 28)', /disk is full/],
  ['error: something else', /Mend what cargo says above/],
]) {
  test(`cargo fails with ${words}`, async (t) => {
    const place = makePackage(t, { build: failsWith(words) });
    const { code, stderr } = await install(place);
    assert.equal(code, 1, stderr);
    assert.ok(stderr.includes(words), stderr);
    assert.match(stderr, advice);
    assert.deepEqual(leftovers(place), []);
  });
}

test('RUSTFLAGS are kept, and named when the build fails', async (t) => {
  const place = makePackage(t, { build: failsWith('error: of the flags') });
  await assertFails(place, /RUSTFLAGS is set to "-C panic=abort": try without/, { RUSTFLAGS: '-C panic=abort' });
  assert.match(runOf(place).env.RUSTFLAGS, /^-C panic=abort/);
});

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  test(`${signal} ends the build and removes what it made`, async (t) => {
    const place = makePackage(t, { build: `
      require('node:child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'inherit' });
      console.error('under way');
      setInterval(() => {}, 1000);` });
    const child = start(place);
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (chunk) => {
      stderr += chunk;
      if (stderr.includes('under way')) child.kill(signal);
    });
    // Closed only when the compilers are gone too, which have it as their stderr.
    const [code, ended] = await once(child, 'close');
    assert.deepEqual([code, ended], [null, signal], stderr);
    assert.deepEqual(leftovers(place), []);
    assert.throws(() => process.kill(runOf(place).pid, 0), { code: 'ESRCH' });
  });
}
