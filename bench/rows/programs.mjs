// Rows about whole programs, and about what happens before a guest runs. The form of a row is
// described in calls.mjs.

import { DIRECTORY, moduleOf, optionsOf } from '../lib/guest.mjs';

export const CAT_BYTES = 100 * 1024 * 1024;
export const TREE_FILES = 20_000;
const LOG_LINES = 50_000;
const STDOUT = 1;

const cat = {
  name: 'cat-100MB',
  floor: ['cat', 'big'],
  needs: ['big'],
  n: 1,
  samples: 3,
  prepare({ guest }) {
    const programs = guest('programs');
    const [path, length] = programs.text('big');
    return {
      run: () => programs.sequence('cat', path, length, STDOUT)(DIRECTORY),
      check() {
        if (programs.exports.bytes.value !== BigInt(CAT_BYTES)) throw new Error('not all bytes were copied');
      },
    };
  },
};

const walk = {
  name: 'walk-20000',
  floor: ['walk', 'tree', TREE_FILES],
  needs: ['tree'],
  n: 1,
  samples: 3,
  prepare({ guest }) {
    const programs = guest('programs');
    const [path, length] = programs.text('tree');
    return {
      run: () => programs.sequence('walk', path, length)(DIRECTORY),
      check() {
        const seen = programs.exports.files.value;
        if (seen !== TREE_FILES) throw new Error(`${seen} files instead of ${TREE_FILES}`);
      },
    };
  },
};

const log = {
  name: 'log-50000',
  floor: ['log', LOG_LINES],
  n: 1,
  samples: 3,
  prepare({ guest }) {
    const programs = guest('programs');
    const [path, length] = programs.text('log');
    return { run: () => programs.sequence('log', path, length, LOG_LINES)(DIRECTORY) };
  },
};

function hello(WASI, directory, module) {
  const wasi = new WASI(optionsOf(directory));
  const status = wasi.start(new WebAssembly.Instance(module, wasi.getImportObject()));
  if (status !== 0) throw new Error(`the guest ended with ${status}`);
}

// The limit on repetitions: every guest keeps descriptors and address space until it is collected.
const MOST_OBJECTS = 100;

const helloRow = (name, repetition) => ({
  name,
  ...repetition,
  prepare({ load, directory }) {
    const WASI = load();
    const module = moduleOf('hello');
    // Opens the null device before the time starts.
    optionsOf(directory);
    return {
      run(n) {
        for (let i = 0; i < n; i += 1) hello(WASI, directory, module);
      },
    };
  },
});

const require = {
  name: 'require',
  n: 1,
  samples: 1,
  prepare: ({ load }) => ({ run: load }),
};

const construct = {
  name: 'new-WASI',
  most: MOST_OBJECTS,
  prepare({ load, directory }) {
    const WASI = load();
    const options = optionsOf(directory);
    return {
      run(n) {
        for (let i = 0; i < n; i += 1) new WASI(options).getImportObject();
      },
    };
  },
};

export const programRows = [
  cat,
  walk,
  log,
  helloRow('hello', { most: MOST_OBJECTS }),
  helloRow('hello-first', { n: 1, samples: 1 }),
  require,
  construct,
];
