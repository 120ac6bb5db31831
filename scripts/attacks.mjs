// Runs every attack of __test__/attacks on node:wasi and on wasi-rs, each in its own process, and
// writes the outcomes into SECURITY.md. Needs a build. The attacks target the Node.js version that
// runs this script.

import { createRequire } from 'node:module';
import path from 'node:path';
import { writerInto } from './generated.mjs';
import { fail, root } from './tools.mjs';

const require = createRequire(import.meta.url);
const { attacks } = require('../__test__/attacks/support/catalog.js');
const { runAll } = require('../__test__/attacks/support/runner.js');

const file = path.join(root, 'SECURITY.md');
const BEGIN = '<!-- attacks: written by scripts/attacks.mjs -->';
const END = '<!-- end of attacks -->';
const OUTCOMES = ['escaped', 'leaked', 'crashed', 'hung', 'held'];
const NOT_OFFERED = '—';

// Outcomes by id. Attacks on features that an implementation doesn't have are left out.
async function outcomesOf(implementation) {
  const list = attacks.filter(({ only = implementation }) => only === implementation);
  const outcomes = await runAll(list, { implementation, parallel: 2, watchdog: 3000 });
  const broken = list.filter(({ id }) => !OUTCOMES.includes(outcomes.get(id).outcome));
  if (broken.length > 0) fail(broken.map(({ id }) => `${id}\n${outcomes.get(id).detail}`).join('\n'));
  return new Map(list.map(({ id }) => [id, outcomes.get(id).outcome]));
}

const count = (outcomes) => OUTCOMES
  .map((outcome) => [outcome, outcomes.filter((one) => one === outcome).length])
  .filter(([, number]) => number > 0);

// "escaped", or "escaped 17, held 2" if the attacks of a row have different outcomes.
function cell(own, outcomes) {
  const counts = count(own.map(({ id }) => outcomes.get(id)).filter(Boolean));
  if (counts.length === 0) return NOT_OFFERED;
  const shown = counts.length === 1 ? [counts[0][0]] : counts.map((pair) => pair.join(' '));
  const text = shown.join(', ');
  return text === 'held' ? text : `**${text}**`;
}

const escape = (text) => text.replaceAll('|', '\\|');

// Attacks by row; Map.groupBy is not in Node 20.
function rowsOf(family) {
  const rows = new Map();
  for (const attack of attacks.filter((one) => one.family === family)) {
    rows.set(attack.row, [...(rows.get(attack.row) ?? []), attack]);
  }
  return rows;
}

function familyTable(family, node, ours) {
  const lines = [...rowsOf(family)].map(([row, own]) => {
    const refs = [...new Set(own.map(({ ref }) => ref).filter(Boolean))].join(', ');
    return `| ${escape(row)} | ${own.length} | ${refs} | ${cell(own, node)} | ${cell(own, ours)} |`;
  });
  return [`#### ${family}`, '', '| Attack | Cases | Similar reports | node:wasi | wasi-rs |', '| --- | --: | --- | --- | --- |', ...lines, ''];
}

function summary(name, outcomes) {
  const all = [...outcomes.values()];
  return `${name}, ${all.length} attacks: ${count(all).map((pair) => pair.reverse().join(' ')).join(', ')}.`;
}

const write = writerInto(file, BEGIN, END);
const node = await outcomesOf('node');
const ours = await outcomesOf('wasi-rs');
const summaries = [summary(`node:wasi in Node.js ${process.versions.node}`, node), summary('wasi-rs', ours)];
const families = [...new Set(attacks.map(({ family }) => family))];
write([...summaries.flatMap((line) => [line, '']), ...families.flatMap((family) => familyTable(family, node, ours))]);
console.log(summaries.join('\n'));
const notHeld = [...ours].filter(([, outcome]) => outcome !== 'held');
for (const [id, outcome] of notHeld) console.error(`wasi-rs ${outcome}: ${id}`);
process.exitCode = notHeld.length > 0 ? 1 : 0;
