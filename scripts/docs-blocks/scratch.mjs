// The directories in which blocks are executed: one for each page, with the files that the pages
// speak of.

import { copyFileSync, mkdirSync, mkdtempSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { root } from '../tools.mjs';

const require = createRequire(import.meta.url);

const guests = {
  'tool.wasm': 'cat',
  'plugin.wasm': 'cat',
  'hello.wasm': 'hello',
  'demo.wasm': 'demo',
  'wordcount.wasm': 'wordcount',
  'sums.wasm': 'reactor',
  'threads.wasm': 'rust-threads',
};

const plugins = ['greeting.wasm', 'badge.wasm'];

const endless = '(module (memory (export "memory") 1) (func (export "_start") (loop (br 0))))';

const texts = {
  'data/input.txt': 'some input\n',
  'data/notes.txt': 'some notes\n',
  'notes.txt': 'some notes\n',
  'in.txt': 'some text\n',
};

async function assemble(text) {
  const { parseWat } = await require('wabt')();
  return parseWat('untrusted.wat', text).toBinary({}).buffer;
}

// What every page finds. The untrusted program never ends.
async function writeFixtures(folder) {
  const fixtures = path.join(root, '__test__', 'fixtures');
  mkdirSync(path.join(folder, 'data'), { recursive: true });
  for (const [name, guest] of Object.entries(guests)) {
    copyFileSync(path.join(fixtures, 'bin', `${guest}.wasm`), path.join(folder, name));
  }
  copyFileSync(path.join(fixtures, 'src', 'wat', 'reactor.wat'), path.join(folder, 'sums.wat'));
  for (const name of plugins) copyFileSync(path.join(root, 'examples', 'plugins', name), path.join(folder, name));
  for (const [name, text] of Object.entries(texts)) writeFileSync(path.join(folder, name), text);
  writeFileSync(path.join(folder, 'untrusted.wasm'), await assemble(endless));
}

function linkPackages(folder) {
  const link = (target, ...names) => {
    const place = path.join(folder, 'node_modules', ...names);
    mkdirSync(path.dirname(place), { recursive: true });
    symlinkSync(target, place);
  };
  link(root, 'wasi-rs');
  link(path.join(root, 'bin', 'wasi-rs.js'), '.bin', 'wasi-rs');
  link(path.dirname(require.resolve('@types/node/package.json')), '@types', 'node');
}

export const folderOf = (scratch, page) => path.join(scratch, page.replace(/\.md$/, '').replaceAll('/', '-'));

// The same name twice would leave one of them unchecked.
function writeBlock(folder, block, written) {
  if (written.has(block.file)) return { ...block, problem: `The page has two blocks called ${block.file}.` };
  written.add(block.file);
  const place = path.join(folder, block.file);
  mkdirSync(path.dirname(place), { recursive: true });
  writeFileSync(place, block.code);
  return block;
}

// Gives the blocks again, some of them with a `problem`.
export async function writePage(scratch, page, blocks) {
  const folder = folderOf(scratch, page);
  await writeFixtures(folder);
  linkPackages(folder);
  const written = new Set();
  return blocks.map((block) => (block.file && !block.problem ? writeBlock(folder, block, written) : block));
}

export const makeScratch = () => mkdtempSync(path.join(realpathSync(os.tmpdir()), 'wasi-rs-docs-'));
