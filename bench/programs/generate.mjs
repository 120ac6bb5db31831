// A large program: tens of thousands of functions with what compilers put into them, always the
// same ones. It says hello; the functions are only there to be compiled.

const op = {
  block: 0x02, loop: 0x03, if: 0x04, else: 0x05, end: 0x0b, brIf: 0x0d,
  call: 0x10, callIndirect: 0x11, drop: 0x1a, select: 0x1b, get: 0x20, set: 0x21, tee: 0x22,
  i32Load: 0x28, i64Load: 0x29, f64Load: 0x2b, i32Load8: 0x2d, i32Store: 0x36, i64Store: 0x37, f64Store: 0x39,
  i32Store8: 0x3a, i32Const: 0x41, i64Const: 0x42, i32Eqz: 0x45, i32Wrap: 0xa7, i64Extend: 0xad, f64Convert: 0xb7,
};
const I32_COMPARE = [0x46, 0x47, 0x48, 0x49, 0x4a, 0x4b, 0x4c, 0x4d];
// Not those that can trap: compilers put checks before them.
const I32_BINARY = [0x6a, 0x6a, 0x6a, 0x6b, 0x6c, 0x71, 0x72, 0x73, 0x74, 0x75, 0x76];
const I64_BINARY = [0x7c, 0x7d, 0x7e, 0x83, 0x84, 0x85, 0x86, 0x88];
const F64_BINARY = [0xa0, 0xa1, 0xa2, 0xa3];
const type = { i32: 0x7f, i64: 0x7e, f64: 0x7c, none: 0x40, funcref: 0x70, func: 0x60 };

// Locals of every function: its two parameters and four more, then those of other types.
const I32_LOCALS = 6;
const I64_LOCAL = 6;
const F64_LOCAL = 8;
const LOCALS = [3, 4, type.i32, 2, type.i64, 2, type.f64];

// Types: of the functions, of fd_write, of proc_exit, of _start.
const [BINARY, FD_WRITE, PROC_EXIT, START] = [0, 1, 2, 3];
const IMPORTS = 2;

const PAGE = 65536;
const DATA_PAGES = 48;

// mulberry32: numbers from 0 to 1 that are the same each time.
function randomNumbers(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function unsigned(value) {
  const bytes = [];
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 0x80) return [...bytes, rest];
    bytes.push((rest & 0x7f) | 0x80);
  }
}

function signed(value) {
  const bytes = [];
  for (let rest = value; ; rest >>= 7) {
    if (rest >= -64 && rest < 64) return [...bytes, rest & 0x7f];
    bytes.push((rest & 0x7f) | 0x80);
  }
}

// Writes the body of one function after the other.
class Bodies {
  #random = randomNumbers(1);
  #out = [];
  // Functions that can be called: those written before.
  #functions = 0;

