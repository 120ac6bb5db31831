// Runs a program that reads from one directory and writes to another. The first
// directory is mounted read-only, so writing to it fails.
//
//   node examples/readonly.mjs
//
// Source of the program: __test__/fixtures/src/rust/wordcount

import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { compile } from 'wasi-rs'

const program = await compile(new URL('../__test__/fixtures/bin/wordcount.wasm', import.meta.url))
const texts = fileURLToPath(new URL('./sandbox', import.meta.url))
const reports = await mkdtemp(path.join(tmpdir(), 'wasi-rs-example-'))

// Class WASI takes the same preopens.
const preopens = {
  '/texts': { path: texts, readonly: true },
  '/reports': reports,
}

async function count(report) {
  const { exitCode, stderr } = await program.run({ args: ['wordcount', '/texts/file.txt', report], preopens })
  console.log(`${report}: ${exitCode === 0 ? 'written' : stderr.trim()}`)
}

try {
  await count('/reports/report.txt')
  await count('/texts/report.txt')

  const report = await readFile(path.join(reports, 'report.txt'), 'utf8')
  console.log('most frequent:', report.split('\n')[0])
  console.log('in the directory of texts:', await readdir(texts))
} finally {
  await rm(reports, { recursive: true })
}
