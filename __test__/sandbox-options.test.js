'use strict';

// What node:wasi does not have: read-only mounts, a limit on descriptors, close().

const assert = require('node:assert/strict');
const fs = require('node:fs');
const { describe, test } = require('node:test');
const { spawnSync } = require('node:child_process');
const path = require('node:path');
const intended = require('./differential/intended');
const { WASI } = require('..');
const { Guest, OUT, PAGE, guestWithDirectory, tempDir, text } = require('./helpers/guest');
const { errno, oflags, rights } = require('./helpers/preview1');

const version = 'preview1';

// A guest with a read-only directory as 3 and a writable one as 4, both with a file.
function guestWithMounts(t) {
  const [readonly, writable] = [tempDir(t), tempDir(t)];
  for (const directory of [readonly, writable]) {
    fs.writeFileSync(path.join(directory, 'file'), 'content');
    fs.mkdirSync(path.join(directory, 'dir'));
  }
  const preopens = { '/ro': { path: readonly, readonly: true }, '/rw': { path: writable } };
  return { guest: new Guest({ preopens }), readonly, writable };
}

// As the error about an option that nobody has lists them.
function runOptionNames() {
  try {
    require('../lib/option-tables').runOptions.read({ 'something else': 1 });
  } catch ({ message }) {
    return Array.from(message.split('The options are ')[1].matchAll(/'(\w+)'/g), ([, name]) => name);
  }
  return assert.fail('read');
}

function snapshot(directory) {
  return fs.readdirSync(directory).sort().map((name) => {
    const { mode, size, mtimeNs, ino, nlink } = fs.lstatSync(path.join(directory, name), { bigint: true });
    return [name, mode, size, mtimeNs, ino, nlink];
  });
}

describe('a read-only mount', () => {
  test('is read like any other', (t) => {
    const { guest } = guestWithMounts(t);
    const fd = guest.open('file', { base: rights.FD_READ });
    guest.write(OUT, Buffer.from([0, 2, 0, 0, 7, 0, 0, 0]));
    assert.equal(guest.exports.fd_read(fd, OUT, 1, OUT + 8), 0);
    assert.equal(guest.read(512, 7).toString(), 'content');
    assert.equal(guest.openDirectory('dir', { base: rights.FD_READDIR, inheriting: 0n }), 6);
  });

  const changes = {
    path_create_directory: [3, text('new')],
    path_remove_directory: [3, text('dir')],
    path_unlink_file: [3, text('file')],
    path_symlink: [text('file'), 3, text('new')],
    path_filestat_set_times: [3, 0, text('file'), 0n, 0n, 5],
  };
  const between = {
    path_rename: (from, to) => [from, text('file'), to, text('new')],
    path_link: (from, to) => [from, 0, text('file'), to, text('new')],
  };
  for (const [from, to] of [[3, 3], [3, 4], [4, 3]]) {
    for (const [name, args] of Object.entries(between)) changes[`${name} ${from} ${to}`] = args(from, to);
  }
  for (const [name, args] of Object.entries(changes)) {
    test(`refuses ${name}`, (t) => {
      const { guest, readonly, writable } = guestWithMounts(t);
      const before = [snapshot(readonly), snapshot(writable)];
      assert.equal(guest.call(name.split(' ')[0], ...args), errno.NOTCAPABLE);
      assert.deepEqual([snapshot(readonly), snapshot(writable)], before);
    });
  }

  for (const [name, options] of Object.entries({
    creating: { oflags: oflags.CREAT, base: 0n },
    truncating: { oflags: oflags.TRUNC, base: 0n },
    writing: { oflags: 0, base: rights.FD_WRITE },
    allocating: { oflags: 0, base: rights.FD_ALLOCATE },
    resizing: { oflags: 0, base: rights.FD_FILESTAT_SET_SIZE },
    dating: { oflags: 0, base: rights.FD_FILESTAT_SET_TIMES },
  })) {
    test(`opens nothing for ${name}, from a directory in it neither`, (t) => {
      const { guest, readonly } = guestWithMounts(t);
      const before = snapshot(readonly);
      const inheriting = 0xfffffffn & ~0x1df9e41n;
      const directory = guest.openDirectory('dir', { base: rights.PATH_OPEN, inheriting: inheriting & rights.FD_READ });
      for (const [fd, file] of [[3, 'file'], [directory, 'new']]) {
        const args = [fd, 0, text(file), options.oflags, options.base, 0n, 0, OUT];
        assert.equal(guest.call('path_open', ...args), errno.NOTCAPABLE);
      }
      assert.deepEqual(snapshot(readonly), before);
    });
  }

  test('refuses its own times', (t) => {
    const { guest, readonly } = guestWithMounts(t);
    const { mtimeMs } = fs.statSync(readonly);
    assert.equal(guest.exports.fd_filestat_set_times(3, 0n, 0n, 5), errno.NOTCAPABLE);
    assert.equal(fs.statSync(readonly).mtimeMs, mtimeMs);
  });

  test('of the same directory may stand beside a writable one', (t) => {
    const directory = tempDir(t);
    const preopens = { '/ro': { path: directory, readonly: true }, '/rw': { path: directory, readonly: false } };
    const guest = new Guest({ preopens });
    assert.equal(guest.call('path_create_directory', 3, text('new')), errno.NOTCAPABLE);
    assert.equal(guest.call('path_create_directory', 4, text('new')), 0);
  });

  for (const [name, preopen] of Object.entries({
    'a path that is no string': { path: 5 },
    'a readonly that is no boolean': { path: '.', readonly: 'yes' },
  })) {
    test(`takes no ${name}`, () => {
      assert.throws(() => new WASI({ version, preopens: { '/a': preopen } }), { code: 'ERR_INVALID_ARG_TYPE' });
    });
  }
});

