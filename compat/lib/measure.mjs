// One case on both implementations, several times in turns.

import { runCase } from './launch.mjs';

const implementations = ['node:wasi', 'wasi-rs'];

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
}

const medianOf = (runs, what) => median(runs.map(what));

async function attempt(found, how) {
  try {
    return await runCase(found, { times: 3, ...how });
  } catch (error) {
    return { error };
  }
}

const threadsOf = ({ uses }) => new Set(uses.map(({ thread }) => thread)).size;

function summarize(runs) {
  const failed = runs.find(({ error }) => error);
  if (failed) return { error: failed.error };
  return {
    process: medianOf(runs, ({ ms }) => ms),
    again: medianOf(runs, ({ report }) => median(report.ms.slice(1))),
    bytes: medianOf(runs, ({ report }) => report.bytes),
    threads: Math.max(...runs.map(threadsOf)),
    output: runs[0].stdout,
    // The same bytes from every process, and no object of the other class.
    steady: runs.every(({ stdout }) => stdout.equals(runs[0].stdout)),
    classes: [...new Set(runs.flatMap(({ uses }) => uses.map(({ implementation }) => implementation)))],
    leftOpen: runs.flatMap(({ report }) => report.leftOpen),
  };
}

function judge({ 'node:wasi': theirs, 'wasi-rs': ours }) {
  if (ours.error || !ours.steady || ours.classes.join() !== 'wasi-rs' || ours.leftOpen.length > 0) return false;
  return Boolean(theirs.error) || ours.output.equals(theirs.output);
}

// `good` tells whether it runs on wasi-rs, on our class alone, with the bytes of node:wasi where
// that gives some, and leaves no file open.
export async function measureCase(found, { rounds, program }) {
  const runs = { 'node:wasi': [], 'wasi-rs': [] };
  const env = program && { WASI_COMPAT_PROGRAM: program };
  for (let round = 0; round < rounds; round += 1) {
    for (const implementation of implementations) {
      runs[implementation].push(await attempt(found, { implementation, env }));
    }
  }
  const results = Object.fromEntries(implementations.map((name) => [name, summarize(runs[name])]));
  return { ...results, good: judge(results) };
}