  next() {
    this.#out = [...LOCALS];
    // Most are small, a few are large.
    const statements = Math.ceil(2 * Math.exp(this.#random() * 3.6));
    for (let i = 0; i < statements; i += 1) this.#statement(2);
    this.#i32(2);
    this.#out.push(op.end);
    this.#functions += 1;
    return Buffer.from([...unsigned(this.#out.length), ...this.#out]);
  }

  #below(limit) {
    return Math.floor(this.#random() * limit);
  }

  #write(...bytes) {
    for (const byte of bytes) this.#out.push(byte);
  }

  #oneOf(opcodes) {
    this.#out.push(opcodes[this.#below(opcodes.length)]);
  }

  #local = () => this.#below(I32_LOCALS);

  // An address, then what `then` writes, then the access.
  #access(opcode, alignment, then = () => {}) {
    this.#write(op.get, this.#local());
    then();
    this.#write(opcode, alignment, ...unsigned(this.#below(40) * 8));
  }

  // Few of so many functions are called from many places: most calls stay near.
  #call(depth) {
    this.#i32(depth);
    this.#i32(depth);
    const far = this.#random() < 0.2;
    const back = 1 + this.#below(far ? this.#functions : Math.min(this.#functions, 200));
    if (this.#functions === 0) this.#write(op.drop);
    else this.#write(op.call, ...unsigned(IMPORTS + this.#functions - back));
  }

  // Through the table, which has every eighth function.
  #callIndirect(depth) {
    this.#i32(depth);
    this.#i32(depth);
    this.#write(op.get, this.#local(), op.callIndirect, BINARY, 0);
  }

  #i32(depth) {
    const kind = depth === 0 ? this.#random() * 0.3 : this.#random();
    if (kind < 0.2) this.#write(op.get, this.#local());
    else if (kind < 0.3) this.#write(op.i32Const, ...signed(this.#constant()));
    else if (kind < 0.55) this.#binary(I32_BINARY, () => this.#i32(depth - 1));
    else if (kind < 0.72) this.#access(op.i32Load, 2);
    else if (kind < 0.78) this.#access(op.i32Load8, 0);
    else if (kind < 0.86) this.#binary(I32_COMPARE, () => this.#i32(depth - 1));
    else if (kind < 0.92) this.#call(depth - 1);
    else if (kind < 0.94) this.#callIndirect(depth - 1);
    else if (kind < 0.97) this.#converted(op.i32Wrap, () => this.#i64(depth - 1));
    else this.#select(depth - 1);
  }

  #i64(depth) {
    const kind = depth === 0 ? this.#random() * 0.4 : this.#random();
    if (kind < 0.25) this.#write(op.get, I64_LOCAL + this.#below(2));
    else if (kind < 0.4) this.#write(op.i64Const, ...signed(this.#constant()));
    else if (kind < 0.7) this.#binary(I64_BINARY, () => this.#i64(depth - 1));
    else if (kind < 0.9) this.#access(op.i64Load, 3);
    else this.#converted(op.i64Extend, () => this.#i32(depth - 1));
  }

  #f64(depth) {
    const kind = depth === 0 ? 0 : this.#random();
    if (kind < 0.3) this.#write(op.get, F64_LOCAL + this.#below(2));
    else if (kind < 0.6) this.#binary(F64_BINARY, () => this.#f64(depth - 1));
    else if (kind < 0.85) this.#access(op.f64Load, 3);
    else this.#converted(op.f64Convert, () => this.#i32(depth - 1));
  }

  #constant() {
    return this.#random() < 0.8 ? this.#below(200) : this.#below(2 ** 31) - 2 ** 30;
  }

  #binary(opcodes, operand) {
    operand();
    operand();
    this.#oneOf(opcodes);
  }

  #converted(opcode, operand) {
    operand();
    this.#write(opcode);
  }

  #select(depth) {
    for (let i = 0; i < 3; i += 1) this.#i32(depth);
    this.#write(op.select);
  }

  #statement(depth) {
    const kind = depth === 0 ? this.#random() * 0.75 : this.#random();
    if (kind < 0.3) this.#assign(() => this.#i32(3), this.#local());
    else if (kind < 0.45) this.#access(op.i32Store, 2, () => this.#i32(2));
    else if (kind < 0.5) this.#access(op.i32Store8, 0, () => this.#i32(1));
    else if (kind < 0.56) this.#assign(() => this.#i64(2), I64_LOCAL + this.#below(2));
    else if (kind < 0.59) this.#access(op.i64Store, 3, () => this.#i64(2));
    else if (kind < 0.62) this.#assign(() => this.#f64(2), F64_LOCAL + this.#below(2));
    else if (kind < 0.64) this.#access(op.f64Store, 3, () => this.#f64(1));
    else if (kind < 0.75) this.#assign(() => this.#call(1), this.#local());
    else if (kind < 0.87) this.#if(depth - 1);
    else if (kind < 0.94) this.#block(depth - 1);
    else this.#loop(depth - 1);
  }

  #assign(value, local) {
    value();
    this.#write(op.set, local);
  }

  #statements(depth) {
    const statements = 1 + this.#below(4);
    for (let i = 0; i < statements; i += 1) this.#statement(depth);
  }

  #if(depth) {
    this.#i32(2);
    this.#write(op.if, type.none);
    this.#statements(depth);
    if (this.#random() < 0.5) {
      this.#write(op.else);
      this.#statements(depth);
    }
    this.#write(op.end);
  }

  // Left early, as by `break`.
  #block(depth) {
    this.#write(op.block, type.none);
    this.#statements(depth);
    this.#i32(1);
    this.#write(op.brIf, 0);
    this.#statements(depth);
    this.#write(op.end);
  }

  #loop(depth) {
    this.#write(op.loop, type.none);
    this.#statements(depth);
    this.#write(op.get, this.#local(), op.i32Const, 1, 0x6b, op.tee, this.#local(), op.brIf, 0, op.end);
  }
}

