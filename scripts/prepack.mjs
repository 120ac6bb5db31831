// Run by npm before it packs a checkout. An addon that is there goes into the package, so it must
// be the one that the package's sources make. Without any, the package builds it when installed.

import { readdirSync } from 'node:fs';
import path from 'node:path';
import { isCurrent } from './build.mjs';
import { addonFile } from './cargo.mjs';
import { fail, root } from './tools.mjs';

const addons = readdirSync(root).filter((name) => name.endsWith('.node'));
const others = addons.filter((name) => name !== path.basename(addonFile));

if (addons.length === 0) {
  console.error('wasi-rs: this package has no addon, only the sources. Where no prebuilt addon fits, installing it ' +
    'builds one, which needs Rust. To include an addon for this platform, run `npm start` first');
}
if (others.length > 0) fail(`${others.join(', ')} would be packed. Remove what is not for this platform`);
if (addons.length > 0 && !isCurrent('release')) {
  fail(`${addons[0]} is not a release build of the sources as they are. ` +
    'Run `npm run build`, or remove it to pack the sources alone');
}
