'use strict';

// Variables for the guest.

// NAME=VALUE, or NAME: as it is in our own environment, if it is there.
function variable(text) {
  const at = text.indexOf('=');
  const name = at === -1 ? text : text.slice(0, at);
  if (name === '') throw new Error('a variable must have a name');
  return [name, at === -1 ? process.env[name] : text.slice(at + 1)];
}

// Values that are undefined are left out by run() and class WASI.
function environment(variables = [], inherited = {}) {
  return { ...inherited, ...Object.fromEntries(variables) };
}

module.exports = { environment, variable };
