// Runs a Rust program that counts the words in a file and writes a report to another
// file. Both files are in a temporary directory that the program sees as /data.
//
//   node examples/rust-wordcount.mjs [TEXT_FILE]     (default: sandbox/file.txt)
//
// Source of the program: __test__/fixtures/src/rust/wordcount

import { copyFile, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { WASI } from 'wasi-rs'

const text = process.argv[2] ?? new URL('./sandbox/file.txt', import.meta.url)
const directory = await mkdtemp(path.join(tmpdir(), 'wasi-rs-example-'))
try {
  await copyFile(text, path.join(directory, 'input.txt'))

  const wasi = new WASI({
    version: 'preview1',
    args: ['wordcount', '/data/input.txt', '/data/report.txt'],
    preopens: { '/data': directory },
  })

  const program = new URL('../__test__/fixtures/bin/wordcount.wasm', import.meta.url)
  const wasm = await WebAssembly.compile(await readFile(program))
  const instance = await WebAssembly.instantiate(wasm, wasi.getImportObject())

  process.exitCode = wasi.start(instance) // prints the number of words
  if (process.exitCode === 0) {
    process.stdout.write(await readFile(path.join(directory, 'report.txt'), 'utf8'))
  }
} finally {
  await rm(directory, { recursive: true })
}
