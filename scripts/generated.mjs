// The parts of a page that a script writes, between two comments.

import { readFileSync, writeFileSync } from 'node:fs';
import { fail } from './tools.mjs';

// Gives a function that writes lines between the comments `begin` and `end` of a file. Without the
// comments it fails now, rather than after all the work.
export function writerInto(file, begin, end) {
  surroundings(file, begin, end);
  return (lines) => writeFileSync(file, surroundings(file, begin, end).join(['', '', ...lines, ''].join('\n')));
}

// The text before and after.
function surroundings(file, begin, end) {
  const text = readFileSync(file, 'utf8');
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from) fail(`${file} lacks the markers`);
  return [text.slice(0, from + begin.length), text.slice(to)];
}
