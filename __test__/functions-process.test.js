'use strict';

// Arguments, environment, clocks, random bytes and the guest's own process.

const { describe, test } = require('node:test');
const assert = require('node:assert/strict');
const { Guest, OUT, PAGE, pattern } = require('./helpers/guest');
const { errno, u32, u64 } = require('./helpers/preview1');

for (const [option, prefix, toOption] of [
  ['args', 'args', (strings) => strings],
  ['env', 'environ', (strings) => Object.fromEntries(strings.map((s) => s.split('=')))],
]) {
  const sizes = `${prefix}_sizes_get`;
  const get = `${prefix}_get`;
  const guestWith = (strings) => new Guest({ [option]: toOption(strings) });
  const strings = ['NAME=one', 'SECOND=größer €', 'EMPTY='];
  const content = Buffer.from(strings.map((s) => `${s}\0`).join(''));
  const offsets = strings.map((_, i) => Buffer.byteLength(strings.slice(0, i).join('\0')) + (i && 1));

  describe(option, () => {
    test(`${sizes} counts strings and their bytes with each NUL`, () => {
      guestWith(strings).check(sizes, [OUT, OUT + 4], 0, [
        [OUT, u32(strings.length)], [OUT + 4, u32(content.length)],
      ]);
    });

    test(`${sizes} writes to misaligned and to equal addresses`, () => {
      const guest = guestWith(strings);
      guest.check(sizes, [OUT + 9, OUT + 1], 0, [
        [OUT + 9, u32(strings.length)], [OUT + 1, u32(content.length)],
      ]);
      guest.check(sizes, [OUT, OUT], 0, [[OUT, u32(content.length)]]);
      guest.check(sizes, [OUT, OUT + 2], 0, [
        [OUT, u32(strings.length)], [OUT + 2, u32(content.length)],
      ]);
    });

    test(`${get} writes pointers and strings`, () => {
      const guest = guestWith(strings);
      for (const [pointers, buffer] of [[OUT, OUT + 64], [OUT + 101, OUT + 3], [0, 12]]) {
        guest.check(get, [pointers, buffer], 0, [
          ...offsets.map((offset, i) => [pointers + 4 * i, u32(buffer + offset)]),
          [buffer, content],
        ]);
      }
    });

    test(`${get} fills the memory to its last byte`, () => {
      const guest = guestWith(strings);
      const end = 2 * PAGE;
      const buffer = end - content.length;
      guest.check(get, [OUT, buffer], 0, [
        ...offsets.map((offset, i) => [OUT + 4 * i, u32(buffer + offset)]),
        [buffer, content],
      ]);
      guest.check(get, [OUT, buffer + 1], errno.OVERFLOW);
      const pointers = end - 4 * strings.length;
      guest.check(get, [pointers, OUT], 0, [
        ...offsets.map((offset, i) => [pointers + 4 * i, u32(OUT + offset)]),
        [OUT, content],
      ]);
      guest.check(get, [pointers + 1, OUT], errno.OVERFLOW);
    });

    test('none at all', () => {
      const guest = guestWith([]);
      guest.check(sizes, [OUT, OUT + 4], 0, [[OUT, u32(0)], [OUT + 4, u32(0)]]);
      guest.check(get, [OUT, OUT], 0);
    });

    test('many', () => {
      const many = Array.from({ length: 3000 }, (_, i) => `K${i}=v`);
      const bytes = Buffer.from(many.map((s) => `${s}\0`).join(''));
      let at = OUT;
      const pointers = many.map((s) => {
        const pointer = u32(at);
        at += s.length + 1;
        return pointer;
      });
      guestWith(many).check(get, [0, OUT], 0, [[0, Buffer.concat(pointers)], [OUT, bytes]]);
    });
  });
}

