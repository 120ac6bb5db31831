// The table and the JSON.

import os from 'node:os';
import { LIMIT_SECONDS } from './processes.mjs';

const WIDTHS = [26, 16, 16, 9, 16];

const line = (cells) =>
  cells.map((cell, column) => (column === 0 ? cell.padEnd(WIDTHS[0]) : cell.padStart(WIDTHS[column]))).join('');

const number = (value) =>
  value.toLocaleString('en-US', { maximumFractionDigits: value < 100 ? 1 : 0, useGrouping: true });

function time(result) {
  if (result === undefined) return '-';
  return result.exceeded ? `> ${LIMIT_SECONDS} s` : number(result.ns);
}

const ratio = ({ ratio: value }) => (value === undefined ? '-' : `${value.toFixed(2)}x`);

export const header = (version) =>
  [`\nNode ${version}`, line(['row', 'node:wasi ns', 'wasi-rs ns', 'ratio', 'floor ns'])].join('\n');

export const tableLine = (row) =>
  line([row.row, time(row['node:wasi']), time(row['wasi-rs']), ratio(row), time(row.floor)]);

// Of the rounds of one column, what counts: the fastest. Undefined when there are none.
export function best(results) {
  if (results.length === 0) return undefined;
  const finished = results.filter(({ exceeded }) => !exceeded);
  if (finished.length === 0) return { exceeded: true };
  const rounds = finished.map(({ ns }) => Number(ns.toFixed(1)));
  return { ns: Math.min(...rounds), rounds };
}

export function summarize(row, columns) {
  const result = { row: row.name };
  for (const [name, results] of Object.entries(columns)) result[name] = best(results);
  const [node, rust] = [result['node:wasi'], result['wasi-rs']];
  if (!node.exceeded && !rust.exceeded) result.ratio = Number((node.ns / rust.ns).toFixed(3));
  return result;
}

export const toJson = (rounds, runs) =>
  `${JSON.stringify({
    date: new Date().toISOString(),
    platform: `${process.platform}-${process.arch}`,
    cpu: os.cpus()[0]?.model,
    cpus: os.cpus().length,
    limitSeconds: LIMIT_SECONDS,
    rounds,
    runs,
  }, null, 2)}\n`;
