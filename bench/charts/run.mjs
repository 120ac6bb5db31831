// The chart of run() against node:wasi, from the numbers of programs.mjs.

import { human } from '../lib/markdown.mjs';
import { bars } from './bars.mjs';
import { machineOf } from './machine.mjs';

const labels = {
  'run()': 'run() of wasi-rs',
  'node:wasi in the main thread': 'node:wasi in the main thread',
  'node:wasi in a new Worker': 'node:wasi in a new Worker',
};

// The section of programs.mjs that has the numbers.
export const SECTION = 'hello';

// Whole powers of ten, from below the shortest time to above the longest.
function scaleOf(times) {
  const first = Math.floor(Math.log10(Math.min(...times)));
  const last = Math.ceil(Math.log10(Math.max(...times)));
  const at = (ns) => (Math.log10(ns) - first) / (last - first);
  const powers = Array.from({ length: last - first + 1 }, (_, index) => 10 ** (first + index));
  return { at, ticks: powers.map((ns) => ({ at: at(ns), label: short(ns) })) };
}

// A power of ten, without the digits behind the point.
const short = (ns) => human(ns).replace(/\.0+ /, ' ');

const factorOf = (times) => (times < 10 ? times.toFixed(1) : times.toLocaleString('en-US', { maximumFractionDigits: 0 }));

function toBar({ row, ns, times }, { at }) {
  const note = times && `${factorOf(times)} times as long`;
  return { label: labels[row], at: at(ns), accent: times === undefined, value: human(ns), note };
}

// `results` is what --json writes. Of several versions of Node.js, it shows the last one.
export function runChart(results) {
  const { node, sections } = results.runs.at(-1);
  const rows = sections.find(({ section }) => section === SECTION).rows.filter(({ row }) => row in labels);
  const scale = scaleOf(rows.map(({ ns }) => ns));
  return bars({
    title: 'Time to run a hello world program (shorter is better, logarithmic scale)',
    description: rows.map(({ row, ns }) => `${labels[row]}: ${human(ns)}.`).join(' '),
    footer: machineOf(results, node),
    rows: rows.map((row) => toBar(row, scale)),
    ticks: scale.ticks,
  });
}
