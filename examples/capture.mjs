// Runs a tool with its input and output in memory. This needs no temporary files, and
// the output of the tool doesn't mix with the output of this process.
//
//   node examples/capture.mjs [FILE...]     (default: the standard input set below)
//
// Source of the program: __test__/fixtures/src/c/cat.c

import { readFile } from 'node:fs/promises'
import { MemoryFile, WASI } from 'wasi-rs'

const program = new URL('../__test__/fixtures/bin/cat.wasm', import.meta.url)
const wasm = await WebAssembly.compile(await readFile(program))

const stdin = new MemoryFile('hello from memory\n')
const stdout = new MemoryFile()
const stderr = new MemoryFile()
try {
  const wasi = new WASI({
    version: 'preview1',
    args: ['cat', ...process.argv.slice(2)],
    stdin: stdin.fd,
    stdout: stdout.fd,
    stderr: stderr.fd,
  })
  const instance = await WebAssembly.instantiate(wasm, wasi.getImportObject())

  const exitCode = wasi.start(instance)
  console.log({ exitCode, stdout: stdout.text(), stderr: stderr.text() })
} finally {
  for (const file of [stdin, stdout, stderr]) file.close()
}
