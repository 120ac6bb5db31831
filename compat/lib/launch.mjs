// Running a case in a process of its own, with or without the hook.

import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { compat } from './cases.mjs';

// Far more than any case needs: a process that takes longer hangs.
const LIMIT_MS = 5 * 60 * 1000;

const hook = `--import=${pathToFileURL(path.join(compat, '..', 'register.js'))}`;
// In the environment, it reaches Workers with options of their own.
const witness = JSON.stringify(path.join(compat, 'lib', 'witness.cjs'));

function environment(files, more) {
  const { NODE_OPTIONS = '', WASI_RS_STRACE, ...env } = process.env;
  return {
    ...env,
    NODE_OPTIONS: `${NODE_OPTIONS} -r ${witness}`,
    // No native build, even where there is one; newer packages know 'error', older ones any value.
    NAPI_RS_FORCE_WASI: 'error',
    WASI_COMPAT_WITNESS: files.witness,
    // In Workers with options of their own too, unlike --no-warnings.
    NODE_NO_WARNINGS: '1',
    ...more,
  };
}

function finished(child) {
  const chunks = { stdout: [], stderr: [] };
  for (const name of ['stdout', 'stderr']) child[name].on('data', (chunk) => chunks[name].push(chunk));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      resolve({ code, signal, stdout: Buffer.concat(chunks.stdout), stderr: Buffer.concat(chunks.stderr).toString() });
    });
  });
}

const linesOf = (file) => readFileSync(file, 'utf8').trim().split('\n').map((line) => JSON.parse(line));

async function launch(found, { implementation, times, env }, directory) {
  const files = { report: path.join(directory, 'report.json'), witness: path.join(directory, 'witness.jsonl') };
  const work = path.join(directory, 'work');
  mkdirSync(work);
  const flags = implementation === 'wasi-rs' ? [hook] : [];
  const child = path.join(compat, 'lib', 'child.mjs');
  const start = process.hrtime.bigint();
  const ended = await finished(spawn(
    process.execPath,
    [...flags, child, found.id, work, files.report, String(times)],
    {
      env: environment(files, env),
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: LIMIT_MS,
      killSignal: 'SIGKILL',
    },
  ));
  const ms = Number(process.hrtime.bigint() - start) / 1e6;
  if (ended.code !== 0) {
    const message = `${found.id} on ${implementation} ended with ${ended.signal ?? ended.code}: ${ended.stderr}`;
    throw Object.assign(new Error(message), { signal: ended.signal, code: ended.code });
  }
  const report = JSON.parse(readFileSync(files.report, 'utf8'));
  return { ...ended, uses: linesOf(files.witness), report, ms: ms - report.waited };
}

async function tryOnce(found, how) {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'wasi-rs-test-compat-'));
  try {
    return await launch(found, { times: 1, ...how }, directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

// What ends few processes, on either implementation: a build whose threads panic if they have to wait
// for another's lock, and `memory.fill` in memory that another thread has just grown.
const isSeldom = ({ message }) => /Parking not supported on this platform|memory access out of bounds/.test(message);

// What a case prints, which objects of which class it used, and what its process says of itself.
export async function runCase(found, how, attempts = 3) {
  try {
    return await tryOnce(found, how);
  } catch (error) {
    if (attempts === 1 || !isSeldom(error)) throw error;
  }
  return runCase(found, how, attempts - 1);
}
