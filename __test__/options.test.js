'use strict';

// Options of the constructor: what is accepted, what is thrown, and how often
// and in which order each option is read, all compared with node:wasi.

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const util = require('node:util');
const { after, describe, test } = require('node:test');
const assert = require('node:assert/strict');
const { ours, same } = require('./differential/compare');
const { abortingArgs } = require('./differential/aborts');
const { guestPreopens, guestView } = require('./differential/guest');
const { boom, values } = require('./differential/values');

const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'wasi-rs-options-'));
const file = path.join(scratch, 'file');
fs.writeFileSync(file, '');
fs.mkdirSync(path.join(scratch, 'dir'));
fs.symlinkSync('dir', path.join(scratch, 'link'));
fs.symlinkSync('nowhere', path.join(scratch, 'dangling'));
fs.symlinkSync('loop', path.join(scratch, 'loop'));
after(() => fs.rmSync(scratch, { recursive: true }));

function closedFd() {
  const fd = fs.openSync(file);
  fs.closeSync(fd);
  return fd;
}

const optionNames = [
  'args', 'env', 'preopens', 'returnOnExit', 'stdin', 'stdout', 'stderr', 'version',
];

describe('an option set to', () => {
  for (const option of optionNames) {
    for (const [name, make] of values) {
      same(`${option}: ${name}`, ({ create }) => create({ [option]: make() }));
    }
  }
});

describe('the options object is', () => {
  for (const [name, make] of values) {
    same(name, ({ WASI }) => new WASI(make()));
  }
  same('absent', ({ WASI }) => new WASI());
  same('one of two arguments', ({ WASI }) => new WASI({ version: 'preview1' }, 'more'));
  same('a class instance with inherited options', ({ WASI }) => {
    class Options { get version() { return 'unstable'; } }
    return new WASI(new Options());
  });
  same('an object that inherits its options', ({ WASI }) =>
    guestView(new WASI(Object.create({ version: 'preview1', args: ['a'], env: { B: 'c' } }))));
  same('a null prototype object with options', ({ WASI }) =>
    new WASI(Object.assign(Object.create(null), { version: 'preview1' })));
  same('a Date with options', ({ WASI }) =>
    new WASI(Object.assign(new Date(0), { version: 'preview1' })));
});

describe('version', () => {
  const versions = [
    'unstable', 'preview1', 'Preview1', 'preview1 ', 'preview1\0', 'preview2', 'wasi_unstable',
    'snapshot_preview1', "it's", `'"`, '`\'"', '\n\t', '\u{1F600}', '\uD800',
    'x'.repeat(126), 'x'.repeat(127), 'x'.repeat(128), 'x'.repeat(1000), "'".repeat(130),
    `${'x'.repeat(126)}\u{1F600}`, `${'line\n'.repeat(60)}`,
  ];
  for (const version of versions) {
    same(JSON.stringify(version).slice(0, 40), ({ WASI }) => new WASI({ version }));
  }
  same('shown with the default options of inspect', ({ WASI }) => {
    const before = { ...util.inspect.defaultOptions };
    util.inspect.defaultOptions = { colors: true, maxStringLength: 5 };
    try {
      return new WASI({ version: 'preview99' });
    } finally {
      util.inspect.defaultOptions = before;
    }
  });
});

describe('an element of args is', () => {
  for (const [name, make] of values) {
    same(name, ({ create }) => guestView(create({ args: ['a', make(), 'b'] })));
  }
});

describe('a value in env is', () => {
  for (const [name, make] of values) {
    same(name, ({ create }) => guestView(create({ env: { A: 'b', KEY: make(), C: 'd' } })));
  }
});

describe('a host path in preopens is', () => {
  for (const [name, make] of values) {
    same(name, ({ create }) => create({ preopens: { '/a': make() } }));
  }
});

