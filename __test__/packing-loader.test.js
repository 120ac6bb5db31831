'use strict';

// Which addon is loaded, and what is said when none is.

const assert = require('node:assert/strict');
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { test } = require('node:test');
const { copy, root, temporaryFolder } = require('./helpers/packing');

const { version } = require('../package.json');

// A package without its addon.
function makePackage(t) {
  const folder = temporaryFolder(t);
  copy(folder, 'index.js', 'addon.js', 'scripts/install-addon.mjs');
  return folder;
}

// The package of a platform, with a module in place of an addon, which tells its name.
function addPlatform(folder, name, addonVersion = version) {
  const place = path.join(folder, 'node_modules', '@wasi-rs', name);
  fs.mkdirSync(place, { recursive: true });
  fs.writeFileSync(path.join(place, 'index.js'),
    `module.exports = { version: '${addonVersion}', WASI: '${name}' };`);
}

// A file that is there and is no addon for anyone.
const addBroken = (folder, name) => fs.writeFileSync(path.join(folder, `wasi-rs.${name}.node`), 'no addon');

const loaders = { glibc: '/lib64/ld-linux-x86-64.so.2', musl: '/lib/ld-musl-x86_64.so.1' };

// What the package gives on a Linux x64 with this C library.
function load(folder, libc) {
  const execPath = path.join(folder, 'node');
  fs.writeFileSync(execPath, `\x7fELF${'\0'.repeat(600)}${loaders[libc]}\0`);
  const fakes = JSON.stringify({ platform: 'linux', arch: 'x64', execPath });
  const { status, stdout, stderr } = spawnSync(process.execPath, ['-e', `
    for (const [name, value] of Object.entries(${fakes})) Object.defineProperty(process, name, { value });
    try {
      console.log(JSON.stringify({ WASI: require(${JSON.stringify(folder)}).WASI }));
    } catch ({ code, message, cause }) {
      console.log(JSON.stringify({ code, message, cause: cause.message, causeCode: cause.code }));
    }`], { encoding: 'utf8' });
  assert.equal(status, 0, stderr);
  return JSON.parse(stdout);
}

test('without an addon, the error says what to do', (t) => {
  const folder = makePackage(t);
  const { code, message, causeCode } = load(folder, 'glibc');
  assert.equal(code, 'ERR_WASI_RS_ADDON');
  assert.equal(causeCode, 'MODULE_NOT_FOUND');
  assert.match(message, /@wasi-rs\/linux-x64-gnu/);
  const command = `node ${JSON.stringify(path.join(folder, 'scripts', 'install-addon.mjs'))}`;
  assert.ok(message.includes(`To build it, run \`${command}\`. This needs Rust (https://rustup.rs) and a C compiler`), message);
});

test('without an addon, the command says the same, with its name once', (t) => {
  const folder = makePackage(t);
  copy(folder, 'bin', 'lib', 'package.json');
  const { status, stderr } = spawnSync(process.execPath, [path.join(folder, 'bin', 'wasi-rs.js'), 'app.wasm'], { encoding: 'utf8' });
  assert.equal(status, 1);
  assert.match(stderr, /^wasi-rs: the native addon is missing/);
});

