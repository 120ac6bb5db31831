'use strict';

// The class is native: see src/front/v8. `binding.js` is the loader that napi-rs generates.
const { WASI } = require('./binding.js');

module.exports = { WASI };
