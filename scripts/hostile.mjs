// Runs every program of __test__/hostile, each in its own process, and prints when each one ended and how
// much memory it used at most. Needs a build.
//
//   node scripts/hostile.mjs [WORD...] [--write]
//
// Words select the programs whose names contain all of them. With --write, the tables go into SECURITY.md.

import { createRequire } from 'node:module';
import path from 'node:path';
import { writerInto } from './generated.mjs';
import { root } from './tools.mjs';

const require = createRequire(import.meta.url);
const { attacks } = require('../__test__/hostile/support/catalog.js');
const { holds, limitOf } = require('../__test__/hostile/support/judge.js');
const { runAll } = require('../__test__/hostile/support/runner.js');

const isForUsers = process.argv.includes('--write');
const words = process.argv.slice(2).filter((word) => word !== '--write');
const chosen = attacks.filter(({ name }) => words.every((word) => name.includes(word)));

const MIB = 2 ** 20;

function milliseconds(value) {
  if (value === undefined) return '—';
  return value < 10_000 ? `${Math.round(value)} ms` : `${(value / 1000).toFixed(1)} s`;
}

const memory = (bytes) => `${Math.round(bytes / MIB)} MiB`;

function size(bytes) {
  if (bytes === undefined) return '—';
  if (bytes < 1000) return `${bytes} B`;
  return bytes < 1e6 ? `${Math.round(bytes / 1000)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

// What was to end the attack, and when.
function asked(attack) {
  const limit = limitOf(attack);
  if (attack.abortAfter !== undefined) return `abort after ${limit} ms`;
  if (attack.closeAfter !== undefined) return `close() after ${limit} ms`;
  return limit === undefined ? '—' : `timeout: ${limit}`;
}

const outcome = ({ outcomes }) => [...new Set(outcomes)].join(', ');

const write = isForUsers
  ? writerInto(path.join(root, 'SECURITY.md'), '<!-- hostile: written by scripts/hostile.mjs -->', '<!-- end of hostile -->')
  : (lines) => console.log(lines.join('\n'));

const columns = isForUsers
  ? ['Attack', 'Module size', 'Limit', 'Ended after', 'Peak memory']
  : ['Attack', 'Size', 'Limit', 'Ended after', 'Peak memory', 'Outcome', 'Compiled in', 'Work stopped', 'Loop blocked',
    'Another run()', 'Another compile()'];

function row(attack, result) {
  const ended = result.after ?? result.prepared;
  const shown = [attack.title, size(result.size), asked(attack), milliseconds(ended), memory(result.peak)];
  if (isForUsers) return shown;
  const beside = (end) => (end ? `${milliseconds(end.after)}${end.outcome === 'resolved' ? '' : ` ${end.outcome}`}` : '—');
  return [
    ...shown, `${outcome(result)}${holds(attack, result) ? '' : ' **!**'}`, milliseconds(result.prepared),
    milliseconds(result.stopped), milliseconds(result.delay), beside(result.innocentRun), beside(result.innocentCompile),
  ];
}

const line = (cells) => `| ${cells.join(' | ')} |`;

const results = new Map();
await runAll(chosen, {}, (attack, result) => {
  results.set(attack, result);
  const mark = holds(attack, result) ? ' ' : '!';
  process.stderr.write(`${results.size}/${chosen.length} ${mark} ${attack.name}: ${outcome(result)}\n`);
});

function table(family) {
  const own = chosen.filter((attack) => attack.family === family);
  const aligned = columns.map((_, index) => (index === 1 || index === 3 || index === 4 ? '--:' : '---'));
  return [`#### ${family}`, '', line(columns), line(aligned), ...own.map((attack) => line(row(attack, results.get(attack)))), ''];
}

const broken = chosen.filter((attack) => !holds(attack, results.get(attack)));
const lateness = chosen.flatMap((attack) => {
  const limit = limitOf(attack);
  const { after } = results.get(attack);
  return limit === undefined || after === undefined ? [] : [after - limit];
});
const latest = Math.max(...lateness);
const slowest = latest > 0 ? ` The slowest one ended ${milliseconds(latest)} after its limit.` : '';
const summary = `${chosen.length - broken.length} of ${chosen.length} attacks ended as expected.${slowest}`;
write([summary, '', ...[...new Set(chosen.map(({ family }) => family))].flatMap(table)]);
console.log(summary);
process.exitCode = broken.length > 0 ? 1 : 0;
