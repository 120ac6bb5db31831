'use strict';

// The functions of the addon, for the rest of lib/. index.js has already loaded it, or has thrown an
// error that explains why it doesn't load.
module.exports = require('../addon.js').load();
