#!/usr/bin/env node
// The differential fuzzer. See README.md.

import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const { campaign } = require('./campaign.js');
const { alone } = require('./alone.js');
const { describe, summary } = require('./report.js');

const help = `node fuzz/differential/run.mjs [options]

Runs random sequences of calls on node:wasi and on wasi-rs, over equal directories,
and prints every difference that intended.js does not list, as short as it gets.
Exits with 1 if there is one.

  --seed N        which sequences (default: of the time)
  --calls N       stop after so many calls
  --seconds N     stop after so much time (default 60, unless --calls is given)
  --safe          without calls that are known to end or to hang node:wasi
  --walk          compare wasi-rs without openat2 to wasi-rs with it, not to node:wasi
  --ours-only     drive wasi-rs alone, with every function: nothing outside of the
                  preopens may change, nothing crash, hang or leak a descriptor
  --replay FILE   only the sequence in this file (as printed, or a list of calls)
  --save FILE     write findings to this file, as JSON
  --help          this
`;

const { values } = parseArgs({
  options: {
    seed: { type: 'string' }, calls: { type: 'string' }, seconds: { type: 'string' }, replay: { type: 'string' },
    save: { type: 'string' }, safe: { type: 'boolean' }, walk: { type: 'boolean' }, 'ours-only': { type: 'boolean' },
    help: { type: 'boolean' },
  },
});

function number(name, fallback) {
  if (values[name] === undefined) return fallback;
  const value = Number(values[name]);
  if (Number.isInteger(value) && value >= 0) return value;
  console.error(`--${name} takes a number, not ${values[name]}\n\n${help}`);
  process.exit(2);
}

function sequencesOf(file) {
  const content = JSON.parse(readFileSync(file, 'utf8'));
  if (Array.isArray(content.findings)) return content.findings.map(({ steps }) => steps);
  return [Array.isArray(content) ? content : content.steps];
}

if (values.help) {
  process.stdout.write(help);
} else {
  const calls = number('calls', Infinity);
  const options = {
    seed: number('seed', Date.now() % 1_000_000), calls,
    seconds: number('seconds', calls === Infinity && !values.replay ? 60 : Infinity),
    dangerous: !values.safe, against: values.walk ? 'walk' : 'node',
    sequences: values.replay === undefined ? undefined : sequencesOf(values.replay),
    report: (finding) => console.log(describe(finding)),
  };
  const result = await (values['ours-only'] ? alone(options) : campaign(options));
  console.log(summary(result));
  if (values.save !== undefined) writeFileSync(values.save, `${JSON.stringify(result, null, 1)}\n`);
  process.exitCode = result.findings.length > 0 ? 1 : 0;
}
