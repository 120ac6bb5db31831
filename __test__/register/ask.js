'use strict';

// Asks for the class in every way that there is; gives which ways have ours, and the exit codes of a
// guest that runs through each.

const fs = require('node:fs');
const { createRequire } = require('node:module');
const path = require('node:path');
const ours = require('wasi-rs').WASI;

const guest = new WebAssembly.Module(fs.readFileSync(path.join(__dirname, '../fixtures/bin/exit-code.wasm')));

function start(WASI) {
  const wasi = new WASI({ version: 'preview1' });
  return wasi.start(new WebAssembly.Instance(guest, wasi.getImportObject()));
}

async function ask() {
  const classes = {
    'require wasi': require('wasi').WASI,
    'require node:wasi': require('node:wasi').WASI,
    'createRequire': createRequire(__filename)('node:wasi').WASI,
    'getBuiltinModule wasi': process.getBuiltinModule('wasi').WASI,
    'getBuiltinModule node:wasi': process.getBuiltinModule('node:wasi').WASI,
    'import() in CommonJS': (await import('node:wasi')).WASI,
    ...await (await import('./ask-esm.mjs')).classes(),
  };
  const ways = Object.entries(classes);
  return {
    asked: ways.length,
    others: ways.filter(([, WASI]) => WASI !== ours).map(([way]) => way),
    exitCodes: [...new Set(ways.map(([, WASI]) => start(WASI)))],
  };
}

module.exports = { ask };
