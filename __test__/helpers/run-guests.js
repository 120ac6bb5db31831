'use strict';

// Guests for the tests of run(), as text.

const path = require('node:path');

const fixture = (name) => path.join(__dirname, '..', 'fixtures', 'bin', `${name}.wasm`);

const imports = {
  fd_read: '(param i32 i32 i32 i32) (result i32)',
  fd_write: '(param i32 i32 i32 i32) (result i32)',
  poll_oneoff: '(param i32 i32 i32 i32) (result i32)',
  proc_exit: '(param i32)',
  random_get: '(param i32 i32) (result i32)',
  clock_time_get: '(param i32 i64 i32) (result i32)',
};

const importing = Object.entries(imports).map(([name, type]) =>
  `(import "wasi_snapshot_preview1" "${name}" (func $${name} ${type}))`).join('\n');

// Where things are in the guest's memory: iovec and results, a text, and 64 KiB of room.
const TEXT = 1024;
const ROOM = 65536;
const CHUNK = 65536;

const functions = `
  ;; All of it. What goes wrong becomes the exit code.
  (func $write (param $fd i32) (param $at i32) (param $length i32)
    (local $errno i32)
    (loop $more
      (i32.store (i32.const 0) (local.get $at))
      (i32.store (i32.const 4) (local.get $length))
      (local.set $errno (call $fd_write (local.get $fd) (i32.const 0) (i32.const 1) (i32.const 8)))
      (if (local.get $errno) (then (call $proc_exit (local.get $errno))))
      (local.set $at (i32.add (local.get $at) (i32.load (i32.const 8))))
      (local.set $length (i32.sub (local.get $length) (i32.load (i32.const 8))))
      (br_if $more (local.get $length))))
  ;; As many chunks.
  (func $flood (param $fd i32) (param $chunks i32)
    (loop $more
      (call $write (local.get $fd) (i32.const ${ROOM}) (i32.const ${CHUNK}))
      (local.set $chunks (i32.sub (local.get $chunks) (i32.const 1)))
      (br_if $more (local.get $chunks))))
  ;; Of stdin, once: the number of bytes.
  (func $read (result i32)
    (local $errno i32)
    (i32.store (i32.const 0) (i32.const ${ROOM}))
    (i32.store (i32.const 4) (i32.const ${CHUNK}))
    (local.set $errno (call $fd_read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))
    (if (local.get $errno) (then (call $proc_exit (local.get $errno))))
    (i32.load (i32.const 8)))
  ;; To the end: how many there were in all.
  (func $drain (result i32)
    (local $total i32) (local $count i32)
    (loop $more
      (local.set $count (call $read))
      (local.set $total (i32.add (local.get $total) (local.get $count)))
      (br_if $more (local.get $count)))
    (local.get $total))
  (func $sleep (param $ms i64)
    (memory.fill (i32.const 128) (i32.const 0) (i32.const 48))
    (i32.store (i32.const 144) (i32.const 1))
    (i64.store (i32.const 152) (i64.mul (local.get $ms) (i64.const 1000000)))
    (drop (call $poll_oneoff (i32.const 128) (i32.const 192) (i32.const 1) (i32.const 224))))`;

// A program with the functions above, that has `text` at TEXT.
function guest(body, { text = '', pages = 2 } = {}) {
  const escaped = Array.from(Buffer.from(text), (byte) => `\\${byte.toString(16).padStart(2, '0')}`).join('');
  return Buffer.from(`(module ${importing}
    (memory (export "memory") ${pages})
    (data (i32.const ${TEXT}) "${escaped}")
    ${functions}
    ${body})`);
}

const command = (body, options) => guest(`(func (export "_start") ${body})`, options);

// Writes a text.
function saying(fd, text, then = '') {
  const length = Buffer.byteLength(text);
  return command(`(call $write (i32.const ${fd}) (i32.const ${TEXT}) (i32.const ${length})) ${then}`, { text });
}

const FOREVER = '(loop $forever (br $forever))';
const waits = {
  computing: FOREVER,
  sleeping: '(call $sleep (i64.const 3600000))',
  reading: '(drop (call $drain))',
};

module.exports = { CHUNK, FOREVER, ROOM, TEXT, command, fixture, guest, saying, waits };
