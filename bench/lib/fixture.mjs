// The files that the rows work on, in a temporary directory that is gone after the run.

import { execFileSync } from 'node:child_process';
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, symlinkSync, writeFileSync, writeSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { FIFO, PLACES } from '../rows/paths.mjs';
import { CAT_BYTES, TREE_FILES } from '../rows/programs.mjs';

const MIB = 1024 * 1024;

// Not zeros, of which a file system might make holes.
function writeLarge(file, size) {
  const chunk = Buffer.alloc(MIB, 'wasi-rs benchmark\n');
  const fd = openSync(file, 'w');
  for (let written = 0; written < size; written += chunk.length) writeSync(fd, chunk);
  closeSync(fd);
}

function fillDirectory(directory, count) {
  mkdirSync(directory, { recursive: true });
  for (let i = 0; i < count; i += 1) closeSync(openSync(path.join(directory, `entry${i}`), 'w'));
}

// 20 directories of 10 directories of 100 files.
function makeTree(directory) {
  for (let outer = 0; outer < 20; outer += 1) {
    for (let inner = 0; inner < 10; inner += 1) {
      fillDirectory(path.join(directory, `outer${outer}`, `inner${inner}`), TREE_FILES / 200);
    }
  }
}

const parts = {
  // 4096 pieces of 4 KiB, as the guest reads them before it starts again.
  sequential: (inside) => writeLarge(inside('sequential'), 16 * MIB),
  big: (inside) => writeLarge(inside('big'), CAT_BYTES),
  tree: (inside) => makeTree(inside('tree')),
  dir2000: (inside) => fillDirectory(inside('dir2000'), 2000),
  dir100000: (inside) => fillDirectory(inside('dir100000'), 100_000),
  fifo: (inside) => execFileSync('mkfifo', [inside(FIFO)]),
};

// A directory with what the rows need, and beside it one for other files of the run.
export function makeFixture(rows) {
  const root = mkdtempSync(path.join(os.tmpdir(), 'wasi-rs-bench-'));
  process.on('exit', () => rmSync(root, { recursive: true, force: true }));
  const inside = (name) => path.join(root, 'guest', name);

  mkdirSync(path.dirname(inside(PLACES.deep)), { recursive: true });
  writeLarge(inside(PLACES.flat), MIB);
  writeLarge(inside(PLACES.deep), MIB);
  writeFileSync(inside('out'), '');
  symlinkSync(PLACES.flat, inside(PLACES.symlink));
  for (const part of new Set(rows.flatMap(({ needs = [] }) => needs))) parts[part](inside);
  return { directory: path.join(root, 'guest'), root };
}
