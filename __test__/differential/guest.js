'use strict';

// Guests to run: hand-assembled WebAssembly modules and instances that are
// plain objects, which node:wasi takes just as well.

const signatures = require('./signatures');

const I32 = 0x7f;
const I64 = 0x7e;
const text = (string) => [string.length, ...Buffer.from(string)];
const section = (id, ...bytes) => [id, bytes.length, ...bytes];

function functionType(member) {
  const parameters = [...signatures[member]].map((c) => (c === 'I' ? I64 : I32));
  const results = member === 'proc_exit' ? [] : [I32];
  return [0x60, parameters.length, ...parameters, results.length, ...results];
}

function signedLeb(value) {
  const bytes = [];
  for (;;) {
    const byte = value & 0x7f;
    value >>= 7;
    const last = (value === 0 && !(byte & 0x40)) || (value === -1 && byte & 0x40);
    bytes.push(last ? byte : byte | 0x80);
    if (last) return bytes;
  }
}

// A module that imports `member`, exports `memory` (1 page) and a function
// `entry` that calls the member with the given i32 constants. Its result, if
// there is one, is stored at address 0.
function guestModule(entry, member, args, namespace = 'wasi_snapshot_preview1') {
  const call = [...args.flatMap((arg) => [0x41, ...signedLeb(arg)]), 0x10, 0];
  const code = member === 'proc_exit' ? call : [0x41, 0, ...call, 0x36, 2, 0];
  const body = [0, ...code, 0x0b];
  const bytes = [
    0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0,
    ...section(1, 2, ...functionType(member), 0x60, 0, 0),
    ...section(2, 1, ...text(namespace), ...text(member), 0, 0),
    ...section(3, 1, 1),
    ...section(5, 1, 0, 1),
    ...section(7, 2, ...text('memory'), 2, 0, ...text(entry), 0, 1),
    ...section(10, 1, body.length, ...body),
  ];
  return new WebAssembly.Module(new Uint8Array(bytes));
}

function instantiate(wasi, ...moduleArguments) {
  return new WebAssembly.Instance(guestModule(...moduleArguments), wasi.getImportObject());
}

// A command that calls proc_exit(code).
function exitGuest(wasi, code) {
  return instantiate(wasi, '_start', 'proc_exit', [code]);
}

function memory(pages = 1) {
  return new WebAssembly.Memory({ initial: pages });
}

// A plain object for an instance.
function command(exports = {}) {
  return { exports: { memory: memory(), _start() {}, ...exports } };
}

function reactor(exports = {}) {
  return { exports: { memory: memory(), _initialize() {}, ...exports } };
}

// An empty list is not fetched: node:wasi gives EINVAL then, which is a case of
// its own in instance-shape.test.js.
function readList(member, wasi, buffer) {
  const { wasiImport } = wasi;
  const sizes = wasiImport[`${member}_sizes_get`](0, 4);
  const [count, size] = new Uint32Array(buffer, 0, 2);
  if (count === 0) return { sizes, count, size };
  const content = 8 + 4 * count;
  const list = wasiImport[`${member}_get`](8, content);
  return { sizes, list, count, content: Buffer.from(buffer, content, size).toString('latin1') };
}

// Arguments and environment as the guest gets to see them.
function guestView(wasi) {
  const guest = command({ memory: memory(4) });
  wasi.start(guest);
  const { buffer } = guest.exports.memory;
  return { args: readList('args', wasi, buffer), environ: readList('environ', wasi, buffer) };
}

// Names of the preopened directories as the guest gets to see them.
function guestPreopens(wasi) {
  const guest = command();
  wasi.start(guest);
  const { buffer } = guest.exports.memory;
  const names = [];
  for (let fd = 3; wasi.wasiImport.fd_prestat_get(fd, 0) === 0; fd++) {
    const length = new Uint32Array(buffer, 0, 2)[1];
    const errno = wasi.wasiImport.fd_prestat_dir_name(fd, 8, length);
    names.push([errno, Buffer.from(buffer, 8, length).toString('latin1')]);
  }
  return names;
}

module.exports = { command, exitGuest, guestPreopens, guestView, instantiate, memory, reactor };
