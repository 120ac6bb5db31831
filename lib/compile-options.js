'use strict';

// The options of compile() that run() has too, and where compiled code is kept.

const os = require('node:os');
const path = require('node:path');
const checks = require('./checks.js');
const { invalidType, invalidValue } = require('./errors.js');
const { canUse } = require('./permission.js');

// By name: how it is read, and what it is by default. `cache` is true for the default folder, null
// for none.
const compiling = {
  cache: [readCache, true],
  allowPrecompiled: [checks.boolean, false],
};

// No honest program comes near these limits. run() has them under other names, because its
// `timeout` and `memoryLimit` are those of the guest.
const timeout = [checks.milliseconds, 600_000];
const memoryLimit = [checks.integerOrInfinity, 2 * 1024 ** 3];
const limits = { timeout, memoryLimit };
const limitsOfRun = { compileTimeout: timeout, compileMemoryLimit: memoryLimit };

function readCache(cache, name) {
  if (typeof cache === 'boolean') return cache || null;
  if (typeof cache !== 'string') throw invalidType(name, 'of type boolean or string', cache);
  if (cache === '') throw invalidValue(name, 'must not be empty', cache);
  return path.resolve(checks.noNull(cache, name));
}

// Null where the permission model forbids its use: that is not an error, just as it is none if the
// folder cannot be used for another reason.
function cacheFolder(cache) {
  const folder = cache === true ? defaultFolder() : cache;
  return folder !== null && canUse(folder) ? folder : null;
}

// The specification of these folders says that a relative one is to be ignored.
function defaultFolder() {
  const { XDG_CACHE_HOME: folder = '' } = process.env;
  if (path.isAbsolute(folder)) return path.join(folder, 'wasi-rs');
  const home = homeFolder();
  return home === null ? null : path.join(home, '.cache', 'wasi-rs');
}

// A user need not have one: then nothing is cached.
function homeFolder() {
  try {
    const home = os.homedir();
    return path.isAbsolute(home) ? home : null;
  } catch {
    return null;
  }
}

module.exports = { cacheFolder, compiling, limits, limitsOfRun };
