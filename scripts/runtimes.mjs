// What of the package works on Node, Bun and Deno: runs the checks of scripts/runtimes, each in a
// process and a directory of its own, and prints a table. Fails when one does not end as is said
// in runtimes/limitations.mjs.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { npmBinary } from './npm-binary.mjs';
import { limitations } from './runtimes/limitations.mjs';
import { root } from './tools.mjs';

const GROUPS = ['class', 'workers', 'run', 'plugins', 'command'];
const HANG = 120_000;

// That of Bun which needs no newer processor.
const bunPackage = process.arch === 'x64' ? '@oven/bun-linux-x64-baseline' : '@oven/bun-linux-aarch64';

// The Node that runs this, and the others as they were when the limitations were written down.
const runtimes = {
  node: () => [process.execPath],
  bun: () => [npmBinary(bunPackage, '1.4.5', 'bin/bun')],
  deno: () => [npmBinary(`@deno/linux-${process.arch}-glibc`, '2.9.6', 'deno'), 'run', '--allow-all'],
};

const folder = path.join(root, 'scripts', 'runtimes');

// Compiled code is cached in the check's directory; a table needs no colours.
function start([program, ...flags], group, name, cwd) {
  return spawnSync(program, [...flags, path.join(folder, 'check.mjs'), group, name], {
    cwd,
    encoding: 'utf8',
    timeout: HANG,
    killSignal: 'SIGKILL',
    env: { ...process.env, XDG_CACHE_HOME: path.join(cwd, '.cache'), NO_COLOR: '1' },
  });
}

// 'held', 'failed', 'hung', or the signal that the process died of.
function judge({ status, signal, error, stdout }) {
  if (error?.code === 'ETIMEDOUT') return 'hung';
  if (status === 0 && stdout.endsWith('held\n')) return 'held';
  return signal ?? 'failed';
}

function outcomeOf(command, group, name) {
  const cwd = mkdtempSync(path.join(os.tmpdir(), 'wasi-rs-runtimes-'));
  try {
    const result = start(command, group, name, cwd);
    return { outcome: judge(result), output: `${result.stdout}${result.stderr}` };
  } finally {
    rmSync(cwd, { recursive: true, force: true });
  }
}

// What is not as it should be, if anything.
function problemOf(runtime, group, name, { outcome, output }) {
  const isLimited = limitations[runtime]?.[group]?.[name] !== undefined;
  if (outcome === 'held') return isLimited ? 'works: it is no limitation any more' : undefined;
  return isLimited && outcome === 'failed' ? undefined : `${outcome}\n${output}`;
}

const cells = { held: 'yes', failed: 'no' };

// Prints one row of the table; gives the problems.
function check(commands, group, name) {
  const outcomes = Object.entries(commands).map(([runtime, command]) => {
    const result = outcomeOf(command, group, name);
    const problem = problemOf(runtime, group, name, result);
    const said = problem && `${runtime}: ${group}: ${name}: ${problem}`;
    return { cell: cells[result.outcome] ?? result.outcome, problem: said };
  });
  console.log(`| ${group} | ${name} | ${outcomes.map(({ cell }) => cell).join(' | ')} |`);
  return outcomes.flatMap(({ problem }) => problem ?? []);
}

async function checkAll(commands) {
  const problems = [];
  for (const group of GROUPS) {
    const { default: checks } = await import(`./runtimes/${group}.mjs`);
    for (const name of Object.keys(checks)) problems.push(...check(commands, group, name));
  }
  return problems;
}

const versionOf = ([program]) => spawnSync(program, ['--version'], { encoding: 'utf8' }).stdout.split('\n')[0];

export async function checkRuntimes() {
  const commands = Object.fromEntries(Object.entries(runtimes).map(([name, command]) => [name, command()]));
  const heads = Object.entries(commands).map(([name, command]) => `${name} ${/\d[\d.]*/.exec(versionOf(command))}`);
  console.log(`| | | ${heads.join(' | ')} |\n| --- | --- | ${heads.map(() => '---').join(' | ')} |`);
  const problems = await checkAll(commands);
  for (const problem of problems) console.error(problem);
  process.exitCode = problems.length > 0 ? 1 : 0;
}
