// Talks to a program while it runs: writes a line, reads the answer, and writes the next line.
// Then connects two programs.
//
//   node examples/spawn.mjs
//
// Source of the program: __test__/fixtures/src/c/cat.c

import { once } from 'node:events'
import { compile } from 'wasi-rs'

const cat = await compile(new URL('../__test__/fixtures/bin/cat.wasm', import.meta.url))

// The guest waits for input without blocking the event loop or holding up other guests.
const guest = cat.spawn({ args: ['cat'], timeout: 10_000 })
guest.stdout.setEncoding('utf8')
for (const line of ['first', 'second']) {
  guest.stdin.write(line)
  console.log('answer:', (await once(guest.stdout, 'data')).join())
}

// A program that reads its input ends when there is no more.
guest.stdin.end()
const { exitCode } = await guest.exit
console.log('exit code', exitCode)

// Streams of guests are streams of Node.js.
const [one, two] = [cat.spawn({ args: ['cat'] }), cat.spawn({ args: ['cat'] })]
one.stdout.pipe(two.stdin)
one.stdin.end('through both')
for await (const chunk of two.stdout.setEncoding('utf8')) console.log(chunk)

// kill() ends a guest that would wait forever. Errors are only reported by `exit`.
const waiting = cat.spawn({ args: ['cat'] })
waiting.kill()
await waiting.exit.catch((error) => console.log(error.code))
