// The fastest of some samples.

import { elapsed, tidy } from './guests.mjs';

const SAMPLES = 20;

// Nanoseconds of one of the `size` calls in a sample: the fastest sample, after some that only warm up.
export async function fastest(body, { samples = SAMPLES, size, warmUp = 5 }) {
  let best = Infinity;
  for (let sample = -warmUp; sample < samples; sample += 1) {
    await tidy();
    const start = performance.now();
    for (let i = 0; i < size; i += 1) await body();
    if (sample >= 0) best = Math.min(best, elapsed(start) / size);
  }
  return { ns: best };
}

// The same if `body` is a sample, which does it `count` times.
export async function fastestOf(count, body) {
  const { ns } = await fastest(body, { size: 1 });
  return { ns: ns / count };
}
