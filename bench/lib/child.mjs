// The process in which one row is measured with one implementation, once:
//
//   node child.mjs ROW IMPLEMENTATION DIRECTORY
//
// The result is one line of JSON on stdout, an error a line on stderr with exit code 1.

import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { rows } from '../rows/index.mjs';
import { Guest } from './guest.mjs';
import { measure } from './measure.mjs';

const require = createRequire(import.meta.url);
const checkout = path.join(path.dirname(fileURLToPath(import.meta.url)), '..', '..');
const modules = { 'node:wasi': 'node:wasi', 'wasi-rs': checkout };

const [rowName, implementation, directory] = process.argv.slice(2);
const row = rows.find(({ name }) => name === rowName);
const load = () => require(modules[implementation]).WASI;
const guest = (module) => new Guest(load(), directory, module);

try {
  const result = measure(row.prepare({ load, guest, directory }), row);
  process.stdout.write(`${JSON.stringify(result)}\n`);
} catch (error) {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
