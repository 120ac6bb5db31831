// Calls of plugins that end in each way in which a function of the host can end one: to see what they
// leave behind.

import { tidy, TURN } from './guests.mjs';

const HOST_FUNCTION = 'ERR_WASI_HOST_FUNCTION';
const TIMEOUT = 'ERR_WASI_TIMEOUT';
const never = () => new Promise(() => {});
const wrong = () => 5n;

function throws() {
  throw new Error('thrown by a function of the host');
}

// Each gives the function for one call, limits, and the `code` of the error that the call ends with.
const both = {
  returns: () => ({ f: (x) => x }),
  throws: () => ({ f: throws, code: HOST_FUNCTION }),
  returnsSomethingElse: () => ({ f: wrong, code: HOST_FUNCTION }),
  // The guest calls it again and again.
  returnsTooOften: () => ({ f: () => -1, timeout: 1, code: TIMEOUT }),
};

// A promise that is settled when the call has ended: resolved with 0, rejected with 1.
const late = (settler) => () => {
  let settle;
  const f = () => new Promise((...settlers) => (settle = settlers[settler]));
  return { f, timeout: 5, code: TIMEOUT, after: () => settle?.(1) };
};

// Aborts the call that it is called by. `then` gives its result.
const aborting = (then) => () => {
  const controller = new AbortController();
  const f = (x) => {
    controller.abort();
    return then(x);
  };
  return { f, signal: controller.signal, code: 'ABORT_ERR' };
};

const ways = {
  ...both,
  resolves: () => ({ f: async (x) => x }),
  rejects: () => ({ f: async () => throws(), code: HOST_FUNCTION }),
  callsBack: () => ({ async f(x) { return this.exports.same(x); } }),
  neverSettles: () => ({ f: never, timeout: 5, code: TIMEOUT }),
  aborts: aborting(never),
  resolvesTooLate: late(0),
  rejectsTooLate: late(1),
};

const waysSync = {
  ...both,
  returnsPromise: () => ({ f: async (x) => x, code: HOST_FUNCTION }),
  callsBack: () => ({ f(x) { return this.exports.same(x); } }),
  aborts: aborting((x) => x),
};

// A call, by a run or by an instance. Some instances are never closed, but collected.
const calls = [
  (program, options) => program.run(options),
  async (program, options) => {
    const instance = await program.instantiate(options);
    return instance.exports.call(1).finally(() => instance.close());
  },
  async (program, options) => (await program.instantiate(options)).exports.call(1),
];

const callsSync = [
  (program, options) => program.runSync(options),
  (program, options) => {
    const instance = program.instantiateSync(options);
    try {
      return instance.exports.call(1);
    } finally {
      instance.close();
    }
  },
  (program, options) => program.instantiateSync(options).exports.call(1),
];

async function once(program, call, [name, way]) {
  const { f, code: expected, after, ...limits } = way();
  let code;
  try {
    await call(program, { ...limits, imports: { env: { f } } });
  } catch (error) {
    ({ code } = error);
  }
  after?.();
  if (code !== expected) throw new Error(`a function that ${name} ended a call with ${code}`);
}

// The next ones of all ways and calls, in turns, for ever.
function* combinations(byName, callsToUse) {
  const named = Object.entries(byName);
  for (let index = 0; ; index += 1) {
    yield [callsToUse[Math.floor(index / named.length) % callsToUse.length], named[index % named.length]];
  }
}

// The next call of `program` each time it is called. Instances that are not closed are collected from
// time to time.
function caller(program, byName, callsToUse) {
  const all = combinations(byName, callsToUse);
  let count = 0;
  return async () => {
    await once(program, ...all.next().value);
    count += 1;
    if (count % (10 * TURN) === 0) await tidy();
  };
}

export const asynchronous = (program) => caller(program, ways, calls);
export const synchronous = (program) => caller(program, waysSync, callsSync);
