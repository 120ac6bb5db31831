'use strict';

const addon = require('./addon.js');

// The class is native: see src/front/v8.
function load() {
  try {
    return addon.load();
  } catch (cause) {
    throw Object.assign(new Error(explain(cause), { cause }), { code: 'ERR_WASI_RS_ADDON' });
  }
}

// The error of Node.js doesn't say which flag is the cause.
const forbidden = 'wasi-rs: the native addon can\'t be loaded, because Node.js was started with --no-addons, ' +
  'or with --permission but without --allow-addons';

const bundled = 'wasi-rs: the native addon can\'t be loaded, because wasi-rs was bundled, or copied without the rest ' +
  'of its package. Make wasi-rs external in the configuration of the bundler (`external: [\'wasi-rs\']` in esbuild ' +
  'and Rollup, `externals` in webpack, `ssr.external` in Vite) and install it where the bundle runs. ' +
  'For the configuration of each bundler, see docs/bundlers.md in the wasi-rs package';

// Bundles may have neither `require` nor `__dirname`.
function isWhole() {
  try {
    const { existsSync } = require('node:fs');
    return existsSync(require('node:path').join(__dirname, 'scripts', 'install-addon.mjs'));
  } catch {
    return false;
  }
}

function explain(cause) {
  if (cause.code === 'ERR_DLOPEN_DISABLED') return forbidden;
  if (!isWhole()) return bundled;
  const { existsSync } = require('node:fs');
  const { join } = require('node:path');
  const isCheckout = existsSync(join(__dirname, '__test__'));
  const command = isCheckout ? 'npm run build' : `node ${JSON.stringify(join(__dirname, 'scripts', 'install-addon.mjs'))}`;
  return `wasi-rs: the native addon is missing or can't be loaded: ${cause.message.split('\n')[0]}. ` +
    `To build it, run \`${command}\`. This needs Rust (https://rustup.rs) and a C compiler`;
}

const { WASI, restrict } = load();

// process.permission only exists with the permission model. Class WASI then checks each preopen.
if (process.permission !== undefined) restrict(require('./lib/permission.js').requireGuest);

// Loaded lazily, so that programs that only use the class don't pay for it.
let runner;
const lib = () => (runner ??= require('./lib/run.js'));

function compile(source, options) {
  return lib().compile(source, options);
}

function run(source, options) {
  return lib().run(source, options);
}

function spawn(source, options) {
  return lib().spawn(source, options);
}

function configure(options) {
  return lib().configure(options);
}

const lazy = {
  get MemoryFile() {
    return require('./lib/memory-file.js').MemoryFile;
  },
};

module.exports = { WASI, compile, run, spawn, configure };

// One of the few forms of a getter that `import { MemoryFile }` can find.
Object.defineProperty(module.exports, 'MemoryFile', {
  enumerable: true,
  get() {
    return lazy.MemoryFile;
  },
});
