// Installs the package in empty projects as users would: with its addon, building one, without
// cargo, without scripts. Builds the addon from nothing, so it takes some minutes.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { build } from './build.mjs';
import { addonName, platform } from './cargo.mjs';
import { root, run } from './tools.mjs';

const packing = createRequire(import.meta.url)('../__test__/helpers/packing.js');
const { cleanEnv, makeFolder, makeProject, expectedOfExamples, npm, pack, remove, runExamples } = packing;

const folder = makeFolder();

function project(name) {
  const place = path.join(folder, name);
  makeProject(place);
  return place;
}

function packTo(name, from) {
  const place = path.join(folder, name);
  mkdirSync(place);
  const { filename } = pack(from, '--pack-destination', place);
  const file = path.join(place, filename);
  console.log(`  ${(statSync(file).size / 1e6).toFixed(1)} MB packed`);
  return file;
}

// What a checkout without a build packs.
function withoutAddon(tarball) {
  run('tar', ['-xzf', tarball, '-C', folder]);
  const unpacked = path.join(folder, 'package');
  rmSync(path.join(unpacked, addonName(platform)));
  npm(unpacked, ['pkg', 'delete', 'scripts.prepack']); // its script is not in the package
  return packTo('sources', unpacked);
}

// A Rust project, all of whose settings would break the build.
function makeRustProject(name) {
  const place = project(name);
  mkdirSync(path.join(place, '.cargo'));
  writeFileSync(path.join(place, 'Cargo.toml'), '[workspace]\nmembers = []\n');
  writeFileSync(path.join(place, 'rust-toolchain.toml'), '[toolchain]\nchannel = "1.0.0"\n');
  writeFileSync(path.join(place, '.cargo', 'config.toml'), '[build]\ntarget = "wasm32-wasip1"\n[profile.release]\npanic = "abort"\n');
  return place;
}

// A PATH with what npm needs and no cargo.
function pathWithoutCargo() {
  const programs = path.join(folder, 'programs');
  mkdirSync(programs);
  for (const name of ['env', 'node', 'npm', 'sh']) {
    const { stdout } = spawnSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' });
    symlinkSync(stdout.trim(), path.join(programs, name));
  }
  return programs;
}

// What npm says when it fails.
function failure(...args) {
  try {
    npm(...args);
  } catch ({ stderr }) {
    return stderr;
  }
  return assert.fail('npm succeeded');
}

function step(title, action) {
  console.log(title);
  const start = Date.now();
  const result = action();
  console.log(`  ok, ${((Date.now() - start) / 1000).toFixed(1)} s`);
  return result;
}

function tryAll() {
  const tarball = step('npm pack', () => packTo('with-addon', root));
  step('install with the addon that is packed', () => {
    const place = project('prebuilt');
    npm(place, ['install', '--offline', tarball]);
    assert.deepEqual(runExamples(place), expectedOfExamples);
  });
  const sources = step('npm pack without an addon', () => withoutAddon(tarball));
  step('install and build, in a Rust project', () => {
    const place = makeRustProject('rust');
    npm(place, ['install', '--offline', sources], { CARGO_TARGET_DIR: path.join(folder, 'elsewhere') });
    assert.deepEqual(runExamples(place), expectedOfExamples);
    const left = readdirSync(path.join(place, 'node_modules', 'wasi-rs')).filter((name) => name.startsWith('.'));
    assert.deepEqual(left, []);
  });
  const PATH = pathWithoutCargo();
  step('install without cargo', () => {
    assert.match(failure(project('no-cargo'), ['install', '--offline', sources], { PATH }), /cargo was not found\. Install Rust/);
  });
  step('install without scripts', () => {
    const place = project('no-scripts');
    npm(place, ['install', '--offline', '--ignore-scripts', sources]);
    const { status, stderr } = spawnSync(process.execPath, ['example.js'], { cwd: place, encoding: 'utf8', env: cleanEnv() });
    assert.equal(status, 1);
    assert.match(stderr, /To build it, run `node ".*install-addon\.mjs"`[^]*ERR_WASI_RS_ADDON/);
  });
}

build();
try {
  tryAll();
} finally {
  remove(folder);
}
