// Runs a tool with text as its input, and reads its output, its error messages and its
// exit code. The tool runs on another thread, so it doesn't block the event loop.
//
//   node examples/run-tool.mjs
//
// Source of the program: __test__/fixtures/src/c/cat.c

import { compile } from 'wasi-rs'

// The program is compiled once. The code is cached on disk for the next process.
const cat = await compile(new URL('../__test__/fixtures/bin/cat.wasm', import.meta.url))

const copied = await cat.run({ args: ['cat'], stdin: Buffer.from('some text') })
console.log('exit code', copied.exitCode, JSON.stringify(copied.stdout))

// The tool has no directories, so it can't find this file. It reports that with its exit
// code, so run() returns a result and doesn't reject.
const failed = await cat.run({ args: ['cat', '/etc/passwd'] })
console.log('exit code', failed.exitCode, JSON.stringify(failed.stderr))

// run() rejects with a code if the program can't finish, here because of a limit.
try {
  await cat.run({ args: ['cat'], stdin: Buffer.alloc(4096), maxBuffer: 1024 })
} catch (error) {
  console.log(error.code, 'after', error.stdout.length, 'bytes')
}