describe('maxFiles', () => {
  test('is where a guest gets EMFILE, until it closes one', (t) => {
    const directory = tempDir(t);
    fs.writeFileSync(path.join(directory, 'file'), '');
    const guest = new Guest({ preopens: { '/': directory }, maxFiles: 6 });
    const open = () => guest.call('path_open', 3, 0, text('file'), 0, rights.FD_READ, 0n, 0, OUT);
    assert.deepEqual([open(), open(), open(), open()], [0, 0, errno.MFILE, errno.MFILE]);
    assert.equal(guest.exports.fd_close(4), 0);
    assert.deepEqual([open(), guest.u32(OUT), open()], [0, 4, errno.MFILE]);
    assert.equal(guest.exports.fd_renumber(4, 5), 0);
    assert.deepEqual([open(), open()], [0, errno.MFILE]);
  });

  test('leaves the host three quarters of its descriptors by default', () => {
    const script = path.join(__dirname, 'helpers', 'exhaust.js');
    const command = 'ulimit -n 400 && exec "$0" "$1"';
    const { stdout, stderr } = spawnSync('sh', ['-c', command, process.execPath, script], { encoding: 'utf8' });
    assert.deepEqual([stdout, stderr], [`${errno.MFILE} 96\n`, '']);
  });

  test('must be an integer that leaves room for what the guest starts with', () => {
    assert.throws(() => new WASI({ version, maxFiles: '9' }), { code: 'ERR_INVALID_ARG_TYPE' });
    for (const maxFiles of [-1, 1.5, NaN, 2 ** 31]) {
      assert.throws(() => new WASI({ version, maxFiles }), { code: 'ERR_OUT_OF_RANGE' });
    }
    assert.throws(() => new WASI({ version, maxFiles: 2 }), {
      code: 'UVWASI_EMFILE', message: 'UVWASI_EMFILE, uvwasi_init: too many open descriptors, see options.maxFiles',
    });
    assert.throws(() => new WASI({ version, maxFiles: 3, preopens: { a: '.' } }), { code: 'UVWASI_EMFILE' });
    new WASI({ version, maxFiles: 3 });
  });
});

describe('an option that the class does not have', () => {
  const refused = (option, value = 1) => {
    let message;
    assert.throws(() => new WASI({ version, [option]: value }), (error) => {
      ({ message } = error);
      return error instanceof TypeError && error.code === 'ERR_INVALID_ARG_VALUE';
    }, intended.mistakenOptions);
    return message;
  };

  test('is refused if run() has it', () => {
    const both = ['args', 'env', 'preopens', 'stdin', 'stdout', 'stderr', 'maxFiles'];
    const options = runOptionNames().filter((name) => !both.includes(name));
    assert.ok(options.includes('timeout') && options.includes('compileMemoryLimit'));
    for (const option of options) {
      assert.equal(refused(option), `The property 'options.${option}' is an option of run(), not of the WASI class, ` +
        'which would run the guest without it. Use run(), or remove the option');
    }
  });

  test('is refused if it is a misspelling', () => {
    for (const [option, meant] of Object.entries({
      maxfiles: 'maxFiles', MaxFiles: 'maxFiles', maxFile: 'maxFiles', Share: 'share', preopen: 'preopens', preOpens: 'preopens',
    })) {
      assert.equal(refused(option), `The property 'options.${option}' is not a known option. Did you mean '${meant}'?`);
    }
  });

  test('is ignored if it is undefined, not enumerable, inherited or anything else', () => {
    const hidden = Object.defineProperty({ version }, 'timeout', { value: 1 });
    for (const options of [
      { version, timeout: undefined, preopen: undefined }, hidden, Object.assign(Object.create({ timeout: 1 }), { version }),
      { version, unknown: 1, Timeout: 1, toString: 1, [Symbol('timeout')]: 1 },
    ]) new WASI(options).close();
  });

  test('is refused after the other options, and before anything is opened', () => {
    assert.throws(() => new WASI({ timeout: 1, version, stdin: 'bad' }), { code: 'ERR_INVALID_ARG_TYPE' });
    assert.throws(() => new WASI({ timeout: 1, version, preopens: { '/a': '/nowhere' } }), { code: 'ERR_INVALID_ARG_VALUE' });
  });
});

