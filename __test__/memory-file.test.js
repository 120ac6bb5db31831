'use strict';

// MemoryFile: a descriptor without a file on disk, for the standard streams of guests of our class,
// of node:wasi and of run().

const { execFileSync, spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { describe, test } = require('node:test');
const { inspect } = require('node:util');
const assert = require('node:assert/strict');
const node = require('node:wasi');
const { Guest, OUT, fixture, iovs } = require('./helpers/guest');
const { command: runnable, saying } = require('./helpers/run-guests');
const { descriptors } = require('./helpers/run-process');
const ours = require('..');

const { MemoryFile, compile, run } = ours;
const implementations = { 'our class': ours.WASI, 'node:wasi': node.WASI };
const root = path.join(__dirname, '..');
const GiB = 2 ** 30;
const A = OUT + 0x1000;

// Files that are closed after the test.
function memoryFile(t, initial) {
  const file = new MemoryFile(initial);
  t.after(() => file.close());
  return file;
}

function execute(WASI, program, options) {
  const wasi = new WASI({ version: 'preview1', returnOnExit: true, ...options });
  return wasi.start(new WebAssembly.Instance(fixture(program), wasi.getImportObject()));
}

// A guest of which every standard stream is `file`, to be driven call by call.
function guestOn(implementation, file) {
  const { fd } = file;
  const guest = new Guest({ implementation, stdin: fd, stdout: fd, stderr: fd });
  return {
    write: (text, stream = 1) => assert.equal(guest.call('fd_write', stream, iovs(text), OUT), 0),
    read(length) {
      assert.equal(guest.call('fd_read', 0, iovs([A, length]), OUT), 0);
      return guest.read(A, guest.u32(OUT)).toString();
    },
    seek: (offset) => assert.equal(guest.call('fd_seek', 1, BigInt(offset), 0, OUT), 0),
    close: (fd) => assert.equal(guest.call('fd_close', fd), 0),
  };
}

// What is thrown, as seen by its users.
function thrown(action) {
  try {
    action();
  } catch (error) {
    assert.ok(error instanceof Error, `${error}`);
    return { code: error.code, message: error.message, name: error.name, shown: error.stack.split('\n')[0] };
  }
  return assert.fail('nothing was thrown');
}

const error = (name, code, message) => ({ code, message, name, shown: `${name} [${code}]: ${message}` });
const closed = error('Error', 'ERR_INVALID_STATE', 'Invalid state: the MemoryFile is closed');

// A process of its own.
function elsewhere(script, { flags = [], shell = 'exec "$0" "$@"' } = {}) {
  const prelude = `const { MemoryFile, WASI } = require(${JSON.stringify(root)}); const fs = require('node:fs');`;
  const { stdout, stderr } = spawnSync('sh', ['-c', shell, process.execPath, ...flags, '-e', prelude + script],
    { encoding: 'utf8' });
  assert.equal(stderr, '');
  return stdout;
}

for (const [name, WASI] of Object.entries(implementations)) {
  describe(`a guest of ${name}`, () => {
    test('reads one, and writes to others', (t) => {
      const files = { stdin: memoryFile(t, 'some text, äöü\n'), stdout: memoryFile(t), stderr: memoryFile(t) };
      const fds = Object.fromEntries(Object.entries(files).map(([stream, { fd }]) => [stream, fd]));
      assert.equal(execute(WASI, 'cat', { args: ['cat'], ...fds }), 0);
      assert.deepEqual([files.stdout.text(), files.stderr.text()], ['some text, äöü\n', '']);
      assert.equal(execute(WASI, 'cat', { args: ['cat', '/missing'], ...fds }), 1);
      assert.match(files.stderr.text(), /^cat: \/missing: .+\n$/);
      assert.equal(files.stdin.text(), 'some text, äöü\n');
    });

    test('reads and writes more than fits into a pipe', (t) => {
      const all = Buffer.from(Array.from({ length: 5_000_001 }, (_, index) => index * 7 % 251));
      const [stdin, stdout] = [memoryFile(t, all), memoryFile(t)];
      assert.equal(execute(WASI, 'cat', { args: ['cat'], stdin: stdin.fd, stdout: stdout.fd }), 0);
      assert.ok(stdout.bytes().equals(all));
    });

    test('writes both outputs to one, in order', (t) => {
      const file = memoryFile(t);
      const guest = guestOn(WASI, file);
      guest.write('out, ', 1);
      guest.write('err, ', 2);
      guest.write('out', 1);
      assert.equal(file.text(), 'out, err, out');
    });

    test('starts at the first byte, for writing too', (t) => {
      const file = memoryFile(t, 'initial content');
      const guest = guestOn(WASI, file);
      guest.write('INITIAL');
      assert.equal(guest.read(20), ' content');
      guest.write('!');
      assert.equal(file.text(), 'INITIAL content!');
    });

    test('does not notice that the host reads', (t) => {
      const file = memoryFile(t, 'abcdef');
      const guest = guestOn(WASI, file);
      assert.equal(guest.read(2), 'ab');
      assert.equal(file.text(), 'abcdef');
      assert.equal(file.bytes().toString(), 'abcdef');
      assert.equal(guest.read(2), 'cd');
      guest.write('X');
      assert.equal(file.text(), 'abcdXf');
    });

    test('starts anew when the host has cleared it', (t) => {
      const file = memoryFile(t, 'abcdef');
      const guest = guestOn(WASI, file);
      assert.equal(guest.read(4), 'abcd');
      file.clear();
      assert.deepEqual([file.text(), guest.read(9)], ['', '']);
      guest.write('new');
      assert.equal(file.text(), 'new');
      file.clear();
      const another = guestOn(WASI, file);
      another.write('another');
      assert.equal(file.text(), 'another');
    });

    test('that makes it huge does the host no harm', (t) => {
      const file = memoryFile(t);
      const guest = guestOn(WASI, file);
      guest.write('x');
      for (const size of [2 * GiB, 5 * GiB, 2 ** 60]) {
        guest.seek(size - 1);
        guest.write('x');
        const expected = error('RangeError', 'ERR_FS_FILE_TOO_LARGE', `File size (${size}) is greater than 2 GiB`);
        assert.deepEqual(thrown(() => file.bytes()), expected);
        assert.equal(thrown(() => file.text()).code, 'ERR_STRING_TOO_LONG');
      }
      file.clear();
      guest.write('x');
      assert.equal(file.text(), 'x');
    });
  });
}

test('guests of both share a position', (t) => {
  const file = memoryFile(t);
  const [one, other] = Object.values(implementations).map((WASI) => guestOn(WASI, file));
  one.write('a');
  other.write('b');
  one.write('c');
  assert.equal(file.text(), 'abc');
  one.seek(1);
  assert.equal(other.read(1), 'b');
});

test('text() refuses what no string can hold', (t) => {
  const file = memoryFile(t);
  const { MAX_STRING_LENGTH } = require('node:buffer').constants;
  fs.ftruncateSync(file.fd, MAX_STRING_LENGTH + 1);
  const message = `Cannot create a string longer than 0x${MAX_STRING_LENGTH.toString(16)} characters`;
  assert.deepEqual(thrown(() => file.text()), error('Error', 'ERR_STRING_TOO_LONG', message));
});

describe('a guest of run()', () => {
  test('reads one, and writes to others', async (t) => {
    const [stdin, stdout, stderr] = [memoryFile(t, 'text'), memoryFile(t), memoryFile(t)];
    const cat = path.join(__dirname, 'fixtures', 'bin', 'cat.wasm');
    const options = { stdin: stdin.fd, stdout: stdout.fd, stderr: stderr.fd };
    const result = await run(cat, { args: ['cat', '/missing'], ...options });
    assert.deepEqual([result.exitCode, result.stdout, result.stderr], [1, '', '']);
    assert.match(stderr.text(), /^cat: \/missing: .+\n$/);
    assert.equal((await run(cat, { args: ['cat'], ...options })).exitCode, 0);
    assert.equal(stdout.text(), 'text');
  });

  test('goes on when it is closed meanwhile', async () => {
    const body = '(call $sleep (i64.const 50)) (call $write (i32.const 1) (i32.const 0) (i32.const 9))';
    const program = await compile(runnable(body));
    const file = new MemoryFile();
    const running = program.run({ stdout: file.fd });
    file.close();
    assert.equal((await running).exitCode, 0);
  });

  test('writes both outputs to one, in order', async (t) => {
    const file = memoryFile(t);
    const options = { stdout: file.fd, stderr: file.fd };
    await run(saying(1, 'one, '), options);
    await run(saying(2, 'two, '), options);
    await run(saying(1, 'three'), options);
    assert.equal(file.text(), 'one, two, three');
  });
});

describe('the initial content is', () => {
  const bytes = Uint8Array.of(9, 0xff, 0, 65, 9);
  const shared = new SharedArrayBuffer(5);
  new Uint8Array(shared).set(bytes);
  const accepted = {
    'absent': [[], ''],
    'undefined': [[undefined], ''],
    'an empty text': [[''], ''],
    'a text': [['a\0ä€😀'], '6100c3a4e282acf09f9880'],
    'a text with a lone surrogate': [['a\ud800b'], '61efbfbd62'],
    'a Uint8Array': [[bytes], '09ff004109'],
    'a part of one': [[bytes.subarray(1, 4)], 'ff0041'],
    'a Buffer': [[Buffer.from('abc')], '616263'],
    'an ArrayBuffer': [[bytes.buffer], '09ff004109'],
    'an ArrayBuffer that can be resized': [[new ArrayBuffer(2, { maxByteLength: 4 })], '0000'],
    'a DataView': [[new DataView(bytes.buffer, 1, 2)], 'ff00'],
    'a Uint16Array': [[new Uint16Array([0x4142, 0x4344])], '42414443'],
    'a SharedArrayBuffer': [[shared], '09ff004109'],
    'a view of one': [[new Uint8Array(shared, 3)], '4109'],
    'a DataView of one': [[new DataView(shared, 3)], '4109'],
  };
  for (const [name, [args, expected]] of Object.entries(accepted)) {
    test(name, (t) => {
      const file = new MemoryFile(...args);
      t.after(() => file.close());
      assert.equal(file.bytes().toString('hex'), expected);
    });
  }

  const expected = 'of type string or an instance of Buffer, TypedArray, DataView or ArrayBuffer';
  const refused = {
    'null': null, 'a number': 5, 'a bigint': 5n, 'a boolean': true, 'a symbol': Symbol('text'), 'an object': {},
    'an array': ['text'], 'a function': () => 'text', 'a String object': Object('text'), 'a class': MemoryFile,
  };
  for (const [name, value] of Object.entries(refused)) {
    test(`not ${name}`, () => {
      const before = descriptors();
      const { code, message, name } = thrown(() => new MemoryFile(value));
      assert.deepEqual([code, name], ['ERR_INVALID_ARG_TYPE', 'TypeError']);
      assert.ok(message.startsWith(`The "initial" argument must be ${expected}. Received `), message);
      assert.equal(descriptors(), before);
    });
  }

  test('not out of bounds', () => {
    for (const view of [Uint8Array, Uint16Array, DataView]) {
      const buffer = new ArrayBuffer(16, { maxByteLength: 16 });
      const initial = new view(buffer, 8, 4);
      buffer.resize(8);
      assert.equal(thrown(() => new MemoryFile(initial)).code, 'ERR_INVALID_ARG_VALUE');
    }
  });

  test('not detached', () => {
    for (const view of [(buffer) => buffer, (buffer) => new Uint8Array(buffer), (buffer) => new DataView(buffer)]) {
      const buffer = new ArrayBuffer(8);
      const initial = view(buffer);
      structuredClone(buffer, { transfer: [buffer] });
      assert.equal(thrown(() => new MemoryFile(initial)).code, 'ERR_INVALID_ARG_VALUE');
    }
  });
});

describe('reading gives', () => {
  test('U+FFFD for what is no UTF-8, and a byte order mark as it is', (t) => {
    const file = memoryFile(t, Uint8Array.of(0xef, 0xbb, 0xbf, 0x61, 0xff, 0xe2, 0x82));
    assert.equal(file.text(), '\ufeffa\ufffd\ufffd');
  });

  test('bytes that are the caller\'s own', (t) => {
    const file = memoryFile(t, 'text');
    const bytes = file.bytes();
    bytes.fill(0);
    assert.ok(Buffer.isBuffer(bytes));
    assert.deepEqual([bytes.buffer.byteLength, file.text()], [4, 'text']);
  });
});

describe('a file that is closed', () => {
  test('says so, whatever is asked of it', () => {
    const file = new MemoryFile('text');
    file.close();
    file.close();
    for (const use of [() => file.fd, () => file.text(), () => file.bytes(), () => file.clear()]) {
      assert.deepEqual(thrown(use), closed);
    }
  });

  test('does not close what has its number now', (t) => {
    const file = new MemoryFile();
    const { fd } = file;
    file.close();
    const others = [];
    t.after(() => others.forEach((other) => fs.closeSync(other)));
    do others.push(fs.openSync(__filename)); while (others.at(-1) < fd);
    assert.equal(others.at(-1), fd);
    file.close();
    assert.equal(fs.readFileSync(fd).length, fs.statSync(__filename).size);
  });

  test('has no descriptor', () => {
    const before = descriptors();
    const files = Array.from({ length: 100 }, (_, index) => new MemoryFile(`${index}`));
    assert.equal(descriptors(), before + 100);
    assert.equal(new Set(files.map(({ fd }) => fd)).size, 100);
    files.forEach((file) => file.close());
    assert.equal(descriptors(), before);
  });

  test('can be closed by `using`', () => {
    assert.equal(MemoryFile.prototype[Symbol.dispose], MemoryFile.prototype.close);
    const before = descriptors();
    new MemoryFile()[Symbol.dispose]();
    assert.equal(descriptors(), before);
  });
});

// As guests of node:wasi can: there, fd_close(1) closes the descriptor of the host.
describe('a file whose descriptor a guest has closed', () => {
  const gone = {
    name: 'Error', code: 'EBADF',
    message: 'EBADF: the descriptor of the MemoryFile was closed by someone else',
  };

  test('says so', () => {
    const file = new MemoryFile('text');
    guestOn(node.WASI, file).close(1);
    for (const use of [() => file.text(), () => file.bytes(), () => file.clear()]) assert.throws(use, gone);
    file.close();
    assert.deepEqual(thrown(() => file.fd), closed);
  });

  test('leaves alone what has its number now', (t) => {
    const file = new MemoryFile('text');
    guestOn(node.WASI, file).close(1);
    const other = memoryFile(t, 'of another file');
    assert.equal(other.fd, file.fd);
    for (const use of [() => file.text(), () => file.bytes(), () => file.clear()]) assert.throws(use, gone);
    file.close();
    assert.equal(other.text(), 'of another file');
  });

  test('is as it was, with our class', (t) => {
    const file = memoryFile(t, 'text');
    guestOn(ours.WASI, file).close(1);
    assert.equal(file.text(), 'text');
  });
});

describe('a file that fails to be made', () => {
  test('for want of descriptors says so', () => {
    const said = elsewhere(`
      const files = [];
      try { for (;;) files.push(new MemoryFile()); } catch ({ code, message }) { files[0].close(); console.log(code, message); }`,
    { shell: 'ulimit -n 60; exec "$0" "$@"' });
    assert.equal(said, 'EMFILE EMFILE: no file in memory\n');
  });
});

describe('the class', () => {
  test('needs `new`', () => {
    assert.throws(() => MemoryFile(), TypeError);
  });

  test('shows its descriptor and size', (t) => {
    const file = memoryFile(t, 'some text');
    assert.equal(inspect(file), `MemoryFile { fd: ${file.fd}, size: 9, closed: false }`);
    file.close();
    assert.equal(inspect(file), 'MemoryFile { closed: true }');
  });

  test('can be shown when someone else has closed its descriptor', () => {
    const file = new MemoryFile();
    const { fd } = file;
    fs.closeSync(fd);
    assert.equal(inspect(file), `MemoryFile { fd: ${fd}, closed: false }`);
    file.close();
  });

  test('can be extended', (t) => {
    class Log extends MemoryFile {
      lines() {
        return this.text().split('\n');
      }
    }
    const log = new Log('a\nb');
    t.after(() => log.close());
    assert.deepEqual(log.lines(), ['a', 'b']);
    assert.match(inspect(log), /^Log \{ fd: \d+, size: 3, closed: false \}$/);
  });

  test('has descriptors that child processes get only if they are given to them', (t) => {
    const [stdin, stdout] = [memoryFile(t, 'to a child'), memoryFile(t)];
    execFileSync('cat', { stdio: [stdin.fd, stdout.fd, 'inherit'] });
    assert.equal(stdout.text(), 'to a child');
    execFileSync('ls', ['-l', '/proc/self/fd'], { stdio: ['ignore', stdout.fd, 'inherit'] });
    assert.equal(stdout.text().match(/memfd/g).length, 1);
  });
});

test('a descriptor stays open without the object, whose number others may have', () => {
  const said = elsewhere(`
    const numbers = Array.from({ length: 20 }, (_, index) => new MemoryFile(String(index)).fd);
    // What is collected is told in a later turn.
    const turns = async () => { for (let i = 0; i < 5; i += 1) { await new Promise(setImmediate); gc(); } };
    turns().then(() => console.log(numbers.map((fd) => fs.readFileSync(fd, 'utf8')).join()));`, { flags: ['--expose-gc'] });
  assert.equal(said, `${Array.from({ length: 20 }, (_, index) => index)}\n`);
});