describe('args the guest sees for', () => {
  const lists = [
    [], [''], ['', ''], ['a b', '-x', '--y=z'], ['é漢字\u{1F600}'], ['\uD800'], ['a\0b', 'c'],
    [undefined, null, true, -0, 1e21, 10n ** 30n, Symbol('s')], Array(1000).fill('many'),
    ['x'.repeat(100_000)], [[], [1, [2]], {}], [new Date(NaN), /re/g, () => 1],
  ];
  for (const args of lists) {
    same(util.inspect(args).slice(0, 60), ({ create }) => guestView(create({ args })));
  }
  same('a subclass of Array', ({ create }) => {
    class List extends Array {}
    return guestView(create({ args: List.from(['a', 'b']) }));
  });
  same('an array with its own map()', ({ create }) =>
    guestView(create({ args: Object.assign(['a'], { map: boom }) })));
  same('an array whose constructor is undefined', ({ create }) =>
    guestView(create({ args: Object.assign(['a'], { constructor: undefined }) })));
  same('an array whose constructor is a number', ({ create }) =>
    guestView(create({ args: Object.assign(['a'], { constructor: 5 }) })));
  same('an array whose species is null', ({ create }) =>
    guestView(create({ args: Object.assign(['a'], { constructor: { [Symbol.species]: null } }) })));
  same('an array whose species throws', ({ create }) =>
    create({ args: Object.assign(['a'], { constructor: { get [Symbol.species]() { return boom(); } } }) }));
  same('elements changed while they are converted', ({ create }) => {
    const args = ['a', { toString() { args[2] = 'changed'; args.push('late'); return 'b'; } }, 'c'];
    return guestView(create({ args }));
  });
  same('elements converted in order', ({ create, log }) => {
    const element = (name) => ({ toString() { log.push(name); return name; } });
    return guestView(create({ args: [element('a'), element('b'), element('c')] }));
  });
  same('a list changed after construction', ({ create }) => {
    const args = ['a'];
    const wasi = create({ args });
    args[0] = 'changed';
    return guestView(wasi);
  });
});

// node:wasi aborts the process on these (CHECK in node_wasi.cc), so there is
// nothing to compare with.
describe('args on which node:wasi aborts:', () => {
  for (const { name, make, expected } of abortingArgs) {
    test(`${name}: ${expected}`, () => {
      const args = make();
      let wasi;
      try {
        wasi = new ours.WASI({ version: 'preview1', args });
      } catch (err) {
        assert.ok(err instanceof TypeError, `threw ${err}`);
        return;
      }
      assert.equal(guestView(wasi).args.count, args.length);
    });
  }
});

describe('environment the guest sees for', () => {
  const inherited = Object.assign(Object.create({ INHERITED: 'x' }), { OWN: 'y' });
  const hidden = Object.defineProperty({ A: '1' }, 'HIDDEN', { value: 'x', enumerable: false });
  const environments = {
    'no variables': {},
    'undefined among others': { A: '1', B: undefined, C: '3' },
    'null, numbers and booleans': { A: null, B: -0, C: 1e21, D: false, E: 10n ** 20n },
    'integer-like keys': { b: '1', 10: 'ten', a: '2', 2: 'two', '-1': 'minus', '01': 'octal' },
    'symbol keys': { A: '1', [Symbol('s')]: 'x' },
    'inherited variables': inherited,
    'non-enumerable variables': hidden,
    'an empty name': { '': 'x' },
    'an empty value': { A: '' },
    'equals signs': { 'A=B': 'c=d' },
    'NUL in name and value': { 'A\0B': 'c', C: 'd\0e' },
    'accents and lone surrogates': { É: '漢\u{1F600}', '\uD800': '\uDC00' },
    'a __proto__ key': JSON.parse('{"__proto__": "x"}'),
    'a Map': new Map([['A', 'b']]),
    'a boxed string': Object('ab'),
    'a typed array': new Uint8Array([7, 8]),
    'many variables': Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`K${i}`, i])),
    'the environment of the process': process.env,
  };
  for (const [name, env] of Object.entries(environments)) {
    same(name, ({ create }) => guestView(create({ env })));
  }
  same('values converted in order', ({ create, log }) => {
    const value = (name) => ({ toString() { log.push(name); return name; } });
    return guestView(create({ env: { B: value('b'), A: value('a') } }));
  });
  same('a variable deleted while another is read', ({ create }) => {
    const env = { get A() { delete env.B; return 'a'; }, B: 'b' };
    return guestView(create({ env }));
  });
  same('a getter', ({ create }) => guestView(create({ env: { get A() { return 'got'; } } })));
});

