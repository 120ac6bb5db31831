// Makers of plugins, one for each implementation. A maker gives
//   make(f)  makes a plugin that calls `f`: its `exports` add, loop and call, close(), and reset() if
//            there must be one now and then
//   isSync   whether make() and the exports give no promises
//   counts   how many calls, calls of the host and plugins there are in a sample

import { createRequire } from 'node:module';
import { compile, moduleOf } from './guests.mjs';

const require = createRequire(import.meta.url);
const EXTISM = '@extism/extism';
const TIMEOUT_MS = 1000;

const importsOf = (f) => ({ env: { f } });
const closable = (instance) => ({ exports: instance.exports, close: () => instance.close() });

export function isExtismInstalled() {
  try {
    return Boolean(require.resolve(EXTISM));
  } catch {
    return false;
  }
}

async function synchronous(options) {
  const program = await compile('plugin');
  const make = (f) => closable(program.instantiateSync({ ...options, imports: importsOf(f) }));
  return { make, isSync: true, counts: { calls: 100_000, hostCalls: 100_000, plugins: 100 } };
}

// One or two numbers that a function takes, as its input.
const bytesOf = (first, second = 0) => new Uint8Array(Int32Array.of(first, second).buffer);

function extismExports(plugin) {
  const exporting = (name) => async (...args) => (await plugin.call(name, bytesOf(...args))).getInt32(0, true);
  return { add: exporting('add'), loop: exporting('loop'), call: exporting('call') };
}

// Without reset(), a plugin fails after 16,000 calls, because inputs and outputs have no more addresses.
async function extism(options, counts) {
  const { default: createPlugin } = await import(EXTISM);
  const wasm = [{ module: moduleOf('extism') }];
  const make = async (f) => {
    const functions = { 'extism:host/user': { f: (context, x) => f(x) } };
    const plugin = await createPlugin({ wasm }, { ...options, functions });
    return { exports: extismExports(plugin), close: () => plugin.close(), reset: () => plugin.reset() };
  };
  return { make, isSync: false, counts };
}

export const makers = {
  sync: () => synchronous({}),
  syncTimeout: () => synchronous({ timeout: TIMEOUT_MS }),

  async async() {
    const program = await compile('plugin');
    const make = async (f) => closable(await program.instantiate({ imports: importsOf(f) }));
    return { make, isSync: false, counts: { calls: 1000, hostCalls: 1000, plugins: 100 } };
  },

  async v8() {
    const module = moduleOf('plugin');
    const make = (f) => ({ exports: new WebAssembly.Instance(module, importsOf(f)).exports, close() {} });
    return { make, isSync: true, counts: { calls: 1_000_000, hostCalls: 1_000_000, plugins: 100 } };
  },

  extism: () => extism({}, { calls: 1000, hostCalls: 100_000, plugins: 20 }),
  extismWorker: () => extism({ runInWorker: true }, { calls: 200, hostCalls: 200, plugins: 5 }),
};
