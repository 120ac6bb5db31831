'use strict';

// What is in the package, and that it works where it is installed.

const assert = require('node:assert/strict');
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { pathToFileURL } = require('node:url');
const { test } = require('node:test');
const { copy, expectedOfExamples, makeProject, npm, pack, root, runExamples, temporaryFolder } = require('./helpers/packing');

const readJson = (...names) => JSON.parse(fs.readFileSync(path.join(...names), 'utf8'));

const cargo = () => import('../scripts/cargo.mjs');

function filesIn(name) {
  const entries = fs.readdirSync(path.join(root, name), { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile())
    .map((entry) => path.relative(root, path.join(entry.parentPath ?? entry.path, entry.name)));
}

const runWith = (env, folder, name, ...args) => spawnSync(process.execPath, [path.join('scripts', name), ...args], {
  cwd: folder, encoding: 'utf8', env: { ...process.env, ...env },
});

const runScript = (...args) => runWith({}, ...args);

const repository = { GITHUB_SERVER_URL: 'https://example.org', GITHUB_REPOSITORY: 'some/where' };

test('the package holds what it needs and nothing else', () => {
  const { files } = pack(root, '--dry-run', '--ignore-scripts');
  const addons = fs.readdirSync(root).filter((name) => name.endsWith('.node'));
  assert.deepEqual(files.map((file) => file.path).sort(), [
    'index.js', 'index.d.ts', 'addon.js', 'register.js', 'register.d.ts', 'package.json',
    'README.md', 'LICENSE', 'SECURITY.md', 'CHANGELOG.md', 'ARCHITECTURE.md',
    'bench/README.md', 'bench/RESULTS.md', 'bench/PROGRAMS.md', 'compat/RESULTS.md',
    'Cargo.toml', 'Cargo.lock', 'build.rs',
    'scripts/cargo.mjs', 'scripts/install-addon.mjs', 'scripts/tools.mjs',
    ...addons, ...['lib', 'bin', 'docs', 'examples', 'src'].flatMap(filesIn),
  ].sort());
});

test('a project that installs the package runs the first examples of the README', (t) => {
  const folder = temporaryFolder(t);
  const { filename } = pack(root, '--ignore-scripts', '--pack-destination', folder);
  const project = path.join(folder, 'project');
  makeProject(project);
  npm(project, ['install', '--offline', path.join(folder, filename)]);
  assert.deepEqual(runExamples(project), expectedOfExamples);
  const command = path.join(project, 'node_modules', '.bin', 'wasi-rs');
  const { status, stdout } = spawnSync(process.execPath, [command, 'tool.wasm'], { cwd: project, encoding: 'utf8' });
  assert.deepEqual([status, stdout], [0, 'hello world\n']);
});

test('all versions are the same', async () => {
  const { version } = readJson(root, 'package.json');
  const addon = require('../addon.js');
  const lock = readJson(root, 'package-lock.json');
  const read = (name) => fs.readFileSync(path.join(root, name), 'utf8');
  const versions = {
    'addon.js': addon.version,
    'the addon': addon.load().version,
    'package-lock.json': lock.version,
    'package-lock.json, its package': lock.packages[''].version,
    'Cargo.toml': /^version = "(.*)"/m.exec(read('Cargo.toml'))[1],
    'Cargo.lock': /name = "wasi-rs"\nversion = "(.*)"/.exec(read('Cargo.lock'))[1],
  };
  for (const name of fs.readdirSync(path.join(root, 'npm'))) {
    versions[name] = readJson(root, 'npm', name, 'package.json').version;
  }
  for (const [place, found] of Object.entries(versions)) assert.equal(found, version, place);
});

test('each platform has its package', async () => {
  const { addonName, targets } = await cargo();
  assert.deepEqual(fs.readdirSync(path.join(root, 'npm')).sort(), Object.keys(targets).sort());
  for (const name of Object.keys(targets)) {
    const [os, cpu, libc] = name.split('-');
    const manifest = readJson(root, 'npm', name, 'package.json');
    assert.equal(manifest.name, `@wasi-rs/${name}`);
    assert.equal(manifest.main, addonName(name));
    assert.deepEqual(manifest.files, [addonName(name)]);
    assert.deepEqual([manifest.os, manifest.cpu], [[os], [cpu]]);
    assert.deepEqual(manifest.libc, libc && [{ gnu: 'glibc', musl: 'musl' }[libc]]);
  }
});

test('an addon is packed only if it is the release build of the sources', async (t) => {
  const folder = temporaryFolder(t);
  copy(folder, 'scripts', 'addon.js', 'Cargo.toml', 'Cargo.lock', 'build.rs', 'src');
  const { stampOf } = await import(pathToFileURL(path.join(folder, 'scripts', 'build.mjs')));
  const { addonName, platform } = await cargo();
  const stamped = (text) => fs.writeFileSync(path.join(folder, '.build-stamp'), text);
  const refused = (pattern) => {
    const { status, stderr } = runScript(folder, 'prepack.mjs');
    assert.equal(status, 1);
    assert.match(stderr, pattern);
  };
  const accepted = (said = /^$/) => {
    const { status, stderr } = runScript(folder, 'prepack.mjs');
    assert.equal(status, 0);
    assert.match(stderr, said);
  };

  accepted(/^wasi-rs: this package has no addon, only the sources\. .*`npm start`/);
  fs.writeFileSync(path.join(folder, addonName(platform)), '');
  refused(/npm run build/);
  stamped(stampOf('quick'));
  refused(/not a release build/);
  stamped(stampOf('release'));
  accepted();
  fs.appendFileSync(path.join(folder, 'src', 'lib.rs'), '\n');
  refused(/not a release build/);
  stamped(stampOf('release'));
  fs.writeFileSync(path.join(folder, 'wasi-rs.beos-x64.node'), '');
  refused(/wasi-rs\.beos-x64\.node/);
});

function copyForRelease(t) {
  const folder = temporaryFolder(t);
  copy(folder, 'scripts', 'addon.js', 'Cargo.toml', 'Cargo.lock', 'npm', 'package.json', 'package-lock.json');
  return folder;
}

test('a release sets all versions and fills all packages', async (t) => {
  const folder = copyForRelease(t);
  const { addonName, targets } = await cargo();
  const platforms = Object.keys(targets);
  const addons = path.join(folder, 'addons');
  fs.mkdirSync(addons);
  for (const name of platforms.slice(1)) fs.writeFileSync(path.join(addons, addonName(name)), name);

  assert.equal(runScript(folder, 'release.mjs', 'version', '12.3.4').status, 0);
  assert.equal(require(path.join(folder, 'addon.js')).version, '12.3.4');
  assert.equal(readJson(folder, 'package-lock.json').packages[''].version, '12.3.4');
  assert.match(fs.readFileSync(path.join(folder, 'Cargo.toml'), 'utf8'), /^version = "12\.3\.4"$/m);
  assert.match(fs.readFileSync(path.join(folder, 'Cargo.lock'), 'utf8'), /"wasi-rs"\nversion = "12\.3\.4"/);
  assert.equal(runScript(folder, 'release.mjs', 'version', 'next').status, 1);

  const prepare = (env) => runWith(env, folder, 'release.mjs', 'prepare', addons);
  const { status, stderr } = prepare(repository);
  assert.equal(status, 1);
  assert.match(stderr, new RegExp(`lacks ${addonName(platforms[0])}\n`));

  fs.writeFileSync(path.join(addons, addonName(platforms[0])), platforms[0]);
  assert.match(prepare({ GITHUB_REPOSITORY: undefined }).stderr, /must name the repository/);
  assert.equal(prepare(repository).status, 0);
  const { optionalDependencies, scripts, ...main } = readJson(folder, 'package.json');
  const origin = { type: 'git', url: 'git+https://example.org/some/where.git' };
  assert.deepEqual(main.repository, origin);
  assert.equal(scripts.postinstall, undefined);
  assert.deepEqual(optionalDependencies, Object.fromEntries(platforms.map((name) => [`@wasi-rs/${name}`, '12.3.4'])));
  for (const name of platforms) {
    const manifest = readJson(folder, 'npm', name, 'package.json');
    assert.deepEqual([manifest.version, manifest.repository], ['12.3.4', origin]);
    assert.equal(fs.readFileSync(path.join(folder, 'npm', name, addonName(name)), 'utf8'), name);
  }

  fs.writeFileSync(path.join(folder, addonName(platforms[0])), '');
  assert.match(prepare(repository).stderr, /would be published/);
});

// An npm that notes what it is told to publish, and knows of those that are published already.
function makeNpm(folder, published) {
  const [log, place] = [path.join(folder, 'log'), path.join(folder, 'programs')];
  fs.mkdirSync(place);
  fs.writeFileSync(path.join(place, 'npm'), `#!${process.execPath}
    const [command, what, ...rest] = process.argv.slice(2);
    if (command === 'publish') require('node:fs').appendFileSync(${JSON.stringify(log)}, [what, ...rest].join(' ') + '\\n');
    else if (what === ${JSON.stringify(published)}) console.log(what.split('@').at(-1));
    else process.exit(1);`, { mode: 0o755 });
  return { PATH: place, logged: () => fs.readFileSync(log, 'utf8').trim().split('\n') };
}

for (const [version, tag] of [['12.3.4', 'latest'], ['12.3.4-beta.1', 'next']]) {
  test(`a release of ${version} publishes what is not published, the package itself last`, async (t) => {
    const folder = copyForRelease(t);
    const platforms = Object.keys((await cargo()).targets);
    const { PATH, logged } = makeNpm(folder, `@wasi-rs/${platforms[1]}@${version}`);
    assert.equal(runScript(folder, 'release.mjs', 'version', version).status, 0);
    const { status, stderr } = runWith({ PATH }, folder, 'release.mjs', 'publish');
    assert.equal(status, 0, stderr);
    const left = platforms.toSpliced(1, 1).map((name) => `./npm/${name}`);
    assert.deepEqual(logged(), [...left, '.'].map((name) => `${name} --provenance --access public --tag ${tag}`));
  });
}

test('the checkout names no platform packages: they are not there to get before a release', () => {
  assert.equal(readJson(root, 'package.json').optionalDependencies, undefined);
});