describe('preopens', () => {
  const relative = path.relative(process.cwd(), scratch);
  const maps = {
    'an existing directory': { '/': scratch },
    'several, with integer-like keys': { '/b': scratch, 5: scratch, '/a': scratch, 1: scratch },
    'one directory twice': { '/a': scratch, '/b': scratch },
    'a trailing slash on the host path': { '/a': `${scratch}/` },
    'trailing slashes on the guest path': { '/a//': scratch },
    'a relative host path': { '/a': relative },
    'a host path with . and ..': { '/a': `${scratch}/./dir/../dir` },
    'a symbolic link to a directory': { '/a': path.join(scratch, 'link') },
    'an empty guest path': { '': scratch },
    'a relative guest path': { 'a/../b': scratch },
    'a guest path of dots': { '.': scratch, '..': scratch },
    'a guest path with NUL': { '/a\0b': scratch },
    'a long guest path': { [`/${'g'.repeat(5000)}`]: scratch },
    'accents': { '/é\u{1F600}': scratch },
    'twenty directories': Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`/${i}x`, scratch])),
    'a symbol key': { [Symbol('s')]: '/nonexistent' },
    'a missing directory': { '/a': path.join(scratch, 'missing') },
    'a missing parent': { '/a': path.join(scratch, 'missing', 'x') },
    'a file': { '/a': file },
    'a path through a file': { '/a': `${file}/x` },
    'a file with a trailing slash': { '/a': `${file}/` },
    'a dangling link': { '/a': path.join(scratch, 'dangling') },
    'a link loop': { '/a': path.join(scratch, 'loop') },
    'an empty host path': { '/a': '' },
    'a host path with NUL': { '/a': `${scratch}\0x` },
    'a host path of NUL': { '/a': '\0' },
    'a component too long': { '/a': `${scratch}/${'n'.repeat(300)}` },
    'a host path too long': { '/a': `/${'n/'.repeat(4000)}` },
    'a device': { '/a': os.devNull },
    'a good one before a missing one': { '/a': scratch, '/b': '/nonexistent/x' },
    'a missing one before a file': { '/a': '/nonexistent/x', '/b': file },
    'a file before a missing one': { '/a': file, '/b': '/nonexistent/x' },
    'an array': [scratch],
    'a number as host path': { '/a': 404 },
    'undefined as host path': { '/a': undefined },
  };
  for (const [name, preopens] of Object.entries(maps)) {
    same(name, ({ create }) => guestPreopens(create({ preopens })));
  }
  same('a host path as a URL object', ({ create }) =>
    create({ preopens: { '/a': new URL('file:///') } }));
  same('a host path as a Buffer', ({ create }) =>
    guestPreopens(create({ preopens: { '/a': Buffer.from(scratch) } })));
  same('inherited and hidden entries', ({ create }) => {
    const preopens = Object.create({ '/inherited': '/nonexistent' });
    Object.defineProperty(preopens, '/hidden', { value: '/nonexistent' });
    return guestPreopens(create({ preopens }));
  });
  // As root every directory is readable, in both implementations alike.
  same('a directory without permissions', ({ create }) => {
    const locked = fs.mkdtempSync(path.join(scratch, 'locked-'));
    fs.chmodSync(locked, 0);
    return create({ preopens: { '/a': locked } });
  });
});

describe('stdio', () => {
  for (const option of ['stdin', 'stdout', 'stderr']) {
    same(`${option}: a closed descriptor`, ({ create }) => create({ [option]: closedFd() }));
    same(`${option}: a descriptor beyond the limit`, ({ create }) => create({ [option]: 54_321_000 }));
    same(`${option}: a directory`, ({ create }) => {
      const fd = fs.openSync(scratch);
      try {
        return create({ [option]: fd });
      } finally {
        fs.closeSync(fd);
      }
    });
    same(`${option}: shown with numeric separators`, ({ create }) => {
      const before = util.inspect.defaultOptions.numericSeparator;
      util.inspect.defaultOptions.numericSeparator = true;
      try {
        return create({ [option]: 12345.678 });
      } finally {
        util.inspect.defaultOptions.numericSeparator = before;
      }
    });
  }
  same('all the same descriptor', ({ create }) => create({ stdin: 1, stdout: 1, stderr: 1 }));
  same('all -0', ({ create }) => create({ stdin: -0, stdout: -0, stderr: -0 }));
  same('all undefined', ({ create }) =>
    create({ stdin: undefined, stdout: undefined, stderr: undefined }));
});

