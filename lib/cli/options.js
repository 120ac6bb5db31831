'use strict';

// The options of `wasi-rs run`.

const { dir, mapdir, volume } = require('./directories.js');
const { variable } = require('./environment.js');
const { UsageError } = require('./failures.js');
const { count, duration, size, sizeBetween } = require('./units.js');

const text = (value) => value;

function folder(name) {
  if (name) return name;
  throw new Error('a directory is expected');
}

function engine(name) {
  if (['wasmtime', 'v8'].includes(name)) return name;
  throw new Error('wasmtime or v8 is expected');
}

const options = {
  'dir': { parse: dir, multiple: true },
  'volume': { parse: volume, multiple: true, as: 'dir', short: 'v' },
  'mapdir': { parse: mapdir, multiple: true, as: 'dir' },
  'env': { parse: variable, multiple: true },
  'argv0': { parse: text },
  'timeout': { parse: duration },
  'max-memory': { parse: size },
  'fuel': { parse: count },
  'compile-timeout': { parse: duration },
  'compile-memory': { parse: size },
  'max-stack': { parse: sizeBetween(64 * 1024, 64 * 1024 ** 2, 'a size from 64KiB to 64MiB is expected') },
  'invoke': { parse: text },
  'engine': { parse: engine },
  'strace': {},
  'cache': { parse: folder },
  'no-cache': {},
  'allow-precompiled': {},
};

const onlyWasmtime = [
  'timeout', 'max-memory', 'fuel', 'max-stack', 'compile-timeout', 'compile-memory', 'cache', 'no-cache', 'allow-precompiled',
];

// Options that contradict each other.
function check(values) {
  if (values.cache && values['no-cache']) throw new UsageError('--cache and --no-cache exclude each other');
  if (values.engine !== 'v8') return;
  const wrong = onlyWasmtime.find((name) => values[name] !== undefined);
  if (wrong) throw new UsageError(`--${wrong} needs --engine wasmtime: V8 has no limits, and keeps no compiled code`);
}

module.exports = { check, options };
