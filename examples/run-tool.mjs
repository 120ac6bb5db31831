// A tool gets a text and gives its output, its messages and its exit code. It runs
// on a thread of its own, so the event loop goes on meanwhile.
//
//   node examples/run-tool.mjs
//
// Source of the program: __test__/fixtures/src/c/cat.c

import { compile } from 'wasi-rs'

// Compiled once; the code is kept on disk for the next process.
const cat = await compile(new URL('../__test__/fixtures/bin/cat.wasm', import.meta.url))

const copied = await cat.run({ args: ['cat'], stdin: Buffer.from('some text') })
console.log('exit code', copied.exitCode, JSON.stringify(copied.stdout))

// It was given no directory, so there is no such file for it. That is its own
// failure, not one of run(): the result tells.
const failed = await cat.run({ args: ['cat', '/etc/passwd'] })
console.log('exit code', failed.exitCode, JSON.stringify(failed.stderr))

// What isn't the program's doing is an error with a code.
try {
  await cat.run({ args: ['cat'], stdin: Buffer.alloc(4096), maxBuffer: 1024 })
} catch (error) {
  console.log(error.code, 'after', error.stdout.length, 'bytes')
}