const text = (string) => [...unsigned(string.length), ...Buffer.from(string)];
const vector = (entries) => [...unsigned(entries.length), ...entries.flat()];
const section = (id, bytes) => Buffer.concat([Buffer.from([id, ...unsigned(bytes.length)]), Buffer.from(bytes)]);
const functionType = (parameters, results) => [type.func, ...vector(parameters), ...vector(results)];
const imported = (name, kind) => [...text('wasi_snapshot_preview1'), ...text(name), 0, kind];

// Writes "hello\n", which is at 16, and gives what fd_write gives.
const startBody = [
  0, op.i32Const, 1, op.i32Const, 0, op.i32Const, 1, op.i32Const, 8, op.call, 0, op.call, 1, op.end,
];

function data() {
  const bytes = Buffer.alloc(DATA_PAGES * PAGE);
  const random = randomNumbers(2);
  // Words of a text with gaps, like the constants of a program.
  for (let at = 1024; at < bytes.length; at += 8) if (random() < 0.7) bytes.writeDoubleLE(random(), at);
  bytes.writeUInt32LE(16, 0);
  bytes.writeUInt32LE(6, 4);
  bytes.write('hello\n', 16);
  return bytes;
}

// A command of about `size` bytes.
export function generate(size) {
  const content = data();
  const bodies = [];
  const writer = new Bodies();
  for (let left = size - content.length; left > 0; left -= bodies.at(-1).length) bodies.push(writer.next());

  const functions = bodies.length;
  const start = IMPORTS + functions;
  const inTable = Array.from({ length: functions >> 3 }, (_, index) => unsigned(IMPORTS + index * 8));
  const { i32 } = type;
  return Buffer.concat([
    Buffer.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]),
    section(1, vector([
      functionType([i32, i32], [i32]), functionType([i32, i32, i32, i32], [i32]),
      functionType([i32], []), functionType([], []),
    ])),
    section(2, vector([imported('fd_write', FD_WRITE), imported('proc_exit', PROC_EXIT)])),
    section(3, [...unsigned(functions + 1), ...new Uint8Array(functions).fill(BINARY), START]),
    section(4, vector([[type.funcref, 0, ...unsigned(inTable.length)]])),
    section(5, vector([[0, ...unsigned(2 * DATA_PAGES)]])),
    section(7, vector([[...text('memory'), 2, 0], [...text('_start'), 0, ...unsigned(start)]])),
    section(9, vector([[0, op.i32Const, 0, op.end, ...vector(inTable)]])),
    section(10, Buffer.concat([
      Buffer.from(unsigned(functions + 1)), ...bodies, Buffer.from([startBody.length, ...startBody]),
    ])),
    section(11, Buffer.concat([
      Buffer.from([1, 0, op.i32Const, 0, op.end, ...unsigned(content.length)]), content,
    ])),
  ]);
}
