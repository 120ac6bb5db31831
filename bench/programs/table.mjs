// Tables of a section, on the screen and as Markdown.

import { cells, human } from '../lib/markdown.mjs';

export const time = (ns) => (ns === undefined ? '-' : human(ns));

// How many times as long, and the like, with two decimals or three digits.
export const times = (value) => (value === undefined ? '-' : `${value.toFixed(value < 10 ? 2 : 0)}×`);

export const count = (value) => (value === undefined ? '-' : Math.round(value).toLocaleString('en-US'));

export const aim = ({ aim: text = '' }) => text;

const textsOf = ({ columns }, rows) => rows.map((row) => columns.map(([, cell]) => cell(row)));
const headingsOf = ({ columns }) => columns.map(([heading]) => heading);

// As wide as each column must be; the first is text, the others are numbers.
export function screenTable(section, { rows, remarks = [] }) {
  const lines = [headingsOf(section), ...textsOf(section, rows)];
  const widths = section.columns.map((_, column) => Math.max(...lines.map((line) => line[column].length)) + 2);
  const pad = (text, column) => (column === 0 ? text.padEnd(widths[0]) : text.padStart(widths[column]));
  const table = lines.map((line) => line.map(pad).join('').trimEnd());
  return [`\n${section.title}`, ...table, ...remarks].join('\n');
}

export const markdownTable = (section, { rows, remarks = [] }) => `## ${section.title}

${cells(headingsOf(section))}
|---|${'--:|'.repeat(section.columns.length - 1)}
${textsOf(section, rows).map(cells).join('\n')}
${remarks.map((remark) => `\n${remark}\n`).join('')}`;
