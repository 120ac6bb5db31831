// Extism, a host for plugins, which gives them WASI: a plugin that reads a file.

import wabt from 'wabt';
import { application } from '../lib/sources.mjs';

const source = `(module
  (import "wasi_snapshot_preview1" "path_open"
    (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_close" (func $close (param i32) (result i32)))
  (import "extism:host/env" "alloc" (func $alloc (param i64) (result i64)))
  (import "extism:host/env" "store_u8" (func $store (param i64 i32)))
  (import "extism:host/env" "output_set" (func $output (param i64 i64)))
  (memory (export "memory") 2)
  (data (i32.const 16) "main.ts")
  (data (i32.const 32) "\\00\\10\\00\\00\\00\\f0\\00\\00")
  (func (export "read") (result i32) (local $size i32) (local $at i64) (local $index i32)
    (if (call $open (i32.const 3) (i32.const 1) (i32.const 16) (i32.const 7) (i32.const 0)
          (i64.const 2) (i64.const 0) (i32.const 0) (i32.const 48)) (then (return (i32.const 1))))
    (if (call $read (i32.load (i32.const 48)) (i32.const 32) (i32.const 1) (i32.const 52))
      (then (return (i32.const 2))))
    (if (call $close (i32.load (i32.const 48))) (then (return (i32.const 3))))
    (local.set $size (i32.load (i32.const 52)))
    (local.set $at (call $alloc (i64.extend_i32_u (local.get $size))))
    (loop $next
      (call $store (i64.add (local.get $at) (i64.extend_i32_u (local.get $index)))
        (i32.load8_u (i32.add (i32.const 4096) (local.get $index))))
      (local.set $index (i32.add (local.get $index) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $index) (local.get $size))))
    (call $output (local.get $at) (i64.extend_i32_u (local.get $size)))
    (i32.const 0)))`;

export default {
  packages: ['@extism/extism'],
  task: 'runs a plugin that reads a file from a preopened directory',
  threads: false,
  shared: false,

  async run() {
    const { createPlugin } = await import('@extism/extism');
    const { buffer } = (await wabt()).parseWat('plugin.wat', source).toBinary({});
    const options = { useWasi: true, allowedPaths: { '/app': application } };
    const plugin = await createPlugin({ wasm: [{ data: buffer }] }, options);
    try {
      return (await plugin.call('read')).bytes();
    } finally {
      await plugin.close();
    }
  },
};
