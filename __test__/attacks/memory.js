'use strict';

// Memory: of the host, which a call must not use up; of the guest, which grows,
// is replaced or forgotten, while JavaScript calls back in.

const { setFlagsFromString } = require('node:v8');
const { runInNewContext } = require('node:vm');
const { OUT, PAGE, escapedIf, leakedIf } = require('./support/scene');
const { eventType, subscription } = require('../helpers/preview1');

const MIB = 1 << 20;
const MAX_U32 = 0xffffffff;

// More of the host's memory than this, beyond what the guest itself has, is too much.
const ALLOWED = 256 * MIB;

const bounded = (name, pages, attack, ref) => ({
  name,
  ref,
  alone: true,
  run(scene) {
    const memory = new WebAssembly.Memory({ initial: pages });
    const stdout = scene.open('/dev/null', 'w');
    const bare = scene.bare({ memory, stdout });
    const before = process.resourceUsage().maxRSS;
    attack(bare);
    const taken = (process.resourceUsage().maxRSS - before) * 1024;
    return leakedIf(taken > ALLOWED + memory.buffer.byteLength);
  },
});

// Counts whose byte sizes wrap around in 32 bits, or are huge.
const COUNTS = [1 << 28, 1 << 29, (1 << 29) + 1, 2 ** 31, 2 ** 31 + 1, 134217728, 89478486, MAX_U32];

const huge = [
  bounded('random_get beyond the end of memory', 1, ({ imports }) => {
    for (const length of [MAX_U32, 2 ** 31, PAGE + 1]) imports.random_get(0, length);
    imports.random_get(PAGE - 1, MAX_U32);
  }, 'GHSA-852m-cvvp-9p4w'),
  bounded('random_get of 128 MiB', 2048, ({ imports }) => imports.random_get(0, 128 * MIB), 'GHSA-852m-cvvp-9p4w'),
  ...COUNTS.flatMap((count) => ['fd_read', 'fd_write', 'sock_recv'].map((name) => ({
    ...bounded(`${name} with ${count} buffers`, 1, ({ imports }) => {
      if (name === 'sock_recv') imports.sock_recv(0, 0, count, 0, 8, 16);
      else imports[name](name === 'fd_read' ? 0 : 1, 0, count, 8);
    }, 'wasm3 #323'),
    row: 'more buffers than fit into memory',
    alone: false,
  }))),
  ...COUNTS.map((count) => ({
    ...bounded(`poll_oneoff with ${count} subscriptions`, 1, ({ imports }) => imports.poll_oneoff(0, 4096, count, 8)),
    row: 'more subscriptions than fit into memory',
    alone: false,
  })),
  bounded('16 million empty buffers', 2048, ({ imports }) => imports.fd_write(1, 0, 1 << 24, 0), 'GHSA-852m-cvvp-9p4w'),
  bounded('overlapping buffers of 5 GiB in total', 16, ({ imports, view }) => {
    const count = 80_000;
    for (let i = 0; i < count; i++) view().writeUInt32LE(PAGE, 8 * i + 4);
    imports.fd_write(1, 0, count, 12 * PAGE);
  }),
  bounded('a million subscriptions', 2048, ({ imports, view }) => {
    const count = 1_000_000;
    const one = subscription({ userdata: 1, type: eventType.FD_WRITE, fd: 1 });
    const all = view();
    for (let i = 0; i < count; i++) one.copy(all, i * 48);
    imports.poll_oneoff(0, count * 48, count, 2048 * PAGE - 4);
  }, 'GHSA-852m-cvvp-9p4w'),
  bounded('two million subscriptions', 4096, ({ imports }) =>
    imports.poll_oneoff(0, 128 * MIB, 2_000_000, 4096 * PAGE - 4), 'GHSA-852m-cvvp-9p4w'),
];

const gc = () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc');
  for (let i = 0; i < 3; i++) collect();
};

// These are about being still there, and about not touching what memory was.
const survives = (name, attack) => ({
  name,
  async run(scene) {
    return await attack(scene) ?? 'held';
  },
});

