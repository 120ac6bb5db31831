'use strict';

// Values nobody should pass, as [name, make]: made anew for each run, so that
// the two implementations never share one.

const { inspect } = require('node:util');
const vm = require('node:vm');

function boom() {
  throw new Error('boom');
}

function revoked(target) {
  const { proxy, revoke } = Proxy.revocable(target, {});
  revoke();
  return proxy;
}

function withNullPrototype(properties) {
  return Object.assign(Object.create(null), properties);
}

function withGetter(target, key, get) {
  return Object.defineProperty(target, key, { get, configurable: true });
}

function withName(target, value) {
  return Object.defineProperty(target, 'name', { value, configurable: true });
}

class Plain {}

const primitives = [
  ['undefined', undefined], ['null', null], ['true', true], ['false', false],
  ['0', 0], ['-0', -0], ['NaN', NaN], ['Infinity', Infinity], ['-Infinity', -Infinity],
  ['1.5', 1.5], ['-1', -1], ['-1.5', -1.5], ['5e-324', 5e-324],
  ['2**31-1', 2 ** 31 - 1], ['2**31', 2 ** 31], ['2**32', 2 ** 32], ['2**32+1', 2 ** 32 + 1],
  ['2**40', 2 ** 40], ['-(2**40)', -(2 ** 40)], ['2**53', 2 ** 53], ['1e21', 1e21],
  ['-1e100', -1e100],
  ['1n', 1n], ['-1n', -1n], ['2n**70n', 2n ** 70n],
  ['empty string', ''], ['x', 'x'], ['string 1', '1'], ['single quote', "it's"],
  ['both quotes', `'"\``], ['newline', 'a\nb'], ['newline and quote', `a\n'b\\`],
  ['backslash', 'a\\b'], ['28 characters', 'x'.repeat(28)], ['29 characters', 'x'.repeat(29)],
  ['long, quote within the cut', `'${'y'.repeat(200)}`],
  ['long, quote behind the cut', `${'y'.repeat(26)}'zz`],
  ['long, surrogate pair at the cut', `${'y'.repeat(24)}\u{1F600}${'z'.repeat(9)}`],
  ['lone surrogate', 'a\uD800b'], ['NUL within', 'a\0b'], ['accents', 'é漢字'],
  ['long string', 'q'.repeat(500)],
  ['Symbol()', Symbol()], ['Symbol(empty)', Symbol('')], ['Symbol(desc)', Symbol('desc')],
  ['Symbol.iterator', Symbol.iterator], ['symbol with newline', Symbol("a\n'b'")],
].map(([name, value]) => [name, () => value]);

const functions = [
  ['named function', () => function named() {}],
  ['anonymous function', () => (() => function() {})()],
  ['arrow', () => (() => () => {})()],
  ['async function', () => async function later() {}],
  ['generator function', () => function* many() {}],
  ['bound function', () => function inner() {}.bind(null)],
  ['builtin function', () => Math.max],
  ['class', () => class Named {}],
  ['anonymous class', () => (() => class {})()],
  ['class with a static name method', () => class { static name() {} }],
  ['function named by a symbol', () => withName(() => {}, Symbol('s'))],
  ['function without a name', () => { const f = () => {}; delete f.name; return f; }],
  ['function whose name throws', () => withGetter(() => {}, 'name', boom)],
  ['proxied function', () => new Proxy(function inner() {}, {})],
  ['revoked function', () => revoked(function inner() {})],
  ['function of another realm', () => vm.runInNewContext('(function foreign() {})')],
];

