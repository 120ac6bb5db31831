'use strict';

// Random programs of nested try, catch, delegate, rethrow and branches, the same for each seed.

// Parameters of the tags.
const TAGS = ['', 'i32', 'i32 i64', 'f64 i32 i32'];
// Parameters and results of blocks, all of them i32.
const SHAPES = [[0, 0], [0, 0], [0, 1], [0, 2], [1, 1], [2, 1], [1, 0], [2, 3]];
const FUNCTIONS = 4;
const MAX_DEPTH = 7;
const MAX_NESTS = 25;

// Numbers from 0 up to, not including, `limit`: https://github.com/bryc/code, mulberry32.
function generator(seed) {
  let state = seed;
  return (limit) => {
    state = (state + 0x6D2B79F5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  };
}

const types = (kind, count) => (count === 0 ? '' : ` (${kind}${' i32'.repeat(count)})`);
const shape = ([params, results]) => types('param', params) + types('result', results);

class Writer {
  constructor(seed) {
    this.random = generator(seed);
    this.lines = [];
    // Open blocks, the outermost first: how many values a branch takes, and what kind it is.
    this.labels = [];
    this.noted = 0;
  }

  program() {
    const functions = Array.from({ length: FUNCTIONS }, (_, index) => this.function(index));
    return `(module
      ${TAGS.map((params, index) => `(tag $e${index} (param ${params}))`).join('\n')}
      (global $trace (mut i32) (i32.const 17))
      (global $fuel (mut i32) (i32.const 300))
      (func $note (param i32) (global.set $trace
        (i32.xor (i32.mul (global.get $trace) (i32.const 31)) (local.get 0))))
      (func $tick (global.set $fuel (i32.sub (global.get $fuel) (i32.const 1)))
        (if (i32.lt_s (global.get $fuel) (i32.const 0)) (then unreachable)))
      (func $choice (param i32) (result i32) (call $note (i32.const 3))
        (i32.rem_u (i32.shr_u (global.get $trace) (i32.const 3)) (local.get 0)))
      ${TAGS.map((params, index) => this.eater(params, index)).join('\n')}
      (func (export "trace") (result i32) (global.set $fuel (i32.const 300)) (global.get $trace))
      ${functions.join('\n')})`;
  }

  // Notes what an exception brings.
  eater(params, index) {
    const convert = { i32: '', i64: 'i32.wrap_i64', f64: 'i32.trunc_sat_f64_s' };
    const kinds = params.split(' ').filter(Boolean);
    const notes = kinds.map((kind, at) => `local.get ${at} ${convert[kind]} call $note`);
    return `(func $eat${index} (param ${params}) i32.const ${index} call $note ${notes.join(' ')})`;
  }

  function(index) {
    this.lines = [];
    this.labels = [{ takes: 1, kind: 'function' }];
    this.index = index;
    this.nests = MAX_NESTS;
    this.add('call $tick');
    this.body(0, 1);
    return `(func $f${index} (export "f${index}") (param i32) (result i32) (local i32 f64)
      ${this.lines.join('\n')})`;
  }

  add(line) {
    this.lines.push(line);
  }

  values(count) {
    for (let left = count; left > 0; left -= 1) this.add(`i32.const ${this.random(1000)}`);
  }

  note() {
    this.noted += 1;
    this.add(`i32.const ${this.noted} call $note`);
  }

  // Takes so many values, and leaves so many.
  body(takes, leaves) {
    for (let left = takes; left > 0; left -= 1) this.add('call $note');
    for (let left = 1 + this.random(4); left > 0; left -= 1) this.statement();
    this.values(leaves);
  }

  statement() {
    const nest = this.labels.length < MAX_DEPTH && this.nests > 0;
    const pick = this.random(nest ? 20 : 8);
    if (pick < 1) this.note();
    else if (pick < 3) this.throw();
    else if (pick < 4) this.call();
    else if (pick < 6) this.branch();
    else if (pick < 8) this.rethrow();
    else if (pick < 10) this.block();
    else if (pick < 13) this.delegate();
    else this.try();
  }

  throw() {
    const tag = this.random(TAGS.length);
    const kinds = TAGS[tag].split(' ').filter(Boolean);
    const values = kinds.map((kind) => `${kind}.const ${this.random(1000)}`);
    const code = `${values.join(' ')} throw $e${tag}`;
    this.add(this.random(3) === 0 ? code : `i32.const 2 call $choice if ${code} end`);
  }

  call() {
    if (this.index === 0) return this.note();
    this.values(1);
    this.add(`call $f${this.random(this.index)} call $note`);
  }

  branch() {
    const depth = this.random(this.labels.length);
    const takes = this.label(depth).takes;
    const same = this.labels.map((_, at) => at).filter((at) => this.label(at).takes === takes);
    this.values(takes);
    const pick = this.random(4);
    if (pick === 0) this.add(`br ${depth}`);
    else if (pick === 1) this.add(`i32.const ${same.length + 1} call $choice br_table ${same.join(' ')} ${depth}`);
    else this.add(`i32.const 2 call $choice br_if ${depth} ${'call $note '.repeat(takes)}`);
  }

  label(depth) {
    return this.labels[this.labels.length - 1 - depth];
  }

  rethrow() {
    const handlers = this.labels.map((_, at) => at).filter((at) => this.label(at).kind === 'handler');
    if (handlers.length === 0) return this.note();
    const depth = handlers[this.random(handlers.length)];
    this.add(this.random(2) === 0 ? `rethrow ${depth}` : `i32.const 2 call $choice if rethrow ${depth + 1} end`);
  }

  // With the values that the block takes, and without those that it gives.
  within([params, results], kind, write) {
    this.nests -= 1;
    this.values(params);
    this.labels.push({ takes: kind === 'loop' ? params : results, kind });
    write();
    this.labels.pop();
    this.add('call $note '.repeat(results));
  }

  shape() {
    return SHAPES[this.random(SHAPES.length)];
  }

  block() {
    const [params, results] = this.shape();
    const kind = ['block', 'loop', 'if'][this.random(3)];
    this.within([params, results], kind, () => {
      if (kind === 'if') this.add('i32.const 2 call $choice');
      this.add(kind + shape([params, results]));
      if (kind === 'loop') this.add('call $tick');
      this.body(params, results);
      if (kind === 'if') {
        this.add('else');
        this.body(params, results);
      }
      this.add('end');
    });
  }

  delegate() {
    const [params, results] = this.shape();
    this.within([params, results], 'try', () => {
      this.add(`try${shape([params, results])}`);
      this.body(params, results);
      this.add(`delegate ${this.random(this.labels.length - 1)}`);
    });
  }

  try() {
    const [params, results] = this.shape();
    this.within([params, results], 'try', () => {
      this.add(`try${shape([params, results])}`);
      this.body(params, results);
      this.label(0).kind = 'handler';
      for (let left = this.random(4); left > 0; left -= 1) {
        const tag = this.random(TAGS.length);
        this.add(`catch $e${tag} call $eat${tag}`);
        this.body(0, results);
      }
      if (this.random(3) === 0) {
        this.add('catch_all');
        this.body(0, results);
      }
      this.add('end');
    });
  }
}

// The text of a program that exports f0 and so on, which take and give an i32, and trace.
function randomProgram(seed) {
  return new Writer(seed).program();
}

const calls = Array.from({ length: FUNCTIONS }, (_, index) => [[`f${index}`, index], ['trace']]).flat();

module.exports = { calls, randomProgram };
