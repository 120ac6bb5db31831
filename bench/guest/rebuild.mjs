// Assembles the guests of the benchmark. `--check` only compares with what is there.
//
//   node bench/guest/rebuild.mjs [--check]

import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { loopModules, loopsWat } from './loops.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
const written = ['sequences', 'programs', 'hello', 'compute', 'work', 'endless', 'plugin', 'extism'];

async function loadWabt() {
  try {
    const { default: wabt } = await import('wabt');
    return await wabt();
  } catch (error) {
    console.error(`the devDependency wabt does not load, run \`npm install\`: ${error.message}`);
    return process.exit(1);
  }
}

const textOf = (name) =>
  loopModules.includes(name) ? loopsWat(name) : readFileSync(path.join(here, `${name}.wat`), 'utf8');

function assemble(wabt, name) {
  const module = wabt.parseWat(`${name}.wat`, textOf(name), { threads: true });
  try {
    module.resolveNames();
    module.validate({ threads: true });
    return Buffer.from(module.toBinary({}).buffer);
  } finally {
    module.destroy();
  }
}

const wabt = await loadWabt();
const check = process.argv.includes('--check');
for (const name of [...loopModules, ...written]) {
  const file = path.join(here, `${name}.wasm`);
  const bytes = assemble(wabt, name);
  if (!check) writeFileSync(file, bytes);
  else if (!readFileSync(file).equals(bytes)) {
    console.error(`${name}.wasm is not what its source gives; run bench/guest/rebuild.mjs`);
    process.exitCode = 1;
  }
}
