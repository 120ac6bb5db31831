// Benchmark of run(): whole programs, against node:wasi. `node bench/programs.mjs --help` and
// README.md say more.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { SECTION, runChart } from './charts/run.mjs';
import { checkWritable, machine, writeAbove } from './lib/markdown.mjs';
import { UsageError } from './lib/command-line.mjs';
import { BenchmarkError, interrupt } from './lib/processes.mjs';
import { toJson } from './lib/report.mjs';
import { help, readOptions } from './programs/options.mjs';
import { Run, pinning } from './programs/run.mjs';
import { markdownTable, screenTable } from './programs/table.mjs';

const markdown = ({ rounds }, measured, directory) => `# Results of the benchmark of run()

Measured on ${new Date().toISOString().slice(0, 10)} with \`node bench/programs.mjs --markdown bench/PROGRAMS.md\`.
\`bench/README.md\` describes the method. Each number is the best of ${rounds} rounds.

${machine(directory)}
- Node ${process.version}

${measured.map(({ section, result }) => markdownTable(section, result)).join('\n')}`;

function writeFiles(options, measured, directory) {
  const numbers = measured.map(({ section, result }) => ({ section: section.name, ...result }));
  const json = toJson(options.rounds, [{ node: process.version, sections: numbers }]);
  if (options.json) writeFileSync(options.json, json);
  if (options.markdown) writeAbove(options.markdown, markdown(options, measured, directory));
  if (options.chart && numbers.some(({ section }) => section === SECTION)) writeFileSync(options.chart, runChart(JSON.parse(json)));
}

// Before minutes of measuring: whether the files can be written.
function checkFiles({ json, markdown: table, chart, rounds }) {
  if (json) writeFileSync(json, toJson(rounds, []));
  for (const file of [table, chart]) if (file) checkWritable(file);
}

// Which processes can be bound to cores, and a word on those that can't.
async function findCores() {
  const reasons = { one: await pinning(1), two: await pinning(2) };
  for (const reason of new Set(Object.values(reasons))) if (reason) console.log(reason);
  return { one: reasons.one === undefined, two: reasons.two === undefined };
}

async function benchmark(options) {
  checkFiles(options);
  const directory = mkdtempSync(path.join(os.tmpdir(), 'wasi-rs-bench-'));
  process.on('exit', () => rmSync(directory, { recursive: true, force: true }));
  const { rounds } = options;
  const pinnable = await findCores();

  console.log(`Node ${process.version}`);
  const measured = [];
  for (const section of options.sections) {
    const result = await section.measure(new Run({ section: section.name, rounds, directory, pinnable }));
    measured.push({ section, result });
    console.log(screenTable(section, result));
    writeFiles(options, measured, directory);
  }
}

async function main() {
  const options = readOptions(process.argv.slice(2));
  if (options.help) console.log(help);
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
