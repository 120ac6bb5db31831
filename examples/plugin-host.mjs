// Runs untrusted plugins. Each plugin reads text from its standard input and writes text
// to its standard output. It has no directories and no environment variables, and it is
// ended when it reaches a limit. The host keeps running in any case.
//
//   node examples/plugin-host.mjs

import { run } from 'wasi-rs'

const plugins = {
  // Converts text to upper case, in pieces, until the input ends.
  upper: `(module
    (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (func (export "_start") (local $at i32) (local $letter i32)
      (loop $pieces
        (i32.store (i32.const 0) (i32.const 16))   ;; where the piece goes
        (i32.store (i32.const 4) (i32.const 4096)) ;; and how much at most
        (if (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 4)) (then (unreachable)))
        (if (i32.eqz (i32.load (i32.const 4))) (then (return)))
        (local.set $at (i32.const 16))
        (loop $letters
          (local.set $letter (i32.load8_u (local.get $at)))
          (if (i32.lt_u (i32.sub (local.get $letter) (i32.const 97)) (i32.const 26))
            (then (i32.store8 (local.get $at) (i32.sub (local.get $letter) (i32.const 32)))))
          (local.set $at (i32.add (local.get $at) (i32.const 1)))
          (br_if $letters (i32.lt_u (local.get $at) (i32.add (i32.load (i32.const 4)) (i32.const 16)))))
        (if (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)) (then (unreachable)))
        (br $pieces))))`,

  // Never ends.
  loops: '(module (func (export "_start") (loop $for_ever (br $for_ever))))',

  // Allocates one MiB after another.
  hungry: `(module (memory (export "memory") 1)
    (func (export "_start") (loop $more (drop (memory.grow (i32.const 16))) (br $more))))`,
}

const limits = { timeout: 200, memoryLimit: 16 * 1024 * 1024, maxBuffer: 64 * 1024 }

async function transform(source, text) {
  try {
    const { exitCode, stdout } = await run(Buffer.from(source), { ...limits, stdin: Buffer.from(text) })
    return exitCode === 0 ? stdout : `failed with exit code ${exitCode}`
  } catch (error) {
    return `ended: ${error.code}` // error.stdout has the output up to this point
  }
}

// All plugins run at the same time. They block neither each other nor the event loop.
const names = Object.keys(plugins)
const results = await Promise.all(names.map((name) => transform(plugins[name], 'Hello, plugin')))
names.forEach((name, index) => console.log(`${name}: ${results[index]}`))