test('where Node.js was told to load no addons, it says so, and not how to build one', async (t) => {
  const { platform } = await import('../scripts/cargo.mjs');
  const folder = makePackage(t);
  addBroken(folder, platform);
  const program = `require(${JSON.stringify(folder)})`;
  const { stderr } = spawnSync(process.execPath, ['--no-addons', '-e', program], { encoding: 'utf8' });
  assert.match(stderr, /Error: wasi-rs: the native addon can't be loaded, .*--no-addons.*--allow-addons/);
  assert.match(stderr, /code: 'ERR_WASI_RS_ADDON'/);
  assert.doesNotMatch(stderr, /To build it/);
});

// What bundlers make of the package: the formats differ in what is left of `require` and `__dirname`.
const bundles = {
  'app.mjs': (modules) => `
    const require = (name) => { throw new Error('Dynamic require of "' + name + '" is not supported'); };
    ${modules}
    load('./index.js');`,
  'app.cjs': (modules) => `${modules}\nload('./index.js');`,
};

// As esbuild wraps modules. What it can't resolve is left to `require`.
const wrap = (name) => `'./${name}': (module, requireFrom) => {
  ${fs.readFileSync(path.join(root, name), 'utf8').replaceAll(/\brequire\('(?!node:)/g, "requireFrom('")}
},`;

const wrapped = () => `
  const modules = { ${['index.js', 'addon.js'].map(wrap).join('\n')} };
  const load = (name) => { const module = { exports: {} }; modules[name](module, load); return module.exports; };`;

for (const [name, bundle] of Object.entries(bundles)) {
  test(`in a bundle (${name}), it says that bundlers must leave the package alone`, (t) => {
    const file = path.join(temporaryFolder(t), name);
    fs.writeFileSync(file, bundle(wrapped()));
    const { status, stderr } = spawnSync(process.execPath, [file], { encoding: 'utf8' });
    assert.equal(status, 1);
    assert.match(stderr, /Error: wasi-rs: .* was bundled.*`external: \['wasi-rs'\]`.*ERR_WASI_RS_ADDON/s);
    assert.doesNotMatch(stderr, /install-addon/);
  });
}

test('in a checkout, it says how one builds there', (t) => {
  const folder = makePackage(t);
  fs.mkdirSync(path.join(folder, '__test__'));
  assert.match(load(folder, 'glibc').message, /To build it, run `npm run build`/);
});

test('the package of the platform is loaded', (t) => {
  const folder = makePackage(t);
  addPlatform(folder, 'linux-x64-gnu');
  addPlatform(folder, 'linux-x64-musl');
  addPlatform(folder, 'linux-arm64-gnu');
  assert.deepEqual(load(folder, 'glibc'), { WASI: 'linux-x64-gnu' });
});

test('musl is for those who have it', (t) => {
  const folder = makePackage(t);
  addPlatform(folder, 'linux-x64-musl');
  assert.deepEqual(load(folder, 'musl'), { WASI: 'linux-x64-musl' });
  assert.equal(load(folder, 'glibc').code, 'ERR_WASI_RS_ADDON');
});

test('where the addon for glibc does not load, the one for musl does', (t) => {
  const folder = makePackage(t);
  addBroken(folder, 'linux-x64-gnu');
  addPlatform(folder, 'linux-x64-musl');
  assert.deepEqual(load(folder, 'musl'), { WASI: 'linux-x64-musl' });
});

test('the addon built here comes before that of a package', async (t) => {
  const { addonName, platform } = await import('../scripts/cargo.mjs');
  const folder = makePackage(t);
  fs.symlinkSync(path.join(root, addonName(platform)), path.join(folder, addonName(platform)));
  addPlatform(folder, platform);
  const { WASI } = require(folder);
  assert.equal(typeof WASI, 'function');
});

test('an addon that does not load is the cause, not one that is missing', (t) => {
  const folder = makePackage(t);
  addBroken(folder, 'linux-x64-gnu');
  const { code, cause, causeCode } = load(folder, 'glibc');
  assert.equal(code, 'ERR_WASI_RS_ADDON');
  assert.equal(causeCode, 'ERR_DLOPEN_FAILED');
  assert.match(cause, /wasi-rs\.linux-x64-gnu\.node/);
});

test('an addon of another version is refused', (t) => {
  const folder = makePackage(t);
  addPlatform(folder, 'linux-x64-gnu', '0.0.1');
  const { code, message, cause } = load(folder, 'glibc');
  assert.equal(code, 'ERR_WASI_RS_ADDON');
  assert.equal(cause, `The addon has version 0.0.1, but the package has version ${version}`);
  assert.ok(message.includes(cause), message);
});

for (const [name, execPath] of [['moved its loader', require.resolve('../package.json')], ['cannot be read', '/does/not/exist']]) {
  test(`an executable that ${name} has the C library that a report tells`, (t) => {
    const { stdout } = spawnSync(process.execPath, ['-e', `
      const { usesMusl } = require(${JSON.stringify(path.join(makePackage(t), 'addon.js'))});
      const { header } = process.report.getReport();
      const answers = ['2.36', undefined].map((glibcVersionRuntime) => {
        process.report.getReport = () => ({ header: { ...header, glibcVersionRuntime } });
        return usesMusl();
      });
      console.log(JSON.stringify(answers));`], {
      encoding: 'utf8', env: { ...process.env, NODE_OPTIONS: `--require "${addExecPath(t, execPath)}"` },
    });
    assert.equal(stdout, '[false,true]\n');
  });
}

// A module that makes the process believe it is another executable.
function addExecPath(t, execPath) {
  const file = path.join(temporaryFolder(t), 'exec-path.cjs');
  fs.writeFileSync(file, `Object.defineProperty(process, 'execPath', { value: ${JSON.stringify(execPath)} });`);
  return file;
}
