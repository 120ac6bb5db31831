'use strict';

// The options of compile().

const os = require('node:os');
const path = require('node:path');
const checks = require('./checks.js');
const { invalidType, invalidValue } = require('./errors.js');

const none = Object.freeze({});

function readCompileOptions(options = none) {
  const { cache = true, allowPrecompiled = false, signal } = checks.object(options, 'options');
  return {
    cache: cacheFolder(cache),
    precompiled: checks.boolean(allowPrecompiled, 'options.allowPrecompiled'),
    signal: signal === undefined ? undefined : checks.signal(signal, 'options.signal'),
  };
}

function cacheFolder(cache) {
  if (cache === true) return defaultFolder();
  if (cache === false) return null;
  if (typeof cache !== 'string') throw invalidType('options.cache', 'of type boolean or string', cache);
  if (cache === '') throw invalidValue('options.cache', 'must not be empty', cache);
  return path.resolve(checks.noNull(cache, 'options.cache'));
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

module.exports = { readCompileOptions };
