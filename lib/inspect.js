'use strict';

// What util.inspect() and console.log() show of our objects, whose fields are private.

const { inspect } = require('node:util');

// For a method [inspect.custom]. inspect() must not throw, whatever was done to the object. `stateOf` may
// throw, as it does for an object that only inherits from ours.
function showState(object, stateOf, depth, options = {}) {
  try {
    return shown(object.constructor?.name || 'Object', stateOf, depth, options);
  } catch {
    return inspect(object, { ...options, customInspect: false });
  }
}

function shown(name, stateOf, depth, options) {
  if (depth < 0) return options.stylize?.(`[${name}]`, 'special') ?? `[${name}]`;
  return `${name} ${inspect(stateOf(), { ...options, depth })}`;
}

module.exports = { custom: inspect.custom, showState };
