// What the command lines of all benchmarks have in common.

import { parseArgs } from 'node:util';

// A command line that can't be meant.
export class UsageError extends Error {}

function valuesOf(argv, options) {
  try {
    return parseArgs({ args: argv, options }).values;
  } catch (error) {
    throw new UsageError(error.message);
  }
}

// The values by their names; `rounds`, which all have, as a number.
export function parse(argv, specification) {
  const { rounds, ...rest } = valuesOf(argv, specification);
  if (!/^[1-9]\d{0,3}$/.test(rounds)) throw new UsageError(`--rounds: '${rounds}' is not a number from 1 to 9999`);
  return { ...rest, rounds: Number(rounds) };
}
