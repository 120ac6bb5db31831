// A large program: compiled, and then taken from the cache by the next process.

import { mkdirSync, openSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { check, elapsed, runOnNode, wasiRs } from './guests.mjs';
import { generate } from './generate.mjs';
import { aim, time } from './table.mjs';

const SIZE = 30e6;

async function run(program) {
  const start = performance.now();
  const { exitCode, stdout } = await program.run();
  check(exitCode);
  if (stdout !== 'hello\n') throw new Error('no output');
  return elapsed(start);
}

const tasks = {
  async compile({ file, folder }) {
    const { compile } = wasiRs();
    const start = performance.now();
    const program = await compile(file, { cache: folder });
    return { compile: elapsed(start), run: await run(program) };
  },

  async node({ file }) {
    const start = performance.now();
    const module = await WebAssembly.compile(await readFile(file));
    const compiled = elapsed(start);
    const stdout = openSync(os.devNull, 'r+');
    const second = performance.now();
    runOnNode(module, { stdin: stdout, stdout });
    return { compile: compiled, run: elapsed(second) };
  },
};

async function measure(processes) {
  const { directory } = processes;
  const file = path.join(directory, 'large.wasm');
  const folder = path.join(directory, 'cache');
  mkdirSync(folder, { mode: 0o700 });
  writeFileSync(file, generate(SIZE));
  const rows = [
    { row: 'wasi-rs, nothing cached', ...await processes.once('compile', { file, folder }) },
    { row: 'wasi-rs, from the cache', ...await processes.least('compile', { file, folder }), aim: '< 100 ms' },
    { row: 'V8', ...await processes.least('node', { file }) },
  ];
  const megabytes = (name) => `${(statSync(name).size / 1e6).toFixed(1)} MB`;
  const [cached] = readdirSync(folder);
  const remark = `The module has ${megabytes(file)}, and its compiled code ${megabytes(path.join(folder, cached))}. ` +
    'Each row is a separate process, which then runs the program once. V8 compiles each function when it is first called.';
  return { rows, remarks: [remark] };
}

export const cache = {
  name: 'cache',
  title: 'A large program',
  columns: [
    ['Implementation', ({ row }) => row],
    ['compile()', ({ compile }) => time(compile)],
    ['Target', aim],
    ['First run()', ({ run: ns }) => time(ns)],
  ],
  tasks,
  measure,
};
