// The ways of an ES module, for ask.js.

import { WASI } from 'node:wasi';
import { WASI as withoutScheme } from 'wasi';
import wasi from 'node:wasi';
import * as namespace from 'node:wasi';

export const classes = async () => ({
  'import named': WASI,
  'import from wasi': withoutScheme,
  'import default': wasi.WASI,
  'import namespace': namespace.WASI,
  'import() in a module': (await import('node:wasi')).WASI,
});
