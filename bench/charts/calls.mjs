// The chart of class WASI against node:wasi, from the numbers of run.mjs.

import { human } from '../lib/markdown.mjs';
import { factor } from '../lib/report.mjs';
import { bars } from './bars.mjs';
import { machineOf } from './machine.mjs';

// A few that tell: what files and programs do most, and where wasi-rs is slower.
const labels = {
  'fd_fdstat_get': 'Query a file descriptor',
  'random_get-16': 'Get 16 random bytes',
  'readdir-2000': 'List 2,000 directory entries',
  'open+close-flat': 'Open and close a file',
  'path_filestat_get-flat': 'Stat a file',
  'path_filestat_get-deep': 'Stat a file three directories down',
  'fd_read-4096': 'Read 4 KiB from a file',
  'hello': 'Run a small program',
};

export const isCharted = (name) => name in labels;

const step = 0.5;

function ticksUpTo(limit) {
  const count = Math.floor(limit / step);
  return Array.from({ length: count + 1 }, (_, index) => {
    const ratio = index * step;
    return { at: ratio / limit, label: ratio === 1 ? 'node:wasi = 1' : String(ratio), strong: ratio === 1 };
  });
}

const timesOf = (row) => [row['wasi-rs'].ns, row['node:wasi'].ns].map(human);

function toBar(row, limit) {
  const [ours, theirs] = timesOf(row);
  return {
    label: labels[row.row], at: row.ratio / limit, accent: true,
    value: `${factor(row.ratio)}×`, note: `${ours} instead of ${theirs}`,
  };
}

const sentence = (row) => `${labels[row.row]}: ${timesOf(row).join(' with wasi-rs, ')} with node:wasi.`;

// `results` is what --json writes. Of several versions of Node.js, it shows the last one.
export function callsChart(results) {
  const { node, rows } = results.runs.at(-1);
  const shown = rows.filter(({ row, ratio }) => isCharted(row) && ratio !== undefined).sort((a, b) => a.ratio - b.ratio);
  const limit = Math.max(1.2, ...shown.map(({ ratio }) => ratio)) * 1.05;
  return bars({
    title: 'Time taken by class WASI compared with node:wasi (shorter is better)',
    description: shown.map(sentence).join(' '),
    footer: machineOf(results, node),
    rows: shown.map((row) => toBar(row, limit)),
    ticks: ticksUpTo(limit),
  });
}
