'use strict';

// Writes WebAssembly modules in the binary format, with nothing checked: hostile programs need what an
// assembler would not let through. https://webassembly.github.io/spec/core/binary/
//
// Code is bytes: a Buffer, or an array of numbers, Buffers and further arrays.

const ORDER = [1, 2, 3, 4, 5, 13, 6, 7, 8, 9, 12, 10, 11];
const section = {
  type: 1, import: 2, function: 3, table: 4, memory: 5, global: 6, export: 7, start: 8, element: 9, code: 10, data: 11,
  dataCount: 12, tag: 13,
};
const kind = { func: 0, table: 1, memory: 2, global: 3, tag: 4 };

// LEB128 of a non-negative integer.
function unsigned(value) {
  const bytes = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  bytes.push(rest);
  return bytes;
}

// LEB128 of a number or bigint of at most 64 bits.
function signed(value) {
  const bytes = [];
  let rest = BigInt(value);
  for (; rest < -64n || rest > 63n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  bytes.push(Number(rest & 127n));
  return bytes;
}

const isNumber = (part) => typeof part === 'number';

function bytes(code) {
  if (Buffer.isBuffer(code)) return code;
  if (code.every(isNumber)) return Buffer.from(code);
  return Buffer.concat(code.map((part) => (isNumber(part) ? Buffer.of(part) : bytes(part))));
}

function repeat(count, code) {
  const once = bytes(code);
  return Buffer.alloc(once.length * count, once);
}

const vector = (items) => [unsigned(items.length), ...items];
const withSize = (content) => [unsigned(content.length), content];
const text = (string) => withSize(Buffer.from(string));

class Module {
  #items = new Map();
  #counts = new Map();
  #types = new Map();
  #trailer = [];

  // Adds an item to a section, `count` times; gives the index of the first.
  add(id, item, count = 1) {
    const index = this.#counts.get(id) ?? 0;
    this.#counts.set(id, index + count);
    const items = this.#items.get(id) ?? [];
    items.push(count === 1 ? bytes(item) : repeat(count, item));
    this.#items.set(id, items);
    return index;
  }

  // A type of functions, the same one for the same signature.
  type(parameters = [], results = []) {
    const item = bytes([0x60, vector(parameters), vector(results)]);
    const key = item.toString('latin1');
    if (!this.#types.has(key)) this.#types.set(key, this.add(section.type, item));
    return this.#types.get(key);
  }

  // Imports come before functions.
  import(module, name, parameters = [], results = []) {
    return this.importOf(module, name, this.type(parameters, results));
  }

  importOf(module, name, type) {
    return this.add(section.import, [text(module), text(name), kind.func, unsigned(type)]);
  }

  // Several equal functions, from the index that it gives.
  funcs(count, parameters, results, code, locals = []) {
    const imported = this.#counts.get(section.import) ?? 0;
    const index = this.add(section.function, unsigned(this.type(parameters, results)), count);
    const groups = locals.map(([many, type]) => [unsigned(many), type]);
    this.add(section.code, withSize(bytes([vector(groups), code, 0x0b])), count);
    return imported + index;
  }

  func(parameters, results, code, locals) {
    return this.funcs(1, parameters, results, code, locals);
  }

  export(name, what, index) {
    return this.add(section.export, [text(name), what, unsigned(index)]);
  }

  // A memory with 32-bit addresses, in pages.
  memory(min, max) {
    return this.add(section.memory, max === undefined ? [0, unsigned(min)] : [1, unsigned(min), unsigned(max)]);
  }

  memory64(min) {
    return this.add(section.memory, [4, unsigned(min)]);
  }

  table(min, { type = 0x70, init } = {}) {
    const item = [type, 0, unsigned(min)];
    return this.add(section.table, init ? [0x40, 0, item, init, 0x0b] : item);
  }

  tag(parameters = []) {
    return this.add(section.tag, [0, unsigned(this.type(parameters))]);
  }

  global(type, init, mutable = 1) {
    return this.add(section.global, [type, mutable, init, 0x0b]);
  }

  data(content) {
    return this.add(section.data, [1, withSize(content)]);
  }

  // Elements that are expressions.
  elements(type, expressions) {
    return this.add(section.element, [5, type, vector(expressions.map((code) => [code, 0x0b]))]);
  }

  start(index) {
    this.#items.set(section.start, [bytes(unsigned(index))]);
  }

  custom(name, content) {
    this.#trailer.push(Buffer.concat([Buffer.of(0), bytes(withSize(bytes([text(name), content])))]));
  }

  // The function that run() calls.
  command(code, locals) {
    this.export('_start', kind.func, this.func([], [], code, locals));
    return this;
  }

  #section(id) {
    const items = this.#items.get(id);
    if (id === section.dataCount && this.#counts.has(section.data)) {
      return [id, withSize(bytes(unsigned(this.#counts.get(section.data))))];
    }
    if (items === undefined) return [];
    const count = id === section.start ? [] : unsigned(this.#counts.get(id));
    return [id, withSize(Buffer.concat([bytes(count), ...items]))];
  }

  build() {
    const sections = ORDER.map((id) => bytes(this.#section(id)));
    return Buffer.concat([Buffer.from('\0asm\x01\0\0\0', 'latin1'), ...sections, ...this.#trailer]);
  }
}

module.exports = { Module, bytes, kind, repeat, section, signed, text, unsigned, vector, withSize };
