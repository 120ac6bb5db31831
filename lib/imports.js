'use strict';

// Looks up what a program imports in the option `imports`. As in the WebAssembly JavaScript API, only what
// the program imports is looked at, and inherited properties count, except for those of Object.prototype.

const checks = require('./checks.js');
const { describe } = require('./description.js');
const { invalidOption, invalidType } = require('./errors.js');
const native = require('./native.js');

const EXPECTED = 'an object of modules with functions, such as { env: { log() {} } }';
const WASI = ['wasi_snapshot_preview1', 'wasi_unstable'];

const wanted = new WeakMap();

const readImports = (value, name) => checks.object(value, name, EXPECTED);

// What the program imports besides WASI.
function wantedBy(program) {
  if (!wanted.has(program)) wanted.set(program, native.hostImports(program));
  return wanted.get(program);
}

// The functions, each with its name and the types of its results, and the values of the globals.
// Both are undefined where there is none: the addon says what is missing.
function lookUpAll(program, imports) {
  const { functions, globals } = wantedBy(program);
  refuseWasi(program, imports, functions);
  return {
    functions: functions.map((item) => ({ ...item, path: pathOf(item), call: functionFor(imports, item) })),
    globals: globals.map((item) => numberFor(imports, item)),
  };
}

function functionFor(imports, item) {
  const value = lookUp(imports, item);
  if (value === undefined || typeof value === 'function') return value;
  throw invalidType(optionFor(item), 'of type function', value);
}

// The kind is the type of the number.
function numberFor(imports, item) {
  const value = lookUp(imports, item);
  const expected = item.kind === 'i64' ? 'bigint' : 'number';
  if (value === undefined || typeof value === expected) return value;
  throw invalidType(optionFor(item), `of type ${expected}`, value);
}

function lookUp(imports, { module, name }) {
  const namespace = member(imports, module);
  if (namespace === undefined) return undefined;
  const isObject = (typeof namespace === 'object' && namespace !== null) || typeof namespace === 'function';
  if (!isObject) throw invalidType(`options.imports${property(module)}`, 'of type object', namespace);
  return member(namespace, name);
}

// Every object has what Object.prototype has. Nobody has passed that to the program.
function member(object, name) {
  const value = object[name];
  const isForAll = Object.hasOwn(Object.prototype, name) && !Object.hasOwn(object, name);
  return isForAll && value === Object.prototype[name] ? undefined : value;
}

// A function that would never be called is an error.
function refuseWasi(program, imports, functions) {
  for (const module of WASI.filter((name) => member(imports, name) !== undefined)) {
    const others = new Set(functions.filter((item) => item.module === module).map(({ name }) => name));
    const replaced = describe(program).imports
      .find((item) => item.module === module && !others.has(item.name) && lookUp(imports, item) !== undefined);
    if (replaced !== undefined) throw invalidOption(`options.imports.${module}`, replacing(replaced.name));
  }
}

const replacing = (name) => `can't replace functions of WASI such as ${name}, which wasi-rs provides. Remove it`;
const property = (name) => (/^[\w$]+$/.test(name) ? `.${name}` : `[${JSON.stringify(name)}]`);
const optionFor = ({ module, name }) => `options.imports${property(module)}${property(name)}`;
const pathOf = ({ module, name }) => `${module}${property(name)}`;

module.exports = { lookUpAll, readImports };