describe('of several bad options the first to complain is right:', () => {
  const bad = {
    version: 'bad', args: 'bad', env: 'bad', preopens: 'bad',
    stdin: 'bad', stdout: 'bad', stderr: 'bad', returnOnExit: 'bad',
  };
  const names = Object.keys(bad);
  for (const [i, first] of names.entries()) {
    for (const second of names.slice(i + 1)) {
      same(`${first} and ${second}`, ({ create }) =>
        create({ [second]: bad[second], [first]: bad[first] }));
    }
  }
  const missing = { '/a': '/nonexistent/x' };
  same('all', ({ create }) => create(bad));
  same('version missing and all bad', ({ WASI }) => new WASI({ ...bad, version: undefined }));
  same('a missing preopen and a bad returnOnExit', ({ create }) =>
    create({ preopens: missing, returnOnExit: 'bad' }));
  same('a missing preopen and a closed descriptor', ({ create }) =>
    create({ preopens: missing, stdin: 54_321_000 }));
  same('a closed descriptor and a bad returnOnExit', ({ create }) =>
    create({ stderr: 54_321_000, returnOnExit: 1 }));
  same('a symbol in env and bad preopens', ({ create }) =>
    create({ env: { A: Symbol('s') }, preopens: 'bad' }));
  same('an unprintable argument and bad env', ({ create }) =>
    create({ args: [Object.create(null)], env: 'bad' }));
  same('a throwing host path and a bad stdin', ({ create }) =>
    create({ preopens: { a: { toString: boom } }, stdin: 'bad' }));
});

describe('reads of', () => {
  const full = {
    version: 'preview1', args: ['a', 'b'], env: { A: 'b', C: undefined }, preopens: { '/a': scratch },
    stdin: 0, stdout: 1, stderr: 2, returnOnExit: true, unknown: 'x',
  };
  same('the options object with every option', ({ WASI, spy }) => {
    new WASI(spy('options', full));
  });
  same('the options object with the version only', ({ WASI, spy }) => {
    new WASI(spy('options', { version: 'unstable' }));
  });
  same('an options object that is an array', ({ WASI, spy }) => new WASI(spy('options', [])));
  same('an options object without prototype or version', ({ WASI, spy }) =>
    new WASI(spy('options', Object.create(null))));
  for (const option of optionNames) {
    same(`the options object with a bad ${option}`, ({ WASI, spy }) =>
      new WASI(spy('options', { ...full, [option]: 'bad' })));
    same(`the options object with ${option} absent`, ({ WASI, spy }) => {
      const { [option]: _, ...rest } = full;
      return new WASI(spy('options', rest));
    });
    same(`a bad ${option} that is a proxy`, ({ create, spy }) =>
      create({ [option]: spy(option, function target() {}) }));
    same(`${option} when its getter throws`, ({ WASI, spy }) =>
      new WASI(spy('options', Object.defineProperty({ ...full }, option, { get: boom }))));
  }
  for (const option of ['args', 'env', 'preopens']) {
    same(`the ${option}`, ({ create, spy }) => {
      create({ [option]: spy(option, full[option]) });
    });
    same(`an empty ${option}`, ({ create, spy }) => {
      create({ [option]: spy(option, option === 'args' ? [] : {}) });
    });
  }
  for (const option of ['stdin', 'stdout', 'stderr', 'returnOnExit', 'version']) {
    same(`a bad ${option} that is an object`, ({ create, spy }) =>
      create({ [option]: spy(option, {}) }));
    same(`a bad ${option} that is an array`, ({ create, spy }) =>
      create({ [option]: spy(option, []) }));
  }
  same('an argument that is a proxy', ({ create, spy }) => guestView(create({ args: [spy('arg', {})] })));
  same('a variable that is a proxy', ({ create, spy }) =>
    guestView(create({ env: { A: spy('value', {}) } })));
  same('a host path that is a proxy', ({ create, spy }) =>
    create({ preopens: { '/a': spy('path', {}) } }));
});

