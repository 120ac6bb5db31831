// What is measured of plugins: calls in both directions, making them, and waiting for the host.

import { setTimeout as sleep } from 'node:timers/promises';
import { fastest, fastestOf } from './fastest.mjs';

const AT_ONCE = 1000;
const WAIT_MS = 100;

const same = (x) => x;
const sumTo = (count) => ((count * (count + 1)) / 2) | 0;

function checkNumber(number, expected) {
  if (number !== expected) throw new Error(`the plugin gives ${number} instead of ${expected}`);
}

function addSync({ add }, count) {
  let sum = 0;
  for (let i = 1; i <= count; i += 1) sum = add(sum, i);
  checkNumber(sum, sumTo(count));
}

async function addAsync({ add }, count) {
  let sum = 0;
  for (let i = 1; i <= count; i += 1) sum = await add(sum, i);
  checkNumber(sum, sumTo(count));
}

function useSync({ exports, close }) {
  checkNumber(exports.call(1), 1);
  close();
}

async function useAsync({ exports, close }) {
  checkNumber(await exports.call(1), 1);
  await close();
}

async function slow(x) {
  await sleep(WAIT_MS);
  return x;
}

// Nanoseconds of one of the `count` calls that `body` makes of a plugin.
async function perCall(make, count, body) {
  const { exports, close, reset } = await make(same);
  const result = await fastestOf(count, async () => {
    await body(exports, count);
    await reset?.();
  });
  await close();
  return result;
}

async function loop(exports, count) {
  checkNumber(await exports.loop(count), sumTo(count));
}

// Each takes what a maker gives.
export const operations = {
  add: ({ make, isSync, counts: { calls } }) => perCall(make, calls, isSync ? addSync : addAsync),
  hostCall: ({ make, counts: { hostCalls } }) => perCall(make, hostCalls, loop),

  fresh({ make, isSync, counts: { plugins } }) {
    const body = isSync ? () => useSync(make(same)) : async () => useAsync(await make(same));
    return fastest(body, { size: plugins });
  },

  waiting({ make }) {
    const useOne = async () => useAsync(await make(slow));
    const body = () => Promise.all(Array.from({ length: AT_ONCE }, useOne));
    return fastest(body, { size: 1, samples: 5, warmUp: 2 });
  },
};
