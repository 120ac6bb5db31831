'use strict';

// The options of `wasi-rs run`.

const { dir, mapdir, volume } = require('./directories.js');
const { variable } = require('./environment.js');
const { UsageError } = require('./failures.js');
const { compiling, general } = require('./options.js');
const { count, countUpTo, duration, seed, size, sizeBetween, time } = require('./units.js');

const ENGINES = ['wasmtime', 'v8'];
const MOST_FILES = 2 ** 31 - 1;

const text = (value) => value;
const stack = sizeBetween(64 * 1024, 64 * 1024 ** 2, 'a size from 64KiB to 64MiB is expected');

function folder(name) {
  if (name) return name;
  throw new Error('a directory is expected');
}

function engine(name) {
  if (ENGINES.includes(name)) return name;
  throw new Error('wasmtime or v8 is expected');
}

const directory = { multiple: true, as: 'dir', complete: 'directory' };

const groups = {
  'What the program can use': {
    'dir': { ...directory, value: 'HOST[::GUEST][:ro]', parse: dir,
      help: 'Let the program use the directory HOST, under the path GUEST if you give one. ":ro" makes it read-only' },
    'volume': { ...directory, value: 'HOST[:GUEST][:ro]', parse: volume,
      help: 'The same as --dir, in the notation of Docker and wasmer' },
    'mapdir': { ...directory, value: 'GUEST:HOST', parse: mapdir,
      help: 'The same as --dir, in an older notation of wasmer and wasmtime' },
    'env': { value: 'NAME[=VALUE]', parse: variable, multiple: true,
      help: 'Set an environment variable. Without VALUE, copy it from your environment' },
    'inherit-env': { help: 'Copy your whole environment. Variables set with --env take precedence' },
    'argv0': { value: 'NAME', parse: text,
      help: 'Set the first argument, which is the name of the program (default: its file name)' },
    'seed': { value: 'VALUE', parse: seed, help: 'Make random bytes reproducible. VALUE is a number or any text' },
    'clock': { value: 'TIME', parse: time,
      help: 'Make clocks reproducible, and start them at TIME, for example 2030-01-31T12:00:00Z or milliseconds ' +
        'since 1970' },
  },
  'Limits': {
    'timeout': { value: 'TIME', parse: duration,
      help: 'Terminate the program after this time, for example 500ms, 5s, 2m, or 1h' },
    'max-memory': { value: 'SIZE', parse: size,
      help: 'Terminate the program if it needs more memory, for example 64MiB, 1GiB, or 65536 (bytes)' },
    'fuel': { value: 'N', parse: count, help: 'Terminate the program after about N instructions' },
    'max-stack': { value: 'SIZE', parse: stack,
      help: 'Size of the call stack, 64KiB to 64MiB, rounded up to a power of two (default: 1MiB)' },
    'max-files': { value: 'N', parse: countUpTo(MOST_FILES),
      help: 'Limit how many files, directories, and streams the program can have open at the same time' },
    ...compiling,
  },
  'How it runs': {
    'invoke': { value: 'NAME', parse: text,
      help: 'Call the exported function NAME with the arguments, and print its results' },
    'engine': { value: ENGINES.join('|'), parse: engine, complete: ENGINES,
      help: 'Choose the engine (default: wasmtime). v8 is the engine of Node.js. Its only limit is --max-files, ' +
        'and it does not read the text format' },
    'cache': { value: 'DIR', parse: folder, complete: 'directory',
      help: 'Cache compiled code in DIR (default: $XDG_CACHE_HOME/wasi-rs or ~/.cache/wasi-rs)' },
    'no-cache': { help: 'Do not use a cache of compiled code' },
    'allow-precompiled': {
      help: 'Accept the output of "wasi-rs compile". This is machine code that can do anything: only use this ' +
        'option for files that you trust' },
    'strace': { help: 'Print each WASI call to stderr' },
    'verbose': { short: 'v', help: 'Print to stderr whether the module was compiled or cached, and what the program used' },
    ...general,
  },
};

const onlyWasmtime = [
  'seed', 'clock', 'timeout', 'max-memory', 'fuel', 'max-stack', 'compile-timeout', 'compile-memory',
  'cache', 'no-cache', 'allow-precompiled',
];

// Options that contradict each other.
function check(values) {
  if (values.cache && values['no-cache']) throw new UsageError("--cache and --no-cache can't be used together");
  if (values.engine !== 'v8') return;
  const wrong = onlyWasmtime.find((name) => values[name] !== undefined);
  if (wrong) throw new UsageError(`--${wrong} needs --engine wasmtime: V8 ${lacking(wrong)}`);
}

function lacking(name) {
  if (name === 'seed' || name === 'clock') return 'has no reproducible clocks and random bytes';
  if (name.includes('cache') || name === 'allow-precompiled') return 'neither keeps nor loads compiled code';
  return 'has no such limit';
}

module.exports = { check, groups };
