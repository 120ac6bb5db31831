// A server that uses all of the package, the parts included that are loaded when they are first
// used, and dependencies that use node:wasi. It answers with what it found.

import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { WASI as builtIn } from 'node:wasi';
import { WASI as unprefixed } from 'wasi';
import { WASI, MemoryFile, compile, run } from 'wasi-rs';
import fromModule from 'uses-wasi';
import fromCommonJs from 'uses-wasi-cjs';

async function withClass() {
  const stdout = new MemoryFile();
  const wasi = new WASI({ version: 'preview1', stdout: stdout.fd });
  const wasm = await WebAssembly.compile(await readFile('demo.wasm'));
  wasi.start(await WebAssembly.instantiate(wasm, wasi.getImportObject()));
  const text = stdout.text();
  stdout.close();
  return text;
}

// So large that a child process compiles it.
async function large() {
  const program = await compile('large.wat', { cache: false });
  return (await program.run()).stdout;
}

async function answer() {
  const classes = [builtIn, unprefixed, fromModule, fromCommonJs];
  const { stdout } = await run('tool.wasm', { stdin: 'through run()' });
  return { isOurs: classes.map((one) => one === WASI), class: await withClass(), run: stdout, large: await large() };
}

createServer((request, response) => {
  answer().then((found) => response.end(JSON.stringify(found)), (error) => response.end(error.stack));
}).listen(process.env.PORT);
