// Checks the blocks of pages: written, type-checked together, then executed.

import { rmSync } from 'node:fs';
import { read } from './pages.mjs';
import { plan } from './plan.mjs';
import { endAll, execute } from './execute.mjs';
import { makeScratch, writePage } from './scratch.mjs';
import { checkTypes } from './types.mjs';

const atOnce = 2;

const failureOf = ({ page, line }, message) => ({ page, line, message });

function checkJson(block) {
  try {
    JSON.parse(block.code);
    return undefined;
  } catch ({ message }) {
    return failureOf(block, message);
  }
}

async function checkBlock(scratch, block) {
  if (block.problem) return failureOf(block, block.problem);
  if (block.json) return checkJson(block);
  return block.execute ? execute(scratch, block) : undefined;
}

// One after the other: a block may need what one before it left.
async function checkPage(scratch, blocks) {
  const failures = [];
  for (const block of blocks) failures.push(await checkBlock(scratch, block));
  return failures.filter(Boolean);
}

async function inParallel(items, action) {
  const results = [];
  const waiting = [...items.entries()];
  const work = async () => {
    for (let next; (next = waiting.shift());) results[next[0]] = await action(next[1]);
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return results;
}

const isChecked = ({ problem, types, execute: command, json }) => Boolean(problem || types || command || json);

const byLine = (a, b) => a.line - b.line;

async function checkIn(scratch, pages) {
  const blocks = await Promise.all(pages.map((page) => writePage(scratch, page, read(page).map(plan))));
  const types = await checkTypes(scratch, blocks.flat());
  const executed = await inParallel(blocks, (ofPage) => checkPage(scratch, ofPage));
  return pages.map((page, index) => ({
    page,
    count: blocks[index].filter(isChecked).length,
    failures: [...types.filter((failure) => failure.page === page), ...executed[index]].sort(byLine),
  }));
}

// For each page how many blocks were checked, and the failures: page, line and message. Nothing is left
// behind, even by process.exit().
export async function checkPages(pages) {
  const scratch = makeScratch();
  const cleanUp = () => {
    endAll();
    rmSync(scratch, { recursive: true, force: true });
  };
  process.once('exit', cleanUp);
  try {
    return await checkIn(scratch, pages);
  } finally {
    process.off('exit', cleanUp);
    rmSync(scratch, { recursive: true, force: true });
  }
}

export const describe = ({ page, line, message }) => `${page}:${line}: ${message}`;