const changing = [
  survives('memory that grows between calls', (scene) => {
    const { imports, memory, view } = scene.bare({ args: ['a', 'bc'] });
    for (let pages = 2; pages < 200; pages += 7) {
      const old = new Uint8Array(memory.buffer);
      memory.grow(7);
      const end = memory.buffer.byteLength;
      if (imports.args_sizes_get(end - 8, end - 4) !== 0 || view().readUInt32LE(end - 4) !== 5) return 'leaked';
      if (old.length !== 0) return 'leaked';
    }
  }),
  survives('memory that is no longer referenced, then a call', (scene) => {
    const { imports } = scene.bare();
    for (let i = 0; i < 20; i++) {
      gc();
      imports.random_get(0, 2 * PAGE);
    }
  }),
  survives('functions of a WASI object that is no longer referenced', (scene) => {
    const calls = Array.from({ length: 20 }, () => scene.bare().imports.fd_prestat_get);
    gc();
    for (const call of calls) call(3, 0);
  }),
  survives('memory replaced by a smaller one', (scene) => {
    const { wasi, imports } = scene.bare({ memory: new WebAssembly.Memory({ initial: 500 }) });
    const small = new WebAssembly.Memory({ initial: 1 });
    const symbol = Object.getOwnPropertySymbols(wasi).find(({ description }) => description === 'kSetMemory');
    wasi[symbol]?.(small);
    if (symbol === undefined) return undefined;
    gc();
    if (imports.random_get(400 * PAGE, PAGE) === 0) return 'leaked';
    imports.random_get(0, PAGE);
  }),
  survives('values that are not a WebAssembly.Memory', (scene) => {
    const fakes = [
      {}, null, new ArrayBuffer(8), { buffer: new ArrayBuffer(8) },
      Object.create(WebAssembly.Memory.prototype), new Proxy(new WebAssembly.Memory({ initial: 1 }), {}),
      Object.create(new WebAssembly.Memory({ initial: 1 }), { buffer: { value: new ArrayBuffer(MIB) } }),
    ];
    for (const memory of fakes) {
      try {
        scene.bare({ memory }).imports.random_get(0, PAGE);
      } catch {
        // A refusal is fine.
      }
    }
  }),
  survives('memory with its own `buffer` property', (scene) => {
    const memory = new WebAssembly.Memory({ initial: 1 });
    Object.defineProperty(memory, 'buffer', { get: () => new ArrayBuffer(64 * PAGE) });
    const { imports } = scene.bare({ memory });
    for (const pointer of [0, 8 * PAGE, 63 * PAGE]) imports.random_get(pointer, PAGE);
  }),
];

// Calls `attempt` and lets it throw what it likes.
const quietly = (attempt) => {
  try {
    return attempt();
  } catch {
    return undefined;
  }
};

const reentrant = [
  survives('exports that call back while the object starts', (scene) => {
    const wasi = new scene.WASI({ version: 'preview1' });
    const memory = new WebAssembly.Memory({ initial: 1 });
    let depth = 0;
    const exports = {
      get memory() {
        if (depth++ < 50) {
          quietly(() => wasi.wasiImport.random_get(0, 8));
          quietly(() => wasi.initialize({ exports }));
          quietly(() => wasi.start({ exports }));
        }
        return memory;
      },
      get _start() {
        quietly(() => wasi.wasiImport.proc_exit(1));
        return undefined;
      },
      _initialize: () => quietly(() => wasi.start({ exports })),
    };
    quietly(() => wasi.initialize({ exports }));
    quietly(() => wasi.wasiImport.random_get(0, 8));
  }),
  survives('replaced imports that call other imports and grow memory', (scene) => {
    const { imports, memory } = scene.bare();
    const original = { ...imports };
    for (const name of Object.keys(imports)) {
      imports[name] = (...args) => {
        memory.grow(1);
        original.random_get(0, PAGE);
        return original[name](...args);
      };
    }
    for (let i = 0; i < 20; i++) {
      imports.args_sizes_get(0, 4);
      imports.fd_prestat_get(3, memory.buffer.byteLength - 8);
      imports.fd_close(99);
    }
  }),
  survives('arguments whose conversion calls back, grows memory or closes a descriptor', (scene) => {
    const { imports, memory, view } = scene.bare();
    const evil = (value) => ({
      valueOf() {
        memory.grow(1);
        quietly(() => imports.random_get(0, PAGE));
        quietly(() => imports.fd_close(3));
        return value;
      },
    });
    for (let i = 0; i < 10; i++) {
      quietly(() => imports.random_get(evil(0), evil(PAGE)));
      quietly(() => imports.fd_read(evil(0), evil(0), evil(0), evil(8)));
      quietly(() => imports.path_create_directory(evil(3), evil(0), evil(2)));
    }
    view();
  }),
  survives('proc_exit from within nested calls', (scene) => {
    const wasi = new scene.WASI({ version: 'preview1' });
    const memory = new WebAssembly.Memory({ initial: 1 });
    const exports = { memory, _start: () => quietly(() => wasi.wasiImport.proc_exit(3)) };
    wasi.start({ exports });
    wasi.wasiImport.random_get(0, 8);
    quietly(() => wasi.wasiImport.proc_exit(4));
    wasi.wasiImport.random_get(0, 8);
  }),
  {
    name: 'functions of one object called with another as `this`',
    run(scene) {
      const secret = scene.bare({ args: ['the secret argument'] });
      const guest = scene.guest();
      secret.imports.random_get.call(guest.wasi, 0, 8);
      guest.call('args_sizes_get', OUT, OUT + 4);
      return escapedIf(guest.u32(OUT) !== 0);
    },
  },
];

module.exports = { family: 'Memory and callbacks', attacks: [...huge, ...changing, ...reentrant] };
