// Shows that a guest can only access directories that you preopen. The program prints
// /sandbox/file.txt. It runs twice: without any directory, and with examples/sandbox
// preopened as /sandbox.
//
//   node examples/sandbox.mjs
//
// Source of the program: __test__/fixtures/src/c/read-sandbox-file.c

import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { WASI } from 'wasi-rs'

const program = new URL('../__test__/fixtures/bin/read-sandbox-file.wasm', import.meta.url)
const wasm = await WebAssembly.compile(await readFile(program))

// Runs the program with these preopens and returns its exit code.
async function run(preopens) {
  const wasi = new WASI({ version: 'preview1', args: ['read-sandbox-file'], preopens })
  const instance = await WebAssembly.instantiate(wasm, wasi.getImportObject())
  return wasi.start(instance)
}

console.log('--- without a preopen')
console.log('exit code:', await run({}))

console.log('--- with /sandbox preopened')
const sandbox = fileURLToPath(new URL('./sandbox', import.meta.url))
console.log('exit code:', await run({ '/sandbox': sandbox }))
