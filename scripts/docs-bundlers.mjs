// npm run docs:bundlers [-- NAME…]: for each bundler of docs/bundlers.md, an empty project in which
// the packed package is installed, then built and started as the page says. Each bundle answers one
// request. The bundlers come from npm.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { addDependencies, makeProject, packTo } from './docs-bundlers/project.mjs';
import { copyToDeploy, recipes, server, withoutAlias, withoutExternal } from './docs-bundlers/recipes.mjs';
import { ask } from './docs-bundlers/server.mjs';
import { fail, root } from './tools.mjs';

const { cleanEnv, makeFolder, npm, remove } = createRequire(import.meta.url)('../__test__/helpers/packing.js');

const everything = readFileSync(path.join(root, 'scripts', 'docs-bundlers', 'app.mjs'), 'utf8');
const found = { isOurs: [true, true, true, true], class: 'hello world\n', run: 'through run()', large: 'large' };

const sh = (folder, commands) => execFileSync('bash', ['-e', '-c', commands], {
  cwd: folder, encoding: 'utf8', env: { ...cleanEnv(), npm_config_loglevel: 'error' }, stdio: ['ignore', 'pipe', 'pipe'],
});

// Every line but the first one, which installs the bundler.
const buildCommand = ({ commands }) => commands.split('\n').slice(1).join('\n');

function build(folder, recipe, app, config = recipe.config) {
  rmSync(path.join(folder, 'dist'), { recursive: true, force: true });
  writeFileSync(path.join(folder, 'app.mjs'), app);
  writeFileSync(path.join(folder, recipe.file), config);
  sh(folder, buildCommand(recipe));
}

async function step(title, action) {
  await action();
  console.log(`  ${title}: fine`);
}

async function answers(folder, flags, body, expected) {
  const { answer, stderr } = await ask(folder, body, flags);
  assert.equal(stderr, '');
  assert.deepEqual(answer?.startsWith('{') ? JSON.parse(answer) : answer, expected);
}

// To a directory that has nothing but what is copied.
async function tryCopy(folder) {
  sh(folder, copyToDeploy);
  const elsewhere = path.join(folder, '..', 'deployed');
  sh(folder, `mv deploy "${elsewhere}"`);
  await answers(elsewhere, [], 'some text', 'some text');
  remove(elsewhere);
}

async function tryInstall(folder) {
  const elsewhere = path.join(folder, '..', 'installed');
  mkdirSync(elsewhere);
  sh(folder, `cp -R dist tool.wasm package.json package-lock.json *.tgz "${elsewhere}"`);
  npm(elsewhere, ['install', '--omit=dev']);
  await answers(elsewhere, [], 'some text', 'some text');
  remove(elsewhere);
}

async function tryMistake(folder, recipe) {
  build(folder, recipe, server, withoutExternal(recipe.config));
  const { answer, stderr } = await ask(folder, '');
  assert.equal(answer, undefined);
  assert.match(stderr, /wasi-rs was bundled.*ERR_WASI_RS_ADDON/s);
}

async function tryBundler(recipe, parent, tarball) {
  console.log(recipe.name);
  const folder = path.join(parent, recipe.name);
  makeProject(folder, tarball);
  sh(folder, recipe.commands.split('\n')[0]);
  await step('the server of the page', async () => {
    build(folder, recipe, server);
    await answers(folder, [], 'some text', 'some text');
  });
  await step('copied', () => tryCopy(folder));
  await step('installed without the bundler', () => tryInstall(folder));
  addDependencies(folder);
  await step('all of the package, and dependencies that use node:wasi', async () => {
    build(folder, recipe, everything);
    await answers(folder, [], '', found);
  });
  await step('the same with the hook', async () => {
    build(folder, recipe, everything, withoutAlias(recipe.config));
    await answers(folder, ['-r', 'wasi-rs/register'], '', found);
  });
  await step('the error if it is not external', () => tryMistake(folder, recipe));
}

const chosen = process.argv.slice(2);
if (recipes.length !== 4) fail(`docs/bundlers.md has ${recipes.length} configurations, not 4`);
const parent = makeFolder();
try {
  const tarball = packTo(parent);
  for (const recipe of recipes) {
    if (chosen.length === 0 || chosen.includes(recipe.name)) await tryBundler(recipe, parent, tarball);
  }
} finally {
  remove(parent);
}