// Options that change from one read to the next.
describe('an option that changes between reads', () => {
  const scripts = {
    version: [
      ['preview1', 'unstable'], ['preview1', 'bad', 'shown'], ['preview1', 5, Symbol('s')],
      ['x', 'preview1'], ['x', 'y', 'z', 'never'], [5, 'preview1'],
    ],
    args: [
      [[], [], undefined], [[], [], null], [[], [], ''], [[], [], 0], [[], [], 'abc'], [[], [], 5],
      [[], [], true], [[], [], { length: 1, 0: 'x' }], [[], [], { length: '2', 0: 'a', 1: 'b' }],
      [[], 'bad', ['x']], [undefined, ['x']], [null, ['x'], ['y']], [undefined, null],
      [[], [], { get length() { return boom(); } }], [[], [], function f() {}],
    ],
    env: [
      [{}, {}, null], [{}, {}, undefined], [{}, {}, 'abc'], [{}, {}, 5], [{}, {}, ['x']],
      [{}, 'bad', {}], [undefined, { A: 'b' }], [1, {}, { A: 'b' }], [{}, {}, () => {}],
    ],
    preopens: [
      [{}, {}, null], [{}, {}, undefined], [{}, {}, 'ab'], [{}, {}, 5], [{}, 'bad', {}],
      [undefined, { a: '/nonexistent' }], [1, {}, { '/a': scratch }], [{}, {}, [scratch]],
    ],
    stdin: [[0, 'bad'], [undefined, 'bad']],
    stdout: [[1, 'bad'], [undefined, 'bad']],
    stderr: [[2, 'bad'], [undefined, 'bad']],
    returnOnExit: [
      [true, true, false], [true, 'bad', true], [false, true, 'odd'], [true, false, 0],
      [undefined, 'bad'], ['bad', true, true], [1, 1], [null, true, null],
    ],
  };
  for (const [option, list] of Object.entries(scripts)) {
    for (const script of list) {
      const shown = util.inspect(script, { breakLength: Infinity }).replaceAll(scratch, 'DIRECTORY');
      same(`${option}: ${shown}`, (ctx) => {
        const options = ctx.scripted({ version: ['preview1'], [option]: script });
        return guestView(new ctx.WASI(options));
      });
    }
  }
});

describe('polluted prototypes:', () => {
  function polluted(key, value, action) {
    Object.defineProperty(Object.prototype, key, { value, configurable: true, writable: true });
    try {
      return action();
    } finally {
      delete Object.prototype[key];
    }
  }
  same('Object.prototype.version without options', ({ WASI }) =>
    polluted('version', 'preview1', () => new WASI()));
  same('Object.prototype.version with options', ({ WASI }) =>
    polluted('version', 'preview1', () => new WASI({})));
  same('Object.prototype.args', ({ create }) =>
    polluted('args', ['polluted'], () => guestView(create())));
  same('Object.prototype.stdin', ({ create }) => polluted('stdin', 'bad', () => create()));
  same('Array.prototype[0]', ({ create }) => {
    Object.defineProperty(Array.prototype, 0, { value: 'x', configurable: true, writable: true });
    try {
      return guestView(create({ args: ['a'], env: { A: 'b' }, preopens: { '/a': scratch } }));
    } finally {
      delete Array.prototype[0];
    }
  });
  for (const [owner, key] of [
    [Array.prototype, 'map'], [Array.prototype, 'push'], [Array.prototype, 'forEach'],
    [Object, 'entries'], [globalThis, 'String'], [Function.prototype, 'bind'],
  ]) {
    same(`a patched ${key}()`, ({ create }) => {
      const original = owner[key];
      owner[key] = boom;
      let wasi;
      try {
        wasi = create({ args: ['a'], env: { A: 'b' }, preopens: { '/a': scratch } });
      } finally {
        owner[key] = original;
      }
      return guestView(wasi);
    });
  }
});
