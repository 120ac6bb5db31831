// Draws the charts of docs/charts from numbers that --json of run.mjs and programs.mjs wrote.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { callsChart } from './charts/calls.mjs';
import { runChart } from './charts/run.mjs';

const help = `Draws charts from saved numbers.

usage: node bench/chart.mjs [--calls FILE] [--programs FILE] [--output DIRECTORY]

  --calls FILE     numbers that bench/run.mjs --json wrote: calls.svg
  --programs FILE  numbers that bench/programs.mjs --json wrote: run.svg
  --output DIRECTORY
                   where the charts go (default docs/charts)
  --help           this text`;

const charts = { calls: ['calls.svg', callsChart], programs: ['run.svg', runChart] };
const folder = fileURLToPath(new URL('../docs/charts', import.meta.url));

const { values } = parseArgs({
  options: {
    calls: { type: 'string' }, programs: { type: 'string' }, output: { type: 'string', default: folder },
    help: { type: 'boolean', short: 'h' },
  },
});

const wanted = Object.entries(charts).filter(([name]) => values[name] !== undefined);
if (values.help || wanted.length === 0) console.log(help);
for (const [name, [file, draw]] of wanted) {
  const svg = draw(JSON.parse(readFileSync(values[name], 'utf8')));
  mkdirSync(values.output, { recursive: true });
  writeFileSync(path.join(values.output, file), svg);
}
