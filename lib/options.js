'use strict';

// The options of run() and instantiate(), as the settings that the addon takes.

const path = require('node:path');
const { isDate } = require('node:util').types;
const checks = require('./checks.js');
const { invalidType, invalidValue, outOfRange } = require('./errors.js');
const { seedBytes } = require('./seed.js');
const { readStdio } = require('./stdio.js');

const KIB = 1024;
const MIB = 1024 * KIB;
// What 64 bits without a sign can count.
const MOST_FUEL = 2n ** 64n - 1n;
// In 2262 nanoseconds since 1970 no longer fit into 63 bits.
const LATEST = 9223372036854;

// For the class the same variable does the same.
const STRACE = !['', '0', undefined].includes(process.env.WASI_RS_STRACE);

const none = Object.freeze({});

// Settings for the addon, and what is for lib/ only: `signal`, `encoding` (null for Buffers) and
// `hasStreams`, whether pipes are to be put where there are streams. `args` is null where the
// program's name is due.
function readSettings(options = none) {
  const {
    args, env, preopens, stdin, stdout, stderr, encoding, maxBuffer, timeout, signal,
    memoryLimit, fuel, maxStack, maxFiles, seed, clock, strace,
  } = checks.object(options, 'options');
  return {
    args: args === undefined ? null : readArgs(args),
    env: env === undefined ? [] : readEnv(env),
    preopens: preopens === undefined ? [] : readPreopens(preopens),
    ...readStdio(stdin, stdout, stderr),
    encoding: encoding === undefined ? 'utf8' : readEncoding(encoding),
    maxBuffer: maxBuffer === undefined ? MIB : checks.integerOrInfinity(maxBuffer, 'options.maxBuffer'),
    timeout: timeout === undefined ? 0 : readTimeout(timeout),
    signal: signal === undefined ? undefined : checks.signal(signal, 'options.signal'),
    memoryLimit: memoryLimit === undefined
      ? Infinity : checks.integerOrInfinity(memoryLimit, 'options.memoryLimit'),
    fuel: fuel === undefined ? null : readFuel(fuel),
    maxStack: maxStack === undefined ? MIB : checks.integer(maxStack, 'options.maxStack', 64 * KIB, 64 * MIB),
    maxFiles: maxFiles === undefined ? null : checks.fileDescriptor(maxFiles, 'options.maxFiles'),
    seed: seed === undefined ? null : seedBytes(seed),
    clock: clock === undefined ? null : readClock(clock),
    trace: strace === undefined ? STRACE : checks.boolean(strace, 'options.strace'),
  };
}

function readArgs(args) {
  if (!Array.isArray(args)) throw invalidType('options.args', 'an instance of Array', args);
  return Array.from(args, (value, index) => {
    if (!(index in args)) throw invalidValue('options.args', 'must not have holes', args);
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

function readPreopens(preopens) {
  const mounts = [];
  for (const [name, value] of Object.entries(checks.object(preopens, 'options.preopens'))) {
    if (value !== undefined) mounts.push(readPreopen(name, value));
  }
  return mounts;
}

function readPreopen(name, value) {
  if (typeof value === 'string') return [name, fromHere(value), false];
  const option = `options.preopens['${name}']`;
  if (value === null || typeof value !== 'object') {
    throw invalidType(option, 'of type string or object', value);
  }
  const { path: place, readonly = false } = value;
  if (typeof place !== 'string') throw invalidType(`${option}.path`, 'of type string', place);
  return [name, fromHere(place), checks.boolean(readonly, `${option}.readonly`)];
}

// The guest may have to wait, and the process go elsewhere meanwhile. Nothing is cut out of the
// path: what `..` means is up to the file system.
function fromHere(name) {
  return name === '' || path.isAbsolute(name) ? name : `${process.cwd()}${path.sep}${name}`;
}

function readEncoding(encoding) {
  if (encoding === null || encoding === 'buffer') return null;
  if (Buffer.isEncoding(encoding)) return encoding;
  throw invalidValue('options.encoding', 'is invalid encoding', encoding);
}

// More than any clock can count is as good as none.
function readTimeout(timeout) {
  if (!(checks.number(timeout, 'options.timeout') >= 0)) throw outOfRange('options.timeout', '>= 0', timeout);
  return timeout > Number.MAX_SAFE_INTEGER ? 0 : timeout;
}

function readFuel(fuel) {
  if (typeof fuel !== 'bigint') return BigInt(checks.integer(fuel, 'options.fuel', 1, Number.MAX_SAFE_INTEGER));
  if (fuel < 1n || fuel > MOST_FUEL) throw outOfRange('options.fuel', `>= 1 && <= ${MOST_FUEL}`, fuel);
  return fuel;
}

// Whole milliseconds and the rest apart: together they are more than a number holds exactly.
function readClock(clock) {
  const time = isDate(clock) ? clock.getTime() : clock;
  if (typeof time !== 'number') throw invalidType('options.clock', 'of type number or an instance of Date', clock);
  if (!(time >= 0 && time <= LATEST)) throw outOfRange('options.clock', `>= 0 && <= ${LATEST}`, clock);
  const whole = Math.floor(time);
  return BigInt(whole) * 1000000n + BigInt(Math.floor((time - whole) * 1e6));
}

module.exports = { readSettings };
