'use strict';

const addon = require('./addon.js');

// The class is native: see src/front/v8.
function load() {
  try {
    return addon.load();
  } catch (cause) {
    const message = 'wasi-rs: the native addon is missing or does not load on this platform. ' +
      'In a checkout, `npm run build` makes it (this needs Rust, https://rustup.rs)';
    throw Object.assign(new Error(message, { cause }), { code: 'ERR_WASI_RS_ADDON' });
  }
}

const { WASI } = load();

// Loaded when it is first used: who needs the class only does not wait for it.
let runner;
const lib = () => (runner ??= require('./lib/run.js'));

function compile(source, options) {
  return lib().compile(source, options);
}

function run(source, options) {
  return lib().run(source, options);
}

function configure(options) {
  return lib().configure(options);
}

const lazy = {
  get MemoryFile() {
    return require('./lib/memory-file.js').MemoryFile;
  },
};

module.exports = { WASI, compile, run, configure };

// In one of the few forms in which `import { MemoryFile }` finds a getter.
Object.defineProperty(module.exports, 'MemoryFile', {
  enumerable: true,
  get() {
    return lazy.MemoryFile;
  },
});
