'use strict';

// The class is native: see src/front/v8. `binding.js` is the loader that napi-rs generates.
function load() {
  try {
    return require('./binding.js');
  } catch (cause) {
    const message = 'wasi-rs: the native addon is missing or does not load on this platform. ' +
      'In a checkout, `npm run build` makes it (this needs Rust, https://rustup.rs)';
    throw Object.assign(new Error(message, { cause }), { code: 'ERR_WASI_RS_ADDON' });
  }
}

const { WASI } = load();

module.exports = { WASI };
