// Source text for the cases that compile or search some: that of the packages themselves.

import path from 'node:path';
import { compat } from './cases.mjs';

export const installed = path.join(compat, 'node_modules');

// 94 KB of JavaScript.
export const large = path.join(installed, '@rolldown', 'binding-wasm32-wasi', 'rolldown-binding.wasi.cjs');
export const application = path.join(compat, 'fixtures', 'app');
