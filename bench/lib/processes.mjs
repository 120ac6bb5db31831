// Running the processes that measure.

import { execFile } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const exec = promisify(execFile);
const here = path.dirname(fileURLToPath(import.meta.url));

// The longest that a process may take. Only node:wasi with the largest directory comes near.
export const LIMIT_SECONDS = 120;

// A failure that is not this program's own: told without a stack.
export class BenchmarkError extends Error {}

// Ends the process that is measuring, so that nothing uses the temporary directory any more.
const interruption = new AbortController();
export const interrupt = () => interruption.abort();

// Rust notes the stack with every error where these are set, which takes longer than a whole program.
const { RUST_BACKTRACE, RUST_LIB_BACKTRACE, ...env } = process.env;

// What a process prints as JSON. `{ exceeded: true }` when it takes longer than `seconds`.
export async function measureIn(command, args, what, seconds = LIMIT_SECONDS) {
  const { signal } = interruption;
  try {
    const limit = { timeout: seconds * 1000, killSignal: 'SIGKILL', signal };
    const { stdout } = await exec(command, args, { ...limit, env });
    return JSON.parse(stdout);
  } catch (error) {
    if (error.killed) return { exceeded: true };
    throw new BenchmarkError(`${what}: ${error.stderr?.trim() || error.message}`);
  }
}

// One row with one implementation. `{ exceeded: true }` when the limit was reached.
export function measureRow(node, row, implementation, directory) {
  const args = ['--no-warnings', path.join(here, 'child.mjs'), row.name, implementation, directory];
  return measureIn(node, args, `row ${row.name}, ${implementation}`);
}

export async function measureFloor(program, row, directory) {
  const args = [directory, ...row.floor.map(String)];
  const { ns, ...rest } = await measureIn(program, args, `row ${row.name}, floor`);
  return { ...rest, ns: ns / (row.per ?? 1) };
}

export async function versionOf(node) {
  try {
    return (await exec(node, ['--print', 'process.version'])).stdout.trim();
  } catch (error) {
    throw new BenchmarkError(`--node ${node} does not run: ${error.message.split('\n')[0]}`);
  }
}

// Builds the native program. Without rustc there is no floor, which is only a remark.
export async function buildFloor(folder) {
  const program = path.join(folder, 'floor');
  const source = path.join(here, '..', 'floor', 'main.rs');
  try {
    await exec('rustc', ['-O', '--edition', '2021', '-o', program, source]);
    return { program };
  } catch (error) {
    if (error.code === 'ENOENT') return { remark: 'no floor: rustc was not found' };
    return { remark: `no floor: rustc failed\n${error.stderr ?? error.message}` };
  }
}
