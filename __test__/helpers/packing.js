'use strict';

// Packing and installing, as users do, in folders of the tests' own.

const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

const root = path.join(__dirname, '..', '..');

// A name with a space, as folders of users have.
const makeFolder = () => fs.mkdtempSync(path.join(fs.realpathSync(os.tmpdir()), 'wasi-rs packing '));

const remove = (folder) => fs.rmSync(folder, { recursive: true, force: true });

function temporaryFolder(t) {
  const folder = makeFolder();
  t.after(() => remove(folder));
  return folder;
}

// Without the variables through which an npm tells its scripts about itself.
const cleanEnv = () => Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name)));

// npm 12 runs no scripts of packages unless told.
const npm = (cwd, args, env) => execFileSync('npm', [...args, '--no-audit', '--no-fund', '--no-update-notifier'], {
  cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'],
  env: { ...cleanEnv(), npm_config_dangerously_allow_all_scripts: 'true', ...env },
});

// Paths in the checkout, copied to another folder.
function copy(folder, ...names) {
  for (const name of names) fs.cpSync(path.join(root, name), path.join(folder, name), { recursive: true });
}

// What npm packs, as its --json describes it: in a list, and from npm 12 on by name.
const pack = (cwd, ...flags) => Object.values(JSON.parse(npm(cwd, ['pack', '--json', ...flags])))[0];

// The examples with which the README begins: run(), and the class.
const examples = ['run.mjs', 'class.mjs'];

// An empty project, with these examples and what they work on.
function makeProject(folder) {
  const blocks = fs.readFileSync(path.join(root, 'README.md'), 'utf8').matchAll(/^```js\n(.*?)^```/gms);
  fs.mkdirSync(path.join(folder, 'data'), { recursive: true });
  fs.writeFileSync(path.join(folder, 'package.json'), '{ "name": "project", "version": "1.0.0" }');
  for (const [index, [, code]] of [...blocks].slice(0, examples.length).entries()) {
    fs.writeFileSync(path.join(folder, examples[index]), code);
  }
  const program = path.join(root, '__test__', 'fixtures', 'bin', 'demo.wasm');
  for (const name of ['demo.wasm', 'tool.wasm']) fs.copyFileSync(program, path.join(folder, name));
}

const runExample = (folder, name) => execFileSync(process.execPath, [name], {
  cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'],
});

// What the examples print.
const runExamples = (folder) => examples.map((name) => runExample(folder, name));

// What they print if the package works.
const expectedOfExamples = ['0 hello world\n\n', 'hello world\n'];

module.exports = { cleanEnv, copy, expectedOfExamples, makeFolder, makeProject, npm, pack, remove, root, runExamples, temporaryFolder };
