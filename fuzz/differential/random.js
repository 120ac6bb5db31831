'use strict';

// Random choices that follow from a seed: the same seed gives the same choices
// on every machine and every Node.

class Random {
  constructor(seed) {
    this.state = seed >>> 0;
  }

  // From 0 to 2 ** 32 - 1 (mulberry32).
  next() {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let bits = this.state;
    bits = Math.imul(bits ^ (bits >>> 15), bits | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return (bits ^ (bits >>> 14)) >>> 0;
  }

  below(limit) {
    return this.next() % limit;
  }

  between(least, most) {
    return least + this.below(most - least + 1);
  }

  // True once in `times` times.
  once(times) {
    return this.below(times) === 0;
  }

  pick(list) {
    return list[this.below(list.length)];
  }

  // One of [[weight, value], ...].
  weighted(list) {
    let left = this.below(list.reduce((sum, [weight]) => sum + weight, 0));
    for (const [weight, value] of list) {
      if (left < weight) return value;
      left -= weight;
    }
    throw new Error('weights do not add up');
  }
}

// The seed of the sequence at an index of a run.
function sequenceSeed(seed, index) {
  return (Math.imul(seed, 0x9e3779b1) ^ Math.imul(index + 1, 0x85ebca6b)) >>> 0;
}

module.exports = { Random, sequenceSeed };