describe('clocks', () => {
  const guest = new Guest();
  const time = (clock, precision = 0n) => {
    assert.equal(guest.call('clock_time_get', clock, precision, OUT), 0);
    return guest.u64(OUT);
  };

  for (const clock of [0, 1, 2, 3]) {
    test(`clock_res_get(${clock}) is a nanosecond`, () => {
      guest.check('clock_res_get', [clock, OUT + 1], 0, [[OUT + 1, u64(1n)]]);
    });

    test(`clock_time_get(${clock}) never goes back, at any precision`, () => {
      let last = time(clock);
      for (const precision of [0n, 1n, 1_000_000_000n, 2n ** 63n, 2n ** 64n - 1n, 0n]) {
        const now = time(clock, precision);
        assert.ok(now >= last, `${now} after ${last}`);
        last = now;
      }
    });
  }

  test('clock_time_get writes eight bytes and no more', () => {
    for (const at of [OUT, OUT + 3, 0, 2 * PAGE - 8]) {
      assert.equal(guest.call('clock_time_get', 1, 0n, at), 0);
      const expected = Buffer.from(pattern);
      guest.read(at, 8).copy(expected, at);
      guest.assertMemory(expected, 'clock_time_get');
    }
  });

  test('the realtime clock is that of the host', () => {
    const before = BigInt(Date.now()) * 1_000_000n;
    const now = time(0);
    const after = BigInt(Date.now() + 1) * 1_000_000n;
    assert.ok(before <= now && now <= after, `${before} <= ${now} <= ${after}`);
  });

  test('the monotonic clock is that of the host', () => {
    const before = process.hrtime.bigint();
    const now = time(1);
    const after = process.hrtime.bigint();
    assert.ok(before <= now && now <= after, `${before} <= ${now} <= ${after}`);
  });

  test('the CPU clocks count CPU time', () => {
    const process_ = time(2);
    const thread = time(3);
    const end = process.hrtime.bigint() + 5_000_000n;
    while (process.hrtime.bigint() < end);
    assert.ok(time(2) > process_);
    assert.ok(time(3) > thread);
    assert.ok(thread <= time(2));
  });

  test('an unknown clock is EINVAL', () => {
    for (const clock of [4, 256, 0x10000, -1]) {
      guest.check('clock_res_get', [clock, OUT], errno.INVAL);
      guest.check('clock_time_get', [clock, 0n, OUT], errno.INVAL);
    }
  });
});

describe('random_get', () => {
  const guest = new Guest();

  test('fills exactly the buffer, of any size', () => {
    for (const length of [1, 7, 255, 256, 257, 4095, 4096, 4097, 50000]) {
      assert.equal(guest.call('random_get', OUT + 1, length), 0);
      const expected = Buffer.from(pattern);
      guest.read(OUT + 1, length).copy(expected, OUT + 1);
      guest.assertMemory(expected, `random_get of ${length} bytes`);
    }
  });

  test('gives other bytes each time, in every part', () => {
    assert.equal(guest.call('random_get', OUT, PAGE), 0);
    const first = guest.read(OUT, PAGE);
    assert.equal(guest.call('random_get', OUT, PAGE), 0);
    const second = guest.read(OUT, PAGE);
    for (let at = 0; at < PAGE; at += 32) {
      assert.notDeepEqual(first.subarray(at, at + 32), second.subarray(at, at + 32));
      assert.notDeepEqual(first.subarray(at, at + 32), Buffer.alloc(32));
    }
  });

  test('of length 0 does nothing', () => {
    guest.check('random_get', [OUT, 0], 0);
    guest.check('random_get', [2 * PAGE - 1, 0], 0);
    guest.check('random_get', [2 * PAGE, 0], errno.OVERFLOW);
  });
});

describe('the process', () => {
  test('sched_yield', () => {
    new Guest().check('sched_yield', [], 0);
  });

  test('proc_exit ends the call with a symbol and leaves the code', () => {
    const guest = new Guest();
    const [kExitCode] = Object.getOwnPropertySymbols(guest.wasi)
      .filter(({ description }) => description === 'kExitCode');
    for (const code of [0, 1, 255, 256, 2 ** 31 - 1, -1]) {
      assert.throws(() => guest.call('proc_exit', code), (thrown) => {
        assert.equal(typeof thrown, 'symbol');
        assert.equal(thrown.description, 'kExitCode');
        return true;
      });
      assert.equal(guest.wasi[kExitCode], code);
    }
  });

  test('calls go on after proc_exit', () => {
    const guest = new Guest({ args: ['a'] });
    assert.throws(() => guest.call('proc_exit', 3));
    guest.check('args_sizes_get', [OUT, OUT + 4], 0, [[OUT, u32(1)], [OUT + 4, u32(2)]]);
  });

  test('proc_raise is ENOSYS for every signal and raises none', () => {
    const guest = new Guest();
    for (const signal of [...Array(32).keys(), 64, 255, 256, 265, -1]) {
      guest.check('proc_raise', [signal], errno.NOSYS);
    }
  });
});
