// An AssemblyScript program prints the arguments and the environment it gets.
// It sees those given here and nothing of this process's own.
//
//   node examples/assemblyscript.mjs [ARGUMENT...]
//
// Source of the program: __test__/fixtures/src/assemblyscript/hello.ts

import { readFile } from 'node:fs/promises'
import { WASI } from 'wasi-rs'

const wasi = new WASI({
  version: 'preview1',
  args: ['hello', ...process.argv.slice(2)], // args[0] is the program's name
  env: { GREETING: 'good morning', LANG: 'en' },
})

const program = new URL('../__test__/fixtures/bin/hello.wasm', import.meta.url)
const wasm = await WebAssembly.compile(await readFile(program))
const instance = await WebAssembly.instantiate(wasm, wasi.getImportObject())

process.exitCode = wasi.start(instance)
