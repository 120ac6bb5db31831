// The table and the JSON.

import os from 'node:os';
import { LIMIT_SECONDS } from './processes.mjs';

const WIDTHS = [26, 16, 16, 9, 16, 10];

const line = (cells) =>
  cells.map((cell, column) => (column === 0 ? cell.padEnd(WIDTHS[0]) : cell.padStart(WIDTHS[column]))).join('');

const number = (value) =>
  value.toLocaleString('en-US', { maximumFractionDigits: value < 100 ? 1 : 0, useGrouping: true });

// A time as `format` writes it, or why there is none.
export function time(result, format = number) {
  if (result === undefined) return '-';
  return result.exceeded ? `> ${LIMIT_SECONDS} s` : format(result.ns);
}

// Two decimals, but one digit where these would be 0.00: node:wasi can be slower by any factor.
const round = (value) => Number(value < 0.005 ? value.toPrecision(1) : value.toFixed(2));
export function factor(value) {
  if (value === undefined) return '-';
  return value < 0.005 ? String(value) : value.toFixed(2);
}

export const header = (version) =>
  [`\nNode ${version}`, line(['row', 'node:wasi ns', 'wasi-rs ns', 'ratio', 'floor ns', 'x floor'])].join('\n');

export const tableLine = (row) =>
  line([
    row.row, time(row['node:wasi']), time(row['wasi-rs']), factor(row.ratio), time(row.floor), factor(row.xFloor),
  ]);

export const meanLine = ({ geometricMean: { ratio, rows } }) => `Geometric mean of ${rows} ratios: ${factor(ratio)}`;

// Of the rounds of one column, what counts: the fastest. Undefined when there are none.
export function best(results) {
  if (results.length === 0) return undefined;
  const finished = results.filter(({ exceeded }) => !exceeded);
  if (finished.length === 0) return { exceeded: true };
  const rounds = finished.map(({ ns }) => Number(ns.toFixed(1)));
  return { ns: Math.min(...rounds), rounds };
}

// How many times as long as `other`. Undefined when one of them has no time.
function quotient(result, other) {
  const value = result?.ns / other?.ns;
  return Number.isFinite(value) ? value : undefined;
}

const ratioOf = (row) => quotient(row['wasi-rs'], row['node:wasi']);

export function summarize(row, columns) {
  const result = { row: row.name };
  for (const [name, results] of Object.entries(columns)) result[name] = best(results);
  const [ratio, xFloor] = [ratioOf(result), quotient(result['wasi-rs'], result.floor)];
  if (ratio !== undefined) result.ratio = round(ratio);
  if (xFloor !== undefined) result.xFloor = round(xFloor);
  return result;
}

// Of the ratios as they were before they were rounded.
export function geometricMean(rows) {
  const logarithms = rows.map(ratioOf).filter((ratio) => ratio > 0).map(Math.log);
  if (logarithms.length === 0) return { rows: 0 };
  const sum = logarithms.reduce((total, logarithm) => total + logarithm, 0);
  return { ratio: round(Math.exp(sum / logarithms.length)), rows: logarithms.length };
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
