'use strict';

// Makes many WASI objects with preopens, started, dropped and collected; prints
// how many host descriptors are open in the end that were not in the beginning.
// Needs --expose-gc.

const fs = require('node:fs');
const path = require('node:path');
const { setImmediate } = require('node:timers/promises');
const { WASI } = require('../..');

const count = Number(process.argv[2]);
const file = path.join(__dirname, '..', 'fixtures', 'bin', 'probe.wasm');
const guest = new WebAssembly.Module(fs.readFileSync(file));
const openFds = () => fs.readdirSync('/proc/self/fd').length;

function use(index) {
  const preopens = { '/a': __dirname, '/b': '/', '/c': '.' };
  const wasi = new WASI({ version: 'preview1', args: [`${index}`], env: { index }, preopens });
  // Some are never started, some by way of the instance, some hold functions alone.
  if (index % 3 === 0) return undefined;
  const instance = new WebAssembly.Instance(guest, wasi.getImportObject());
  wasi.initialize(instance);
  if (instance.exports.args_sizes_get(0, 4) !== 0) throw new Error('args_sizes_get failed');
  return index % 3 === 1 ? instance.exports.fd_close : wasi.wasiImport.args_sizes_get;
}

async function collect() {
  for (let i = 0; i < 5; i++) {
    globalThis.gc();
    await setImmediate();
  }
}

async function main() {
  let kept = [use(0), use(1)];
  await collect();
  kept = [];
  await collect();
  const before = openFds();
  for (let index = 0; index < count; index++) {
    kept.push(use(index));
    if (index % 100 !== 99) continue;
    // What is kept still works when all else is gone.
    await collect();
    for (const held of kept) held?.(999, 4);
    kept = [];
  }
  await collect();
  console.log(openFds() - before);
}

main();
