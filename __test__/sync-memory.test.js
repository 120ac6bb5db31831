'use strict';

// memory.buffer of synchronous instances: the ArrayBuffer that generated glue works on.

const assert = require('node:assert/strict');
const { spawnSync } = require('node:child_process');
const path = require('node:path');
const { describe, test } = require('node:test');
const { MessageChannel } = require('node:worker_threads');
const { compile } = require('..');

const PAGE = 65536;
const source = `(module (import "env" "f" (func $f))
  (memory (export "memory") 1) (memory (export "other") 2) (memory (export "empty") 0)
  (func (export "load") (param i32) (result i32) (i32.load8_u (local.get 0)))
  (func (export "store") (param i32 i32) (i32.store8 (local.get 0) (local.get 1)))
  (func (export "grow") (result i32) (memory.grow (i32.const 1)))
  (func (export "growEmpty") (result i32) (memory.grow 2 (i32.const 1)))
  (func (export "growAndCall") (drop (memory.grow (i32.const 1))) (call $f))
  (func (export "_start") (call $f)))`;
const program = compile(Buffer.from(source), { cache: false });

async function open(t, f = () => {}) {
  const instance = (await program).instantiateSync({ imports: { env: { f } } });
  t.after(() => instance.close());
  return instance;
}

const isDetached = (buffer, size) => {
  assert.equal(buffer.byteLength, 0);
  assert.throws(() => new Uint8Array(buffer, 0, size), TypeError);
};

describe('memory.buffer', () => {
  test('is the memory itself', async (t) => {
    const { exports, memory } = await open(t);
    const bytes = new Uint8Array(memory.buffer);
    bytes[5] = 42;
    assert.equal(exports.load(5), 42);
    exports.store(PAGE - 1, 43);
    assert.equal(bytes[PAGE - 1], 43);
    assert.equal(memory.read(5, 1)[0], 42);
  });

  test('is the same object as long as the memory does not grow', async (t) => {
    const { exports, memory } = await open(t);
    const { buffer } = memory;
    assert.ok(buffer instanceof ArrayBuffer);
    exports.store(1, 1);
    assert.equal(memory.buffer, buffer);
    assert.equal(exports.memory, memory);
    assert.deepEqual([buffer.byteLength, exports.other.buffer.byteLength], [PAGE, 2 * PAGE]);
  });

  test('is detached when the guest grows the memory, and others are not', async (t) => {
    const { exports, memory } = await open(t);
    const [buffer, other] = [memory.buffer, exports.other.buffer];
    new Uint8Array(buffer)[7] = 9;
    assert.equal(exports.grow(), 1);
    isDetached(buffer, PAGE);
    assert.equal(memory.buffer.byteLength, 2 * PAGE);
    assert.equal(new Uint8Array(memory.buffer)[7], 9);
    assert.equal(exports.other.buffer, other);
  });

  test('is detached before a function of the host is called', async (t) => {
    let seen;
    const instance = await open(t, () => {
      isDetached(seen, PAGE);
      seen = instance.memory.buffer;
      assert.equal(seen.byteLength, 2 * PAGE);
    });
    seen = instance.memory.buffer;
    instance.exports.growAndCall();
    assert.equal(instance.memory.buffer, seen);
  });

  test('is detached when the host grows the memory', async (t) => {
    const { memory } = await open(t);
    const { buffer } = memory;
    assert.equal(memory.grow(2), 1);
    isDetached(buffer, PAGE);
    assert.equal(memory.buffer.byteLength, 3 * PAGE);
  });

  test('of an empty memory has bytes once it has grown', async (t) => {
    const { exports } = await open(t);
    assert.equal(exports.empty.buffer.byteLength, 0);
    assert.equal(exports.growEmpty(), 0);
    assert.equal(exports.empty.buffer.byteLength, PAGE);
  });

  test('is detached when the instance is closed, also by a function of the host', async (t) => {
    const first = await open(t);
    const { buffer } = first.memory;
    first.close();
    isDetached(buffer, PAGE);
    assert.throws(() => first.memory.buffer, { code: 'ERR_WASI_CLOSED' });
    let seen;
    const second = await open(t, () => {
      seen = second.memory.buffer;
      second.close();
      isDetached(seen, PAGE);
    });
    assert.throws(() => second.exports.growAndCall(), { code: 'ERR_WASI_CLOSED' });
    isDetached(seen, PAGE);
  });

  test('is detached at the end of runSync()', async () => {
    let seen;
    (await program).runSync({ imports: { env: { f() { seen = this.memory.buffer; } } } });
    isDetached(seen, PAGE);
  });

  test("can't go to another thread", async (t) => {
    const { memory } = await open(t);
    const { port1, port2 } = new MessageChannel();
    try {
      port1.postMessage(memory.buffer, [memory.buffer]);
    } catch (error) {
      assert.equal(error.name, 'DataCloneError');
    }
    port1.close();
    port2.close();
    assert.equal(memory.buffer.byteLength, PAGE);
  });

  test('is no member of asynchronous instances', async (t) => {
    const instance = await (await program).instantiate({ imports: { env: { f() {} } } });
    t.after(() => instance.close());
    assert.equal(instance.memory.buffer, undefined);
  });

  // From Node 22 on, what is in a buffer can be moved to another one.
  const { transfer } = ArrayBuffer.prototype;
  if (transfer !== undefined) {
    test("can't be moved, as V8's own memory", async (t) => {
      const { memory } = await open(t);
      for (const name of ['transfer', 'transferToFixedLength']) {
        assert.throws(() => memory.buffer[name](), { name: 'TypeError', code: 'ERR_INVALID_STATE' });
      }
      assert.equal(memory.buffer.byteLength, PAGE);
    });

    test('keeps the memory of a closed guest from the next one if it was moved all the same', async (t) => {
      for (let count = 0; count < 20; count += 1) {
        const first = await open(t);
        const moved = transfer.call(first.memory.buffer);
        first.close();
        const second = await open(t);
        new Uint8Array(moved).fill(7);
        assert.equal(second.exports.load(count), 0);
        second.close();
      }
    });
  }

  test('does not keep guests from being collected', () => {
    const script = `const { compile } = require(${JSON.stringify(path.join(__dirname, '..'))});
      compile(Buffer.from(${JSON.stringify(source)})).then(async (program) => {
        for (let count = 0; count < 20000; count += 1) {
          const instance = program.instantiateSync({ imports: { env: { f() {} } } });
          new Uint8Array(instance.memory.buffer)[0] = 1;
          if (count % 2 === 0) instance.close();
          if (count % 500 === 0) {
            gc();
            await new Promise(setImmediate);
          }
        }
      });`;
    const { status, stderr } = spawnSync(process.execPath, ['--expose-gc', '--eval', script], { timeout: 120_000, encoding: 'utf8' });
    assert.deepEqual([status, stderr], [0, '']);
  });
});
