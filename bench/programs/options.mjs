// The command line of programs.mjs.

import { UsageError, parse } from '../lib/command-line.mjs';
import { SECTION } from '../charts/run.mjs';
import { sections } from './index.mjs';

export const help = `Measures running whole programs with run(), against node:wasi.

usage: node bench/programs.mjs [options]

  --only A,B     only these sections: ${sections.map(({ name }) => name).join(', ')}
  --rounds N     fresh processes per number, the fastest counts (default 3)
  --json FILE    write the numbers to FILE too
  --markdown FILE
                 write the tables to FILE too; what is written there by hand stays
  --chart FILE   draw the section hello as SVG to FILE too
  --help         this text

bench/README.md says how it measures.`;

const specification = {
  only: { type: 'string', multiple: true },
  rounds: { type: 'string', default: '3' },
  json: { type: 'string' },
  markdown: { type: 'string' },
  chart: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
};

function select(lists = []) {
  const wanted = lists.flatMap((list) => list.split(',')).filter(Boolean);
  const unknown = wanted.find((name) => !sections.some((section) => section.name === name));
  if (unknown !== undefined) throw new UsageError(`--only: no section is called '${unknown}', see --help`);
  return wanted.length > 0 ? sections.filter(({ name }) => wanted.includes(name)) : sections;
}

export function readOptions(argv) {
  const { only, ...rest } = parse(argv, specification);
  const selected = select(only);
  if (rest.chart && !selected.some(({ name }) => name === SECTION)) throw new UsageError(`--chart: needs the section ${SECTION}`);
  return { ...rest, sections: selected };
}
