'use strict';

// Takes calls out of a sequence as long as it still shows what it showed.

// `shows(steps)` is asked of shorter and shorter sequences. Halves first, then
// smaller pieces, then single calls (delta debugging).
async function shrink(steps, shows, limit = 200) {
  let kept = steps;
  let asked = 0;
  for (let size = Math.ceil(kept.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = kept.length - size; at >= 0 && asked < limit;) {
      const shorter = [...kept.slice(0, at), ...kept.slice(at + size)];
      asked++;
      if (shorter.length > 0 && (await shows(shorter))) {
        kept = shorter;
        at = Math.min(at, kept.length) - size;
      } else at -= size;
    }
  }
  return kept;
}

module.exports = { shrink };
