'use strict';

// Finds the known name that was probably meant by an unknown one.

const normal = (name) => name.toLowerCase().replace(/[-_]/g, '');

// How many letters must be added, removed, replaced or swapped with their neighbors.
function distance(one, other) {
  let [before, last] = [[], Array.from({ length: other.length + 1 }, (_, index) => index)];
  for (let row = 1; row <= one.length; row++) {
    const current = [row];
    for (let column = 1; column <= other.length; column++) {
      const replaced = last[column - 1] + (one[row - 1] === other[column - 1] ? 0 : 1);
      const swapped = row > 1 && column > 1 && one[row - 1] === other[column - 2] && one[row - 2] === other[column - 1];
      current[column] = Math.min(last[column] + 1, current[column - 1] + 1, replaced,
        swapped ? before[column - 2] + 1 : Infinity);
    }
    [before, last] = [last, current];
  }
  return last[other.length];
}

// A name that is the beginning of another one may be its short form.
function unlikeness(name, candidate) {
  const [one, other] = [normal(name), normal(candidate)];
  const isShortForm = one.length > 2 && other.length > 2 && (one.startsWith(other) || other.startsWith(one));
  return isShortForm ? 1 - Math.min(one.length, other.length) / Math.max(one.length, other.length)
    : distance(one, other);
}

// Returns undefined if no name is similar enough. Up to a third of the letters may be wrong.
function nearest(name, candidates) {
  if (name.length > 64) return undefined;
  const ranked = candidates.map((candidate) => [unlikeness(name, candidate), candidate]);
  const [[unlike, best]] = ranked.sort(([one], [other]) => one - other);
  return unlike <= Math.max(1, Math.floor(best.length / 3)) ? best : undefined;
}

module.exports = { nearest };
