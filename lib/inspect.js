'use strict';

// What util.inspect() and console.log() show of our objects, whose fields are private.

const { inspect } = require('node:util');

// For a method [inspect.custom]. `state` is undefined for an object that only inherits from ours.
function showState(object, state, depth, options = {}) {
  if (state === undefined) return inspect(object, { ...options, customInspect: false });
  const name = object.constructor?.name || 'Object';
  if (depth < 0) return options.stylize?.(`[${name}]`, 'special') ?? `[${name}]`;
  return `${name} ${inspect(state, { ...options, depth })}`;
}

module.exports = { custom: inspect.custom, showState };
