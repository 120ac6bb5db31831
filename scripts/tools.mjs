// Running other programs, and stopping with a clear word when one is missing or fails.

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '..');

export function fail(message) {
  console.error(`wasi-rs: ${message}`);
  process.exit(1);
}

const hints = {
  cargo: 'cargo was not found. Install Rust 1.95 or newer: https://rustup.rs',
  npm: 'npm was not found. It comes with Node.js: https://nodejs.org',
};

// Runs a program in the checkout, its output passed through. A failure ends this process too.
export const run = (program, args, env) => void spawn(program, args, env, 'inherit');

// The same, but gives what it prints to stdout.
export const output = (program, args, env) => spawn(program, args, env, ['inherit', 'pipe', 'inherit']).stdout;

function spawn(program, args, env, stdio) {
  const { status, signal, error, stdout } = spawnSync(program, args, {
    cwd: root,
    stdio,
    encoding: 'utf8',
    maxBuffer: Infinity,
    env: { ...process.env, ...env },
  });
  if (error?.code === 'ENOENT') fail(hints[program] ?? `${program} was not found`);
  if (error) throw error;
  if (status !== 0) fail(`${[program, ...args].join(' ').slice(0, 100)} failed (${signal ?? `exit code ${status}`})`);
  return { stdout };
}

function* filesIn(place) {
  if (!statSync(place).isDirectory()) {
    yield place;
    return;
  }
  for (const name of readdirSync(place).sort()) yield* filesIn(path.join(place, name));
}

// Hash of the content of files and folders, by which a build knows whether it is out of date.
export function hashOf(places) {
  const hash = createHash('sha256');
  for (const place of places) {
    for (const file of filesIn(path.join(root, place))) {
      hash.update(path.relative(root, file)).update('\0').update(readFileSync(file)).update('\0');
    }
  }
  return hash.digest('hex');
}

export function readOr(file, fallback) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return fallback;
  }
}
