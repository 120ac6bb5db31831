// What a section measures with: processes, one for each task and round.

import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { BenchmarkError, LIMIT_SECONDS, measureIn } from '../lib/processes.mjs';

const child = path.join(path.dirname(fileURLToPath(import.meta.url)), 'child.mjs');

export class Run {
  // `directory` is for files; whoever made it removes it.
  constructor({ section, rounds, directory, pinnable }) {
    Object.assign(this, { section, rounds, directory, pinnable });
  }

  // Runs a task once: on these cores only ('0,1'), on all without `cores`. `{ exceeded: true }` if
  // it is not done after `seconds`, where these are given; else that is an error.
  async once(task, args = {}, { cores, seconds } = {}) {
    const what = `${this.section}, ${task}`;
    const node = [process.execPath, '--no-warnings', '--expose-gc', child, this.section, task, JSON.stringify(args)];
    const [command, ...rest] = cores === undefined ? node : ['taskset', '-c', cores, ...node];
    const result = await measureIn(command, rest, what, seconds);
    if (result.exceeded && seconds === undefined) {
      throw new BenchmarkError(`${what}: took more than ${LIMIT_SECONDS} s`);
    }
    return result;
  }

  // Of each number that a task gives, the least of all rounds.
  async least(task, args, options) {
    const results = [];
    for (let round = 0; round < this.rounds; round += 1) results.push(await this.once(task, args, options));
    const keys = Object.keys(results[0]);
    return Object.fromEntries(keys.map((key) => [key, Math.min(...results.map((result) => result[key]))]));
  }
}

// Whether processes can be bound to the first `count` cores: the reason why not, or nothing.
export async function pinning(count) {
  const cores = Array.from({ length: count }, (_, core) => core).join(',');
  const program = `process.stdout.write(String(require('os').availableParallelism()))`;
  try {
    const found = await measureIn('taskset', ['-c', cores, process.execPath, '--eval', program], 'taskset');
    return found === count ? undefined : `not measured on ${count} cores: there are ${found}`;
  } catch (error) {
    return `not measured on ${count === 1 ? 'one core' : `${count} cores`}: ${error.message}`;
  }
}