describe('a directory that cannot be opened', () => {
  const failure = (preopens, more) => {
    try {
      new WASI({ version, preopens, ...more });
    } catch ({ name, message, ...properties }) {
      return { name, message, ...properties };
    }
    assert.fail('made');
  };

  test('is named by the error', () => {
    for (const [place, code, number, reason] of [
      ['/nowhere', 'UVWASI_ENOENT', errno.NOENT, 'no such directory'],
      [__filename, 'UVWASI_ENOTDIR', errno.NOTDIR, 'not a directory'],
    ]) {
      const message = `${code}, uvwasi_init '${place}' -> '/a': ${reason}. Check options.preopens['/a']`;
      for (const preopen of [place, { path: place }, { path: place, readonly: true }]) {
        assert.deepEqual(failure({ '/fine': '.', '/a': preopen, '/b': '/nowhere/too' }), {
          name: 'Error', message, errno: number, code, syscall: 'uvwasi_init', path: place, dest: '/a',
        }, intended.initErrors);
      }
    }
  });

  test('is named with its place, if its path is relative', () => {
    const expected = `which resolves to '${path.resolve('missing')}'`;
    for (const place of ['missing', './missing']) {
      const { message, path: given } = failure({ '/a': place });
      assert.ok(message.endsWith(`'${place}' -> '/a': no such directory. Check options.preopens['/a'], ${expected}`), message);
      assert.equal(given, place);
    }
  });

  test('is not, where descriptors are to blame', () => {
    for (const name of ['stdin', 'stdout', 'stderr']) {
      const { message, ...properties } = failure({ '/a': '.' }, { [name]: 1_000_000 });
      assert.deepEqual(Object.keys(properties), ['name', 'errno', 'code', 'syscall']);
      assert.equal(message, `UVWASI_EBADF, uvwasi_init options.${name}: descriptor 1000000 is not open`);
    }
    assert.match(failure({ '/b': '.' }, { maxFiles: 3 }).message, /'\.' -> '\/b': too many open descriptors, see options\.maxFiles\./);
    assert.equal(failure({ '/a': '.', '/b': 'src' }, { maxFiles: 4 }).dest, '/b');
  });
});

describe('close()', () => {
  const countOf = (directory) => fs.readdirSync('/proc/self/fd')
    .filter((fd) => {
      try {
        return fs.readlinkSync(`/proc/self/fd/${fd}`).startsWith(directory);
      } catch {
        return false;
      }
    }).length;

  test('closes all descriptors now, but for those of the host', (t) => {
    const guest = guestWithDirectory(t);
    fs.writeFileSync(guest.file('file'), '');
    guest.open('file');
    assert.equal(guest.exports.fd_readdir(3, OUT, 100, 0n, OUT + PAGE - 4), 0);
    assert.equal(countOf(guest.directory), 3);
    guest.wasi.close();
    assert.equal(countOf(guest.directory), 0);
    for (const fd of [0, 1, 2, 3, 4]) assert.equal(guest.exports.fd_fdstat_get(fd, OUT), errno.BADF);
    assert.equal(guest.exports.sched_yield(), 0);
    for (const fd of [0, 1, 2]) fs.fstatSync(fd);
  });

  test('may be called again, and before a start', () => {
    const wasi = new WASI({ version });
    wasi.close();
    wasi.close();
    wasi.finalizeBindings({ exports: { memory: new WebAssembly.Memory({ initial: 1 }) } });
    assert.equal(wasi.wasiImport.fd_fdstat_get(0, 0), errno.BADF);
  });

  test('is what Symbol.dispose names', () => {
    assert.equal(WASI.prototype[Symbol.dispose], WASI.prototype.close);
  });

  test('is for WASI objects', () => {
    assert.throws(() => WASI.prototype.close.call({}), TypeError);
  });
});

test('objects over the same directory share a descriptor, each with its own place in the listing', (t) => {
  const directory = tempDir(t);
  for (let index = 0; index < 50; index++) fs.writeFileSync(path.join(directory, `file-${index}`), '');
  const guests = Array.from({ length: 3 }, () => new Guest({ preopens: { '/': directory } }));
  const next = guests.map(() => 0n);
  const counts = guests.map(() => 0);
  for (let step = 0; step < 100; step++) {
    guests.forEach((guest, index) => {
      assert.equal(guest.exports.fd_readdir(3, PAGE, 40, next[index], 0), 0);
      if (guest.u32(0) === 0) return;
      next[index] = guest.u64(PAGE);
      counts[index]++;
    });
  }
  assert.deepEqual(counts, [52, 52, 52]);
});

test('twenty thousand objects, dropped one after the other, leave nothing behind', () => {
  const script = path.join(__dirname, 'helpers', 'drop-many.js');
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, '20000'], { encoding: 'utf8' });
  assert.deepEqual({ status, stderr }, { status: 0, stderr: '' });
  const { fdsOver, growth } = JSON.parse(stdout);
  assert.ok(fdsOver <= 200, `${fdsOver} descriptors over the start`);
  // Of one object, a hundred bytes would be 2 MB; the heap goes up and down by more than that.
  assert.ok(growth < 100 * 1024 * 1024, `${growth} bytes between the first half and the second`);
});
