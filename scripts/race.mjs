// The race tests for long: node scripts/race.mjs [seconds=30] [kernel|walk]
// Each family of operations races for so many seconds, with each resolver.

import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { fail, root } from './tools.mjs';

const seconds = Number(process.argv[2] ?? 30);
const only = process.argv[3];
if (!(seconds > 0) || ![undefined, 'kernel', 'walk'].includes(only)) {
  console.error('usage: node scripts/race.mjs [seconds=30] [kernel|walk]');
  process.exit(2);
}

// One at a time, so that the guest and the thread that races it have a core each.
const command = [
  'test', '--locked', '--release', '--no-default-features', '--test', 'races', '--',
  '--nocapture', '--test-threads=1', '--skip', 'all_of_this_holds_for_the_walk_in_user_space',
];

const summary = /race of (\w+) \((\w+)\): (\d+) operations, (\d+) successes, (\d+) refusals, (\d+) swaps, (\d+) escapes/;

// Memory, where there is such a file system: renaming there takes a fraction of the time.
function fastFolder() {
  try {
    accessSync('/dev/shm', constants.W_OK | constants.X_OK);
    return { TMPDIR: '/dev/shm' };
  } catch {
    return {};
  }
}

function environment(resolver) {
  const env = { ...fastFolder(), ...process.env, WASI_RS_RACE_SECONDS: String(seconds) };
  delete env.WASI_RS_NO_OPENAT2;
  return resolver === 'walk' ? { ...env, WASI_RS_NO_OPENAT2: '1' } : env;
}

// Shows the output as it comes, and finds the summaries in it.
function race(resolver) {
  return new Promise((resolve) => {
    const options = { cwd: root, env: environment(resolver), stdio: ['ignore', 'pipe', 'inherit'] };
    const child = spawn('cargo', command, options);
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text) => {
      output += text;
      process.stdout.write(text);
    });
    child.on('error', (error) => fail(`cargo: ${error.message}`));
    child.on('close', (code) => {
      const rows = output.split('\n').map((line) => summary.exec(line)).filter(Boolean);
      resolve({ passed: code === 0, rows: rows.map(toRow) });
    });
  });
}

function toRow([, family, resolver, ...numbers]) {
  const [operations, successes, refusals, swaps, escapes] = numbers.map(Number);
  return { resolver, family, operations, successes, refusals, swaps, escapes };
}

const results = [];
for (const resolver of only ? [only] : ['kernel', 'walk']) results.push(await race(resolver));
const rows = results.flatMap((result) => result.rows);
console.table(rows);
if (rows.length === 0 || results.some((result) => !result.passed)) fail('the races failed');
console.log(`No escapes in ${seconds} s of each family.`);
