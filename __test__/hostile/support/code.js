'use strict';

// Types and instructions for wasm.js, as far as the attacks need them.

const { signed, unsigned, vector } = require('./wasm');

const i32 = 0x7f, i64 = 0x7e, f64 = 0x7c, v128 = 0x7b, funcref = 0x70, externref = 0x6f, anyref = 0x6e, i31ref = 0x6c;
const i8 = 0x78;
const structref = 0x6b, arrayref = 0x6a;

// References to a type of the module.
const refNull = (type) => [0x63, signed(type)];
const ref = (type) => [0x64, signed(type)];

// Types for Module.add(section.type, …).
const array = (element) => [0x5e, element, 1];
const struct = (...fields) => [0x5f, vector(fields.map((field) => [field, 1]))];
const sub = (supers, type) => [0x50, vector(supers.map((one) => unsigned(one))), type];

const EMPTY = 0x40;
const end = 0x0b;

const op = {
  unreachable: [0x00],
  drop: [0x1a],
  select: [0x1b],
  return: [0x0f],

  i32: (value) => [0x41, signed(value)],
  i64: (value) => [0x42, signed(value)],
  f64: (value) => {
    const eight = Buffer.alloc(8);
    eight.writeDoubleLE(value);
    return [0x44, eight];
  },

  get: (local) => [0x20, unsigned(local)],
  set: (local) => [0x21, unsigned(local)],
  tee: (local) => [0x22, unsigned(local)],
  globalGet: (global) => [0x23, unsigned(global)],
  globalSet: (global) => [0x24, unsigned(global)],

  block: (code, type = EMPTY) => [0x02, type, code, end],
  loop: (code, type = EMPTY) => [0x03, type, code, end],
  if: (code, type = EMPTY) => [0x04, type, code, end],
  else: [0x05],
  br: (label) => [0x0c, unsigned(label)],
  brIf: (label) => [0x0d, unsigned(label)],
  brTable: (labels, otherwise) => [0x0e, vector(labels.map((label) => unsigned(label))), unsigned(otherwise)],
  call: (func) => [0x10, unsigned(func)],
  callIndirect: (type, table = 0) => [0x11, unsigned(type), unsigned(table)],
  returnCall: (func) => [0x12, unsigned(func)],
  returnCallIndirect: (type, table = 0) => [0x13, unsigned(type), unsigned(table)],
  callRef: (type) => [0x14, unsigned(type)],
  returnCallRef: (type) => [0x15, unsigned(type)],
  throw: (tag) => [0x08, unsigned(tag)],
  // Everything thrown goes to the label.
  tryTable: (label, code, type = EMPTY) => [0x1f, type, 1, 2, unsigned(label), code, end],

  load: (offset = 0) => [0x28, 2, unsigned(offset)],
  load64: (offset = 0) => [0x29, 3, unsigned(offset)],
  store: (offset = 0) => [0x36, 2, unsigned(offset)],
  store64: (offset = 0) => [0x37, 3, unsigned(offset)],
  memorySize: (memory = 0) => [0x3f, unsigned(memory)],
  memoryGrow: (memory = 0) => [0x40, unsigned(memory)],
  memoryFill: (memory = 0) => [0xfc, 11, unsigned(memory)],
  memoryCopy: (to = 0, from = 0) => [0xfc, 10, unsigned(to), unsigned(from)],
  memoryInit: (data, memory = 0) => [0xfc, 8, unsigned(data), unsigned(memory)],

  tableGet: (table = 0) => [0x25, unsigned(table)],
  tableSet: (table = 0) => [0x26, unsigned(table)],
  tableInit: (element, table = 0) => [0xfc, 12, unsigned(element), unsigned(table)],
  tableCopy: (to = 0, from = 0) => [0xfc, 14, unsigned(to), unsigned(from)],
  tableGrow: (table = 0) => [0xfc, 15, unsigned(table)],
  tableFill: (table = 0) => [0xfc, 17, unsigned(table)],

  eqz: [0x45],
  ne: [0x47],
  add: [0x6a],
  sub: [0x6b],
  mul: [0x6c],
  add64: [0x7c],
  sub64: [0x7d],
  lt64: [0x54],
  divS64: [0x7f],
  remU64: [0x82],
  sqrt: [0x9f],
  divF64: [0xa3],
  splatF64: [0xfd, 20],
  sqrtV128: [0xfd, 0xef, 0x01],
  divV128: [0xfd, 0xf3, 0x01],

  refNull: (type) => [0xd0, type],
  refFunc: (func) => [0xd2, unsigned(func)],
  refI31: [0xfb, 28],
  structNew: (type) => [0xfb, 0, unsigned(type)],
  structNewDefault: (type) => [0xfb, 1, unsigned(type)],
  structGet: (type, field) => [0xfb, 2, unsigned(type), unsigned(field)],
  arrayNew: (type) => [0xfb, 6, unsigned(type)],
  arrayNewDefault: (type) => [0xfb, 7, unsigned(type)],
  arrayNewFixed: (type, length) => [0xfb, 8, unsigned(type), unsigned(length)],
  arrayNewData: (type, data) => [0xfb, 9, unsigned(type), unsigned(data)],
  arrayNewElem: (type, element) => [0xfb, 10, unsigned(type), unsigned(element)],
  arraySet: (type) => [0xfb, 14, unsigned(type)],
  arrayFill: (type) => [0xfb, 16, unsigned(type)],
  arrayCopy: (to, from) => [0xfb, 17, unsigned(to), unsigned(from)],
  arrayInitData: (type, data) => [0xfb, 18, unsigned(type), unsigned(data)],
  arrayInitElem: (type, element) => [0xfb, 19, unsigned(type), unsigned(element)],
  refTest: (type) => [0xfb, 20, signed(type)],
  refCast: (type) => [0xfb, 22, signed(type)],
  convertAny: [0xfb, 27],
};

// Goes on for ever, with a loop.
const forever = (code) => op.loop([code, op.br(0)]);

// Does something as often as a local of type i32 says, which must not be 0.
const countdown = (local, code) => op.loop([code, op.get(local), op.i32(1), op.sub, op.tee(local), op.brIf(0)]);

const times = (count, local, code) => [op.i32(count), op.set(local), countdown(local, code)];

module.exports = {
  EMPTY, anyref, array, arrayref, countdown, externref, f64, forever, funcref, i31ref, i32, i64, i8, op, ref, refNull,
  struct, structref, sub, times, v128,
};
