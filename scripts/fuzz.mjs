// Coverage-guided fuzzing for some time: node scripts/fuzz.mjs [abi|paths] [seconds=60] [--merge]
//
// Needs Rust and a C++ compiler, neither nightly nor cargo-fuzz. `paths` runs with each resolver for
// so long. What is found on the way is kept in fuzz/target/corpus; --merge replaces the corpus in
// fuzz/corpus by the smallest part of both that covers as much. See fuzz/README.md.

import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, existsSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fail, root, run } from './tools.mjs';

const resolvers = { abi: [''], paths: ['', '1'] };

const merges = process.argv.includes('--merge');
const words = process.argv.slice(2).filter((word) => word !== '--merge');
const seconds = Number(words.find((word) => /^\d+$/.test(word)) ?? 60);
const targets = words.filter((word) => !/^\d+$/.test(word));
if (targets.length > 1 || targets.some((target) => !resolvers[target]) || !(seconds > 0)) {
  console.error('usage: node scripts/fuzz.mjs [abi|paths] [seconds=60] [--merge]');
  process.exit(2);
}

// What cargo-fuzz passes too, as far as stable Rust knows it.
const coverage = [
  '-Cpasses=sancov-module',
  '-Cllvm-args=-sanitizer-coverage-level=4',
  '-Cllvm-args=-sanitizer-coverage-inline-8bit-counters',
  '-Cllvm-args=-sanitizer-coverage-pc-table',
  '-Cllvm-args=-sanitizer-coverage-trace-compares',
];

const fuzz = path.join(root, 'fuzz');
const build = path.resolve(root, process.env.CARGO_TARGET_DIR ?? path.join(fuzz, 'target'));
const found = path.join(fuzz, 'target', 'corpus');
const artifacts = path.join(fuzz, 'artifacts');

function output(program, args) {
  const { status, stdout, error } = spawnSync(program, args, { encoding: 'utf8' });
  return error || status !== 0 ? undefined : stdout;
}

function checkTools() {
  if (process.platform !== 'linux') fail('the fuzz targets run on Linux only');
  if (output('cargo', ['--version']) === undefined) fail('cargo was not found: https://rustup.rs');
  const compiler = process.env.CXX ?? 'c++';
  if (output(compiler, ['--version']) === undefined) {
    fail(`the C++ compiler ${compiler} was not found. libFuzzer is built with it: install g++ or clang, or set CXX.`);
  }
}

// The host's triple is given so that the flags are not for build scripts and macros.
function buildTargets() {
  const triple = /^host: (.*)$/m.exec(output('rustc', ['-vV']) ?? '')?.[1];
  if (triple === undefined) fail('rustc does not tell its host triple');
  const manifest = path.join(fuzz, 'Cargo.toml');
  const args = ['build', '--locked', '--release', '--manifest-path', manifest, '--target', triple];
  run('cargo', args, { CARGO_TARGET_DIR: build, RUSTFLAGS: coverage.join(' ') });
  return path.join(build, triple, 'release');
}

// In memory if possible: the targets make many files.
function withTemporary(body) {
  const parent = existsSync('/dev/shm') ? '/dev/shm' : os.tmpdir();
  const folder = mkdtempSync(path.join(parent, 'wasi-rs-fuzz-'));
  try {
    return body(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function start(program, args, resolver) {
  return withTemporary((folder) => {
    const env = { ...process.env, TMPDIR: folder, WASI_RS_NO_OPENAT2: resolver };
    if (resolver === '') delete env.WASI_RS_NO_OPENAT2;
    return spawnSync(program, args, { cwd: fuzz, env, stdio: 'inherit' }).status === 0;
  });
}

function search(target, program, resolver) {
  const [fresh, committed] = [path.join(found, target), path.join(fuzz, 'corpus', target)];
  for (const folder of [fresh, committed, artifacts]) mkdirSync(folder, { recursive: true });
  console.log(`wasi-rs: ${target} for ${seconds} s${resolver && ', on the walk in user space'}`);
  const passed = start(program, [
    `-max_total_time=${seconds}`, '-max_len=512', '-len_control=0', '-timeout=20', '-print_final_stats=1',
    `-artifact_prefix=${artifacts}${path.sep}${target}-`, fresh, committed,
  ], resolver);
  if (!passed) fail(`${target} found something: the input is the newest file in fuzz/artifacts`);
}

function merge(target, program) {
  const committed = path.join(fuzz, 'corpus', target);
  const smallest = path.join(fuzz, 'target', `smallest-${target}`);
  rmSync(smallest, { recursive: true, force: true });
  mkdirSync(smallest, { recursive: true });
  for (const resolver of resolvers[target]) {
    const args = ['-set_cover_merge=1', '-use_counters=0', '-max_len=512', smallest, path.join(found, target), committed];
    if (!start(program, args, resolver)) fail(`the corpus of ${target} can't be merged`);
  }
  rmSync(committed, { recursive: true });
  renameSync(smallest, committed);
  console.log(`wasi-rs: fuzz/corpus/${target} has ${readdirSync(committed).length} files`);
}

checkTools();
const programs = buildTargets();
for (const target of targets.length > 0 ? targets : Object.keys(resolvers)) {
  const program = path.join(programs, target);
  for (const resolver of resolvers[target]) search(target, program, resolver);
  if (merges) merge(target, program);
}
console.log('wasi-rs: nothing found');
