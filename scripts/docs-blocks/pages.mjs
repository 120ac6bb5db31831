// The pages of the documentation and the blocks of code in them.

import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { root } from '../tools.mjs';

// Relative to the checkout.
export const allPages = () => [
  'README.md', 'SECURITY.md', 'CONTRIBUTING.md',
  ...readdirSync(path.join(root, 'docs')).filter((name) => name.endsWith('.md')).sort().map((name) => `docs/${name}`),
];

const fence = /^([ \t]*)(`{3,}|~{3,})([^`]*)$/;

// A block that begins behind the mark of a quotation or of a list. It would not be checked.
const misplaced = /^[ \t]*(?:(?:>|[-*+]|\d+[.)])[ \t]*)+(?:`{3,}|~{3,})[^`]*$/;

const closes = (line, marks) => line.trim().startsWith(marks) && line.trim().replaceAll(marks[0], '') === '';

// Blocks in lists are indented, as a whole.
const outdented = (line, indent) => (line.startsWith(indent) ? line.slice(indent.length) : line.trimStart());

function* blocksIn(page, lines) {
  for (let index = 0; index < lines.length; index += 1) {
    if (misplaced.test(lines[index])) yield { page, line: index + 1, language: '', annotations: [], code: '', isMisplaced: true };
    const [, indent, marks, info] = fence.exec(lines[index]) ?? [];
    if (marks === undefined) continue;
    const start = index + 1;
    const length = lines.slice(start).findIndex((line) => closes(line, marks));
    const end = length === -1 ? lines.length : start + length;
    const code = lines.slice(start, end).map((line) => `${outdented(line, indent)}\n`).join('');
    const [language = '', ...annotations] = info.trim().split(/\s+/);
    yield { page, line: start, language, annotations, code, isOpen: length === -1 };
    index = end;
  }
}

// `line` is that of the opening fence, counted from 1: the code begins on the next one.
export const parse = (page, text) => [...blocksIn(page, text.split('\n'))];

export const read = (page) => parse(page, readFileSync(path.resolve(root, page), 'utf8'));
