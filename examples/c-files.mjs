// Runs a C program that creates, writes, renames, links, lists and removes files.
// Its directory /work-dir is a new temporary directory.
//
//   node examples/c-files.mjs
//
// Source of the program: __test__/fixtures/src/c/files.c

import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { WASI } from 'wasi-rs'

const directory = await mkdtemp(path.join(tmpdir(), 'wasi-rs-example-'))
try {
  const wasi = new WASI({
    version: 'preview1',
    // "portable" skips the steps that fail with node:wasi on Node.js 20.
    args: ['files', '/work-dir', 'portable'],
    preopens: { '/work-dir': directory },
  })

  const program = new URL('../__test__/fixtures/bin/files.wasm', import.meta.url)
  const wasm = await WebAssembly.compile(await readFile(program))
  const instance = await WebAssembly.instantiate(wasm, wasi.getImportObject())

  process.exitCode = wasi.start(instance)
} finally {
  await rm(directory, { recursive: true })
}
