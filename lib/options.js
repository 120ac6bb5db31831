'use strict';

// Reads the options of run() and instantiate() into the settings that the addon takes.

const path = require('node:path');
const checks = require('./checks.js');
const { clockStart } = require('./clock.js');
const { invalidType, invalidValue, outOfRange } = require('./errors.js');
const { readImports } = require('./imports.js');
const { OptionTable } = require('./option-table.js');
const { seedBytes } = require('./seed.js');
const { stdio } = require('./stdio.js');

const KIB = 1024;
const MIB = 1024 * KIB;
// The largest unsigned 64-bit integer.
const MOST_FUEL = 2n ** 64n - 1n;

// The class WASI reads the same variable.
const STRACE = !['', '0', undefined].includes(process.env.WASI_RS_STRACE);

// For each option, the function that reads it and its default. The settings are passed to the addon,
// except for `signal`, `end`, `encoding` (null for Buffers), `imports` and streams, each of which is
// replaced by a pipe. `args` is null if the default, the name of the program, applies.
const running = {
  args: [readArgs, null],
  env: [readEnv, []],
  preopens: [readPreopens, []],
  ...stdio,
  end: [checks.boolean, true],
  encoding: [readEncoding, 'utf8'],
  maxBuffer: [checks.bytesOrInfinity, MIB],
  timeout: [checks.milliseconds, 0],
  signal: [checks.signal, undefined],
  memoryLimit: [checks.bytesOrInfinity, Infinity],
  fuel: [readFuel, null],
  maxStack: [(value, name) => checks.bytesBetween(value, name, 64 * KIB, 64 * MIB), MIB],
  maxFiles: [checks.fileDescriptor, null],
  seed: [seedBytes, null],
  clock: [clockStart, null],
  strace: [checks.boolean, STRACE],
  imports: [readImports, null],
};

const preopenOptions = new OptionTable('a preopen', {
  path: [readPath, undefined],
  readonly: [checks.boolean, false],
});

function readArgs(args) {
  if (!Array.isArray(args)) throw invalidType('options.args', 'an instance of Array', args);
  return Array.from(args, (value, index) => {
    if (!Object.hasOwn(args, index)) throw invalidValue('options.args', 'must not have holes', args);
    return String(value);
  });
}

function readEnv(env) {
  const variables = [];
  for (const [name, value] of Object.entries(checks.object(env, 'options.env'))) {
    if (value !== undefined) variables.push(`${name}=${value}`);
  }
  return variables;
}

const PREOPENS = "an object from guest paths to host paths, such as { '/data': './data' }";

function readPreopens(preopens) {
  const mounts = [];
  for (const [name, value] of Object.entries(checks.object(preopens, 'options.preopens', PREOPENS))) {
    if (value !== undefined) mounts.push(readPreopen(name, value));
  }
  return mounts;
}

// Of any realm.
const isUrl = ({ href, protocol }) => href !== undefined && protocol !== undefined;

function readPreopen(name, value) {
  if (typeof value === 'string') return [name, fromHere(value), false];
  const option = `options.preopens['${name}']`;
  checks.object(value, option, 'of type string or object');
  if (isUrl(value)) throw invalidType(option, 'a path or an object. Convert a URL with fileURLToPath()', value);
  const { path: place, readonly } = preopenOptions.read(value, option);
  return [name, place ?? readPath(place, `${option}.path`), readonly];
}

function readPath(place, name) {
  if (typeof place !== 'string') throw invalidType(name, 'of type string', place);
  return fromHere(place);
}

// The guest may have to wait, and the process go elsewhere meanwhile. Nothing is cut out of the
// path but a leading `./`: what `..` means is up to the file system.
function fromHere(name) {
  if (name === '' || path.isAbsolute(name)) return name;
  return `${process.cwd()}${path.sep}${name.replace(/^(?:\.\/+)+(?=.)/, '')}`;
}

function readEncoding(encoding) {
  if (encoding === null || encoding === 'buffer') return null;
  if (Buffer.isEncoding(encoding)) return encoding;
  throw invalidValue('options.encoding', "must be an encoding of Buffer, 'buffer' or null", encoding);
}

function readFuel(fuel) {
  if (typeof fuel !== 'bigint') return BigInt(checks.integer(fuel, 'options.fuel', 1, Number.MAX_SAFE_INTEGER));
  if (fuel < 1n || fuel > MOST_FUEL) throw outOfRange('options.fuel', `>= 1 && <= ${MOST_FUEL}`, fuel);
  return fuel;
}

module.exports = { running };
