'use strict';

// Whether the host has withstood an attack: it ended in one of the ways that are allowed, and took no more
// memory than it may. How late it ended is measured, not judged; but one whose time has long been over must
// not resolve.

const GIB = 2 ** 30;

// Milliseconds after its time that no machine, however busy, needs to tell that it has ended.
const LONG = 2000;

// Milliseconds after which the attack is to end, if it was asked for.
function limitOf({ options = {}, abortAfter, closeAfter }) {
  return abortAfter ?? closeAfter ?? (typeof options === 'function' ? options('') : options).timeout;
}

// Why it has not, or nothing.
function complaint(attack, { outcomes, after, detail = '', peak, innocentRun, innocentCompile }) {
  const wrong = outcomes.filter((outcome) => !attack.allowed.includes(outcome));
  if (wrong.length > 0) return `ended with ${wrong.join(', ')}, not ${attack.allowed.join(', ')}\n${detail}`;
  if (outcomes.includes('resolved') && after > (limitOf(attack) ?? Infinity) + LONG) {
    return `resolved when its time was over, after ${after} ms`;
  }
  const bound = attack.memory ?? 1.5 * GIB;
  if (peak > bound) return `took ${peak} bytes, which is more than ${bound}`;
  const others = [innocentRun, innocentCompile].filter((end) => end && end.outcome !== 'resolved');
  return others.length > 0 ? `another one beside it ended with ${others[0].outcome}` : undefined;
}

const holds = (attack, result) => complaint(attack, result) === undefined;

module.exports = { complaint, holds, limitOf };
