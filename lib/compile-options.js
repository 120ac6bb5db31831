'use strict';

// The options of compile(), which run() has as well, and the directory of the cache.

const os = require('node:os');
const path = require('node:path');
const checks = require('./checks.js');
const { invalidType, invalidValue } = require('./errors.js');
const { canUse } = require('./permission.js');

// For each option, the function that reads it and its default. The setting `cache` is true for the
// default directory and null for none.
const compiling = {
  cache: [readCache, true],
  allowPrecompiled: [checks.boolean, false],
};

// Ordinary programs stay far below these limits. In run() they have other names, because its
// `timeout` and `memoryLimit` limit the guest.
const timeout = [checks.milliseconds, 600_000];
const memoryLimit = [checks.bytesOrInfinity, 2 * 1024 ** 3];
const limits = { timeout, memoryLimit };
const limitsOfRun = { compileTimeout: timeout, compileMemoryLimit: memoryLimit };

function readCache(cache, name) {
  if (typeof cache === 'boolean') return cache || null;
  if (typeof cache !== 'string') throw invalidType(name, 'of type boolean or string', cache);
  if (cache === '') throw invalidValue(name, 'must not be empty', cache);
  return path.resolve(checks.noNull(cache, name));
}

// Returns null if the permission model forbids the use of the directory. As with any other directory
// that can't be used, this is not an error.
function cacheFolder(cache) {
  const folder = cache === true ? defaultFolder() : cache;
  return folder !== null && canUse(folder) ? folder : null;
}

// The XDG Base Directory Specification says that relative paths must be ignored.
function defaultFolder() {
  const { XDG_CACHE_HOME: folder = '' } = process.env;
  if (path.isAbsolute(folder)) return path.join(folder, 'wasi-rs');
  const home = homeFolder();
  return home === null ? null : path.join(home, '.cache', 'wasi-rs');
}

// Returns null for a user without a home directory. Nothing is cached then.
function homeFolder() {
  try {
    const home = os.homedir();
    return path.isAbsolute(home) ? home : null;
  } catch {
    return null;
  }
}

module.exports = { cacheFolder, compiling, limits, limitsOfRun };
