// Generated modules against two oracles: node fuzz/modules/run.mjs [results|limits] [options]
//
//   --from <seed>     the first module (default 0); what is printed at the end goes on from there
//   --count <number>  of modules (default 1000)
//   --seconds <n>     no new batch after that
//   --only <seed>     one module, which is also kept in fuzz/artifacts
//
// Without a word, both oracles. See fuzz/README.md.

import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { fail, root } from '../../scripts/tools.mjs';

const require = createRequire(import.meta.url);
const { campaign, generate } = require('./campaign.js');
const { all, ofV8 } = require('./features.js');

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    from: { type: 'string', default: '0' }, count: { type: 'string', default: '1000' },
    seconds: { type: 'string' }, only: { type: 'string' },
  },
});
const purposes = positionals.length > 0 ? positionals : ['results', 'limits'];
if (purposes.some((purpose) => !['results', 'limits'].includes(purpose))) {
  fail('usage: node fuzz/modules/run.mjs [results|limits] [--from seed] [--count n] [--seconds n] [--only seed]');
}

const features = { results: ofV8(), limits: all };
const artifacts = path.join(root, 'fuzz', 'artifacts');

function build() {
  const target = process.env.CARGO_TARGET_DIR ?? path.join(root, 'fuzz', 'target');
  const manifest = path.join(root, 'fuzz', 'modules', 'Cargo.toml');
  const args = ['build', '--quiet', '--locked', '--manifest-path', manifest, '--target-dir', target];
  if (spawnSync('cargo', args, { stdio: 'inherit' }).status !== 0) fail('the generator of modules can\'t be built');
  return path.join(target, 'debug', 'wasi-rs-fuzz-modules');
}

// The module of a seed, where it can be looked at.
function keep(program, purpose, seed) {
  mkdirSync(artifacts, { recursive: true });
  const bytes = generate(program, { purpose, first: seed, count: 1, features: features[purpose] });
  const file = path.join(artifacts, `${purpose}-${seed}.wasm`);
  writeFileSync(file, bytes.subarray(4));
  return file;
}

function describe(purpose, { modules, calls, deep, trapped, latest, skipped, ends, findings }) {
  const counts = (entries) => Object.entries(entries).map(([what, count]) => `${count} ${what}`).join(', ');
  const parts = [`${modules} modules, ${calls} calls, ${findings.length} findings`];
  if (purpose === 'results') parts.push(`${trapped} trapped on both when instantiated, ${deep} left at the end of the stack`);
  if (latest !== undefined) parts.push(`the latest ended ${Math.round(latest)} ms after its time`);
  parts.push(counts(skipped), counts(ends));
  return parts.filter(Boolean).join('; ');
}

const program = build();
let found = 0;
for (const purpose of purposes) {
  const only = values.only === undefined ? undefined : Number(values.only);
  const limits = only === undefined
    ? { first: Number(values.from), count: Number(values.count), seconds: values.seconds && Number(values.seconds) }
    : { first: only, count: 1 };
  console.log(`${purpose}: ${features[purpose].join(', ')}`);
  const total = await campaign(program, { purpose, ...limits, features: features[purpose] }, (sum, next) =>
    process.stderr.write(`${purpose}, up to seed ${next}: ${describe(purpose, sum)}\n`));
  for (const { seed, finding } of total.findings) console.log(`seed ${seed}: ${finding}\n  ${keep(program, purpose, seed)}`);
  if (only !== undefined) console.log(keep(program, purpose, only));
  console.log(`${purpose}: ${describe(purpose, total)}; go on with --from ${total.next}`);
  found += total.findings.length;
}
process.exitCode = found > 0 ? 1 : 0;
