// Benchmark of wasi-rs against node:wasi. `node bench/run.mjs --help` and README.md say more.

import { writeFileSync } from 'node:fs';
import { makeFixture } from './lib/fixture.mjs';
import { callsChart } from './charts/calls.mjs';
import { checkWritable, writeMarkdown } from './lib/markdown.mjs';
import { UsageError } from './lib/command-line.mjs';
import { help, readOptions } from './lib/options.mjs';
import { BenchmarkError, buildFloor, interrupt, measureFloor, measureRow, versionOf } from './lib/processes.mjs';
import { geometricMean, header, meanLine, summarize, tableLine, toJson } from './lib/report.mjs';
import { rows as allRows } from './rows/index.mjs';

const implementations = ['node:wasi', 'wasi-rs'];

// A column that has reached the limit once would do so again.
const gaveUp = (results) => results.some(({ exceeded }) => exceeded);

// All rounds of a row. Which implementation goes first changes from round to round, so that neither
// always finds caches as the other left them.
async function measureColumns(node, row, { directory, floor }, rounds) {
  const columns = { 'node:wasi': [], 'wasi-rs': [], floor: [] };
  for (let round = 0; round < Math.min(rounds, row.rounds ?? rounds); round += 1) {
    const order = round % 2 === 0 ? implementations : implementations.toReversed();
    for (const implementation of order) {
      if (gaveUp(columns[implementation])) continue;
      columns[implementation].push(await measureRow(node, row, implementation, directory));
    }
    if (floor && row.floor) columns.floor.push(await measureFloor(floor, row, directory));
  }
  return columns;
}

async function measureNode(node, options, fixture) {
  const version = await versionOf(node);
  console.log(header(version));
  const rows = [];
  for (const row of options.rows) {
    rows.push(summarize(row, await measureColumns(node, row, fixture, options.rounds)));
    console.log(tableLine(rows.at(-1)));
  }
  const run = { node: version, rows, geometricMean: geometricMean(rows) };
  console.log(meanLine(run));
  return run;
}

// Directories of many files take a while to make and to remove.
function remarks(rows) {
  for (const { name, rounds } of rows) {
    if (rounds !== undefined) console.log(`${name}: one pass per process and at most ${rounds} rounds`);
  }
}

function writeFiles({ json, markdown, chart, rounds }, runs, directory) {
  if (json) writeFileSync(json, toJson(rounds, runs));
  if (markdown) writeMarkdown(markdown, { rounds, runs, directory });
  if (chart) writeFileSync(chart, callsChart(JSON.parse(toJson(rounds, runs))));
}

// Before minutes of measuring: whether the files can be written.
function checkFiles({ json, markdown, chart, rounds }) {
  if (json) writeFileSync(json, toJson(rounds, []));
  for (const file of [markdown, chart]) if (file) checkWritable(file);
}

async function benchmark(options) {
  for (const node of options.nodes) await versionOf(node);
  checkFiles(options);
  const { directory, root } = makeFixture(options.rows);
  const { program, remark } = await buildFloor(root);
  if (remark) console.log(remark);
  remarks(options.rows);

  const runs = [];
  for (const node of options.nodes) {
    runs.push(await measureNode(node, options, { directory, floor: program }));
    writeFiles(options, runs, directory);
  }
}

async function main() {
  const options = readOptions(process.argv.slice(2));
  if (options.help) console.log(help);
  else if (options.list) console.log(allRows.map(({ name }) => name).join('\n'));
  else await benchmark(options);
}

// Exiting removes the temporary directory.
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => {
    interrupt();
    process.exit(1);
  });
}

try {
  await main();
} catch (error) {
  // Errors of the system, such as a full disk, say enough themselves.
  const expected = error instanceof UsageError || error instanceof BenchmarkError || error.syscall !== undefined;
  if (!expected) throw error;
  console.error(`bench: ${error.message}`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
