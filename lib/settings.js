'use strict';

// The settings of a guest, as the addon takes them: an array, because it reads elements faster than
// properties.

const native = require('./native.js');

const names = native.settingNames();

const listed = (settings) => names.map((name) => settings[name]);

module.exports = { listed };
