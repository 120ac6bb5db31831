import { callRows, memoryRows } from './calls.mjs';
import { pathRows, pollRows } from './paths.mjs';
import { programRows } from './programs.mjs';

export const rows = [...callRows, ...pathRows, ...pollRows, ...memoryRows, ...programRows];
