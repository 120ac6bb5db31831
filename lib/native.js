'use strict';

// The addon's functions, for the rest of lib/. index.js has loaded it before, with a clear word if
// it is missing.
module.exports = require('../addon.js').load();
