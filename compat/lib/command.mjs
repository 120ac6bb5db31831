// Running a WASI command the way the documentation of Node.js shows it: with node:wasi.

import { closeSync, openSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { WASI } from 'node:wasi';

const modules = new Map();

function moduleOf(file) {
  if (!modules.has(file)) modules.set(file, new WebAssembly.Module(readFileSync(file)));
  return modules.get(file);
}

function exitCode(file, options) {
  const wasi = new WASI({ version: 'preview1', ...options });
  return wasi.start(new WebAssembly.Instance(moduleOf(file), wasi.getImportObject()));
}

// What the program prints. It gets `directory` for its output, and must succeed.
export function runCommand(file, directory, options) {
  const out = path.join(directory, 'stdout');
  const stdout = openSync(out, 'w');
  try {
    const code = exitCode(file, { stdout, ...options });
    if (code !== 0) throw new Error(`${path.basename(file)} ended with ${code}`);
  } finally {
    closeSync(stdout);
  }
  return readFileSync(out);
}