const builtins = [
  ['[]', () => []], ['[1]', () => [1]], ['array of arrays', () => [['a', 'b'], []]],
  ['array of another realm', () => vm.runInNewContext('["a"]')],
  ['array with properties', () => Object.assign(['a'], { extra: 'b' })],
  ['{}', () => ({})], ['{ a: 1 }', () => ({ a: 1 })],
  ['object of another realm', () => vm.runInNewContext('({ a: "b" })')],
  ['Date', () => new Date(0)], ['invalid Date', () => new Date(NaN)],
  ['RegExp', () => /x/g], ['Map', () => new Map([[1, 2]])], ['Set', () => new Set([1])],
  ['WeakMap', () => new WeakMap()], ['Promise', () => Promise.resolve()],
  ['Error', () => new Error('value')], ['ArrayBuffer', () => new ArrayBuffer(2)],
  ['Uint8Array', () => new Uint8Array(2)], ['Float64Array', () => new Float64Array(1)],
  ['Buffer', () => Buffer.from('ab')], ['DataView', () => new DataView(new ArrayBuffer(1))],
  ['Memory', () => new WebAssembly.Memory({ initial: 1 })],
  ['boxed number', () => Object(5)], ['boxed string', () => Object('preview1')],
  ['boxed boolean', () => Object(true)], ['boxed symbol', () => Object(Symbol.iterator)],
  ['boxed bigint', () => Object(5n)],
  ['arguments', () => (function() { return arguments; })('a', 'b')],
  ['class instance', () => new Plain()],
  ['iterator', () => [1][Symbol.iterator]()], ['Math', () => Math],
];

// What an error says about an object depends on `constructor` and its `name`.
const oddConstructors = [
  ['a string', 'str'], ['a number', 5], ['null', null], ['undefined', undefined],
  ['0', 0], ['a symbol', Symbol('s')], ['an empty object', {}],
  ['an object with a name', { name: 'Odd\nname' }], ['an empty name', { name: '' }],
  ['a number as name', { name: 5 }], ['an undefined name', { name: undefined }],
  ['a null name', { name: null }], ['a symbol as name', { name: Symbol('s') }],
  ['an array as name', { name: ['a', 'b'] }], ['an object as name', { name: {} }],
  ['a name that cannot be a string', { name: Object.create(null) }],
].map(([name, constructor]) => [`constructor is ${name}`, () => ({ constructor })]);

const hostile = [
  ['null prototype', () => Object.create(null)],
  ['null prototype with properties', () => withNullPrototype({ a: 1, b: 'c' })],
  ['null prototype with a constructor', () => withNullPrototype({ constructor: Plain })],
  ['null prototype class instance', () => Object.setPrototypeOf(new Plain(), null)],
  ['constructor getter throws', () => withGetter({}, 'constructor', boom)],
  ['constructor name getter throws', () => ({ constructor: withGetter({}, 'name', boom) })],
  ['custom inspect', () => withNullPrototype({ [inspect.custom]: () => 'custom' })],
  ['custom inspect throws', () => withNullPrototype({ [inspect.custom]: boom })],
  ['toStringTag', () => withNullPrototype({ [Symbol.toStringTag]: 'Tag' })],
  ['toString throws', () => ({ toString: boom })],
  ['valueOf throws', () => ({ valueOf: boom })],
  ['toPrimitive throws', () => ({ [Symbol.toPrimitive]: boom })],
  ['toPrimitive gives an object', () => ({ [Symbol.toPrimitive]: () => ({}) })],
  ['toPrimitive is not callable', () => ({ [Symbol.toPrimitive]: 5 })],
  ['toPrimitive gives its hint', () => ({ [Symbol.toPrimitive]: (hint) => hint })],
  ['toString gives a symbol', () => ({ toString: () => Symbol('s') })],
  ['toString gives a number', () => ({ toString: () => 42 })],
  ['toString missing', () => ({ toString: undefined, valueOf: () => 'from valueOf' })],
  ['property getter throws', () => Object.defineProperty({}, 'a', { get: boom, enumerable: true })],
  ['proxied object', () => new Proxy({ a: 'b' }, {})],
  ['proxied array', () => new Proxy(['a', 'b'], {})],
  ['proxied null prototype', () => new Proxy(Object.create(null), {})],
  ['proxy that throws', () => new Proxy({}, { get: boom, ownKeys: boom, has: boom })],
  ['proxied array that throws', () => new Proxy([], { get: boom })],
  ['revoked object', () => revoked({})],
  ['revoked array', () => revoked([])],
];

const values = [...primitives, ...functions, ...builtins, ...oddConstructors, ...hostile];

module.exports = { values, boom };
