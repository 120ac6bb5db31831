// Compiled only, never run: the hook is imported for its effect.

import 'wasi-rs/register';
import * as register from 'wasi-rs/register';
import { WASI } from 'node:wasi';

// @ts-expect-error it exports nothing
register.WASI;
new WASI({ version: 'preview1' });
