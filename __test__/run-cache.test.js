'use strict';

// The cache of compiled code: where it is, and when it counts. That an entry was used is seen by
// what it does: the code of one program is put where that of another is expected.

const assert = require('node:assert/strict');
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { describe, test } = require('node:test');
const { tempDir } = require('./helpers/guest');
const { saying } = require('./helpers/run-guests');
require('./helpers/run-process');
const { compile, run } = require('..');

const [one, two] = [saying(1, 'one'), saying(1, 'two')];

// What another process prints that runs the program with this cache.
function elsewhere(program, cache, env = {}) {
  const script = `require(${JSON.stringify(path.join(__dirname, '..'))})
    .run(Buffer.from(${JSON.stringify(program.toString())}), { cache: ${JSON.stringify(cache)} })
    .then(({ stdout }) => process.stdout.write(stdout))`;
  const options = { encoding: 'utf8', env: { ...process.env, ...env } };
  const { stdout, stderr } = spawnSync(process.execPath, ['-e', script], options);
  assert.equal(stderr, '');
  return stdout;
}

// Changes when the file is made anew, but not when it is used.
const stateOf = (file) => {
  const { ino, birthtimeNs, size } = fs.statSync(file, { bigint: true });
  return { ino, birthtimeNs, size };
};
const only = (list) => {
  assert.equal(list.length, 1, list.join());
  return list[0];
};

// A cache with both programs, and their files in it.
async function filled(t) {
  const directory = path.join(tempDir(t), 'not', 'yet', 'there');
  await run(one, { cache: directory });
  const first = path.join(directory, only(fs.readdirSync(directory)));
  await run(two, { cache: directory });
  const second = path.join(directory, only(fs.readdirSync(directory).filter((name) => name !== path.basename(first))));
  return { directory, first, second };
}

// Puts the code of `two` where that of `one` is.
async function swapped(t) {
  const { directory, first, second } = await filled(t);
  fs.writeFileSync(first, fs.readFileSync(second));
  return { directory, first, second };
}

describe('the cache', () => {
  test('is used by the next process, and in this one', async (t) => {
    const { directory } = await swapped(t);
    assert.equal(elsewhere(one, directory), 'two');
    assert.equal((await run(one, { cache: directory })).stdout, 'two');
    assert.equal(elsewhere(two, directory), 'two');
  });

  test('is not written again by those who use it', async (t) => {
    const { directory, first } = await filled(t);
    const before = stateOf(first);
    assert.equal(elsewhere(one, directory), 'one');
    await (await compile(one, { cache: directory })).run();
    assert.deepEqual(stateOf(first), before);
    assert.equal(fs.readdirSync(directory).length, 2);
  });

  test('can be read and written by its owner only', async (t) => {
    const { directory, first } = await filled(t);
    assert.equal(fs.statSync(directory).mode & 0o777, 0o700);
    assert.equal(fs.statSync(first).mode & 0o777, 0o600);
  });

  test('can be a relative path', async (t) => {
    const before = process.cwd();
    const directory = tempDir(t);
    process.chdir(directory);
    const running = run(one, { cache: 'cache' });
    process.chdir(before);
    await running;
    only(fs.readdirSync(path.join(directory, 'cache')));
  });

  test('has code with and without counting fuel', async (t) => {
    const { directory } = await filled(t);
    assert.equal((await run(one, { cache: directory, fuel: 1e6 })).stdout, 'one');
    assert.equal(fs.readdirSync(directory).length, 3);
    assert.ok((await run(one, { cache: directory, fuel: 1e6 })).fuelUsed > 0);
    assert.equal(fs.readdirSync(directory).length, 3);
  });
});

