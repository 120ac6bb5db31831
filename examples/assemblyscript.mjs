// Runs an AssemblyScript program that prints its arguments and environment variables.
// The program only gets what is passed here, not the environment of this process.
//
//   node examples/assemblyscript.mjs [ARGUMENT...]
//
// Source of the program: __test__/fixtures/src/assemblyscript/hello.ts

import { readFile } from 'node:fs/promises'
import { WASI } from 'wasi-rs'

const wasi = new WASI({
  version: 'preview1',
  args: ['hello', ...process.argv.slice(2)], // args[0] is the name of the program
  env: { GREETING: 'good morning', LANG: 'en' },
})

const program = new URL('../__test__/fixtures/bin/hello.wasm', import.meta.url)
const wasm = await WebAssembly.compile(await readFile(program))
const instance = await WebAssembly.instantiate(wasm, wasi.getImportObject())

process.exitCode = wasi.start(instance)
