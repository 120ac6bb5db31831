// Runs a program that prints random bytes and the time. Its output changes with each
// run, unless you pass a seed and a clock.
//
//   node examples/reproducible.mjs

import { compile } from 'wasi-rs'

// Writes 8 random bytes, then the time in nanoseconds since 1970, also as 8 bytes.
const program = await compile(Buffer.from(`(module
  (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "clock_time_get" (func $time (param i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "\\10\\00\\00\\00" "\\10\\00\\00\\00") ;; 16 bytes at 16
  (func (export "_start")
    (drop (call $random (i32.const 16) (i32.const 8)))
    (drop (call $time (i32.const 0) (i64.const 1) (i32.const 24)))
    (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))`))

async function show(options) {
  const { stdout } = await program.run({ ...options, encoding: 'buffer' })
  const time = new Date(Number(stdout.readBigUInt64LE(8) / 1_000_000n))
  console.log(stdout.toString('hex', 0, 8), time.toISOString())
}

console.log('--- with a seed and a clock')
await show({ seed: 'any text', clock: new Date('2000-01-01') })
await show({ seed: 'any text', clock: new Date('2000-01-01') })

console.log('--- without')
await show()
await show()