describe('an entry does not count', () => {
  async function assertReplaced({ directory, first }) {
    const before = stateOf(first);
    assert.equal(elsewhere(one, directory), 'one');
    assert.notDeepEqual(stateOf(first), before);
    assert.equal(elsewhere(one, directory), 'one');
  }

  const damages = {
    'with a changed byte': (bytes) => bytes.map((byte, index) => (index === bytes.length >> 1 ? byte ^ 1 : byte)),
    'that is cut off': (bytes) => bytes.subarray(0, bytes.length >> 1),
    'that is empty': () => Buffer.alloc(0),
    'that is something else': () => Buffer.from('something else'),
    'with more at its end': (bytes) => Buffer.concat([bytes, Buffer.from('x')]),
  };
  for (const [name, damage] of Object.entries(damages)) {
    test(`${name}, and is replaced`, async (t) => {
      const cache = await filled(t);
      fs.writeFileSync(cache.first, damage(fs.readFileSync(cache.first)));
      await assertReplaced(cache);
    });
  }

  for (const mode of [0o620, 0o602, 0o666]) {
    test(`that others can write (${mode.toString(8)})`, async (t) => {
      const { directory, first } = await swapped(t);
      fs.chmodSync(first, mode);
      assert.equal(elsewhere(one, directory), 'one');
    });
  }

  for (const mode of [0o770, 0o707, 0o777]) {
    test(`in a directory that others can write (${mode.toString(8)}), where none is made`, async (t) => {
      const { directory, first } = await swapped(t);
      fs.chmodSync(directory, mode);
      const before = stateOf(first);
      assert.equal(elsewhere(one, directory), 'one');
      assert.equal(elsewhere(saying(1, 'three'), directory), 'three');
      assert.deepEqual(stateOf(first), before);
      assert.equal(fs.readdirSync(directory).length, 2);
    });
  }

  // Only root can give files away.
  if (process.getuid() === 0) {
    test('of another user', async (t) => {
      const { directory, first } = await swapped(t);
      fs.chownSync(first, 12345, 12345);
      assert.equal(elsewhere(one, directory), 'one');
      const other = await swapped(t);
      fs.chownSync(other.directory, 12345, 12345);
      assert.equal(elsewhere(one, other.directory), 'one');
    });
  }
});

describe('a program is compiled all the same', () => {
  const wrongPlaces = {
    'a file': (directory) => {
      fs.writeFileSync(path.join(directory, 'file'), '');
      return path.join(directory, 'file');
    },
    'in a file': (directory) => {
      fs.writeFileSync(path.join(directory, 'file'), '');
      return path.join(directory, 'file', 'cache');
    },
    'a link to nowhere': (directory) => {
      fs.symlinkSync('/nowhere/at/all', path.join(directory, 'link'));
      return path.join(directory, 'link');
    },
    'in /proc': () => '/proc/cache',
  };
  for (const [name, make] of Object.entries(wrongPlaces)) {
    test(`when its cache is ${name}`, async (t) => {
      assert.equal((await run(one, { cache: make(tempDir(t)) })).stdout, 'one');
    });
  }

  test('when what is there is a directory', async (t) => {
    const { directory, first } = await filled(t);
    fs.rmSync(first);
    fs.mkdirSync(first);
    assert.equal((await run(one, { cache: directory })).stdout, 'one');
    assert.equal(fs.readdirSync(directory).length, 2);
  });
});

describe('by default the cache is', () => {
  const files = (directory) => fs.readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile()).map((entry) => path.relative(directory, entry.parentPath ?? entry.path));

  test('in XDG_CACHE_HOME', (t) => {
    const [xdg, home] = [tempDir(t), tempDir(t)];
    const env = { XDG_CACHE_HOME: xdg, HOME: home };
    for (const cache of [true, undefined]) assert.equal(elsewhere(one, cache, env), 'one');
    assert.deepEqual([files(xdg), files(home)], [['wasi-rs'], []]);
  });

  for (const xdg of ['', 'relative']) {
    test(`in the home directory, when XDG_CACHE_HOME is '${xdg}'`, (t) => {
      const home = tempDir(t);
      elsewhere(one, true, { XDG_CACHE_HOME: xdg, HOME: home });
      assert.deepEqual(files(home), [path.join('.cache', 'wasi-rs')]);
    });
  }

  test('nowhere, when it is turned off', (t) => {
    const [xdg, home] = [tempDir(t), tempDir(t)];
    assert.equal(elsewhere(one, false, { XDG_CACHE_HOME: xdg, HOME: home }), 'one');
    assert.deepEqual([files(xdg), files(home)], [[], []]);
  });
});

test('many at once fill one cache', async (t) => {
  const directory = tempDir(t);
  const programs = Array.from({ length: 10 }, (_, index) => saying(1, `program ${index}`));
  const results = await Promise.all([...programs, ...programs].map((program) => run(program, { cache: directory })));
  results.forEach(({ stdout }, index) => assert.equal(stdout, `program ${index % 10}`));
  assert.equal(fs.readdirSync(directory).length, 10);
  assert.equal(elsewhere(programs[3], directory), 'program 3');
});
