// The command line.

import { UsageError, parse } from './command-line.mjs';
import { isCharted } from '../charts/calls.mjs';
import { rows } from '../rows/index.mjs';

export const help = `Times node:wasi against wasi-rs, call by call and in whole programs.

usage: node bench/run.mjs [options]

  --rows A,B     only these rows; a name without its ending stands for all of them (fd_pread)
  --rounds N     fresh processes per row and implementation, the fastest counts (default 5)
  --node PATH    measure on this Node instead of the one that runs this; repeatable
  --json FILE    write the numbers to FILE too
  --markdown FILE
                 write the tables to FILE too; what is written there by hand stays
  --chart FILE   draw some of the rows as SVG to FILE too
  --list         names of the rows
  --help         this text

bench/README.md says what the columns mean.`;

const specification = {
  rows: { type: 'string', multiple: true },
  rounds: { type: 'string', default: '5' },
  node: { type: 'string', multiple: true },
  json: { type: 'string' },
  markdown: { type: 'string' },
  chart: { type: 'string' },
  list: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
};

function rowsNamed(name) {
  const found = rows.filter((row) => row.name === name || row.name.startsWith(`${name}-`));
  if (found.length > 0) return found;
  throw new UsageError(`--rows: no row is called '${name}', see --list`);
}

function selectRows(lists = []) {
  const wanted = lists.flatMap((list) => list.split(',')).filter(Boolean);
  const found = new Set(wanted.flatMap(rowsNamed));
  return wanted.length > 0 ? rows.filter((row) => found.has(row)) : rows;
}

export function readOptions(argv) {
  const { node = [process.execPath], rows: lists, ...rest } = parse(argv, specification);
  const selected = selectRows(lists);
  if (rest.chart && !selected.some(({ name }) => isCharted(name))) throw new UsageError('--chart: shows none of these rows');
  return { ...rest, nodes: node, rows: selected };
}
