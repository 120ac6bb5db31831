// The results as lines of text and as a table.

import { cells, human } from '../../bench/lib/markdown.mjs';

const time = (ms) => human(ms * 1e6);
const megabytes = (bytes) => `${Math.round(bytes / 1e6)} MB`;

// How it ended in place of a time.
const failure = ({ signal, code }) => `ends with ${signal ?? code ?? 'an error'}`;
const shown = ({ error, ...result }, what, format) => (error ? failure(error) : format(result[what]));

const ratio = (row, what) => {
  const value = row['wasi-rs'][what] / row['node:wasi'][what];
  return Number.isFinite(value) ? value.toFixed(2) : '-';
};

const pair = (row, what, format) => [shown(row['node:wasi'], what, format), shown(row['wasi-rs'], what, format)];

function verdict({ good, 'node:wasi': theirs }) {
  if (!good) return '**no**';
  return theirs.error ? 'runs' : 'same';
}

const nameOf = ({ packages, name }) => (packages[0] ?? name);

function columns(row) {
  const { found, version, reason } = row;
  if (reason) return [nameOf(found), '', found.task, '', reason];
  return [
    nameOf(found), version, found.task, row['wasi-rs'].threads ?? '-', verdict(row),
    ...pair(row, 'process', time), ratio(row, 'process'),
    ...pair(row, 'again', time), ratio(row, 'again'),
    pair(row, 'bytes', megabytes).join(' → '),
  ];
}

export function line(row) {
  const ours = row['wasi-rs'];
  const errors = ['node:wasi', 'wasi-rs'].flatMap((name) => (row[name]?.error ? [`\n${row[name].error.message}`] : []));
  const doubts = ours && !row.good ? ` ${JSON.stringify({ ...ours, output: ours.output?.length })}` : '';
  return `${row.found.id}: ${columns(row).slice(2).join(' | ')}${doubts}${errors.join('')}`;
}

const header = [
  'Package', 'Version', 'What it does', 'Threads', 'Output', 'Process, node:wasi', 'Process, wasi-rs', 'Ratio',
  'Again, node:wasi', 'Again, wasi-rs', 'Ratio', 'Peak memory',
];

const padded = (list) => [...list, ...Array(header.length - list.length).fill('')];

export function markdownTable(rows) {
  const lines = rows.map((row) => cells(padded(columns(row))));
  return `${cells(header)}\n|---|---|---|--:|---|${'--:|'.repeat(7)}\n${lines.join('\n')}\n`;
}
