// Runs the "hello world" program from the WASI page of the Node.js documentation.
// demo.wasm is assembled from demo.wat.
//
//   node examples/demo.mjs

import { readFile } from 'node:fs/promises'
import { argv, env } from 'node:process'
import { WASI } from 'wasi-rs'

const wasi = new WASI({
  version: 'preview1',
  args: argv,
  env,
})

const wasm = await WebAssembly.compile(await readFile(new URL('./demo.wasm', import.meta.url)))
const instance = await WebAssembly.instantiate(wasm, wasi.getImportObject())

wasi.start(instance) // prints "hello world"
