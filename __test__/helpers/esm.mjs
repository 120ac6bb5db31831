// Imports the package by its own name and runs a program; the process, or the
// Worker, says what it found.

import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { isMainThread, parentPort } from 'node:worker_threads'
import fallback, { WASI } from 'wasi-rs'
import * as all from 'wasi-rs'

const required = createRequire(import.meta.url)('wasi-rs')
const wasi = new WASI({ version: 'preview1', args: ['exit', '5'] })
const wasm = await WebAssembly.compile(await readFile(new URL('../fixtures/bin/exit.wasm', import.meta.url)))
const code = wasi.start(await WebAssembly.instantiate(wasm, wasi.getImportObject()))

const found = {
  code,
  same: WASI === required.WASI && fallback === required && all.WASI === WASI,
  instance: wasi instanceof required.WASI,
}
if (isMainThread) console.log(JSON.stringify(found))
else parentPort.postMessage(found)
