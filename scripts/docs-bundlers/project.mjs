// An empty project in which the packed package is installed, as users do it.

import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { root } from '../tools.mjs';

const require = createRequire(import.meta.url);
const { npm, pack } = require('../../__test__/helpers/packing.js');
const { large } = require('../../__test__/helpers/compile-costs.js');

const fixture = (name) => path.join(root, '__test__', 'fixtures', 'bin', `${name}.wasm`);

// Without its scripts, which refuse an addon that was built quickly.
export const packTo = (folder) => path.join(folder, pack(root, '--ignore-scripts', '--pack-destination', folder).filename);

export function makeProject(folder, tarball) {
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, 'package.json'), '{ "name": "project", "version": "1.0.0", "private": true }');
  copyFileSync(tarball, path.join(folder, path.basename(tarball)));
  copyFileSync(fixture('cat'), path.join(folder, 'tool.wasm'));
  copyFileSync(fixture('demo'), path.join(folder, 'demo.wasm'));
  writeFileSync(path.join(folder, 'large.wat'), large());
  npm(folder, ['install', `./${path.basename(tarball)}`]);
}

const dependencies = {
  'uses-wasi': { type: 'module', code: "import { WASI } from 'node:wasi';\nexport default WASI;\n" },
  'uses-wasi-cjs': { type: 'commonjs', code: "const { WASI } = require('node:wasi');\nmodule.exports = WASI;\n" },
};

// Not known to npm, which removes them when it installs something else.
export function addDependencies(folder) {
  for (const [name, { type, code }] of Object.entries(dependencies)) {
    const place = path.join(folder, 'node_modules', name);
    mkdirSync(place, { recursive: true });
    writeFileSync(path.join(place, 'package.json'), JSON.stringify({ name, version: '1.0.0', type, main: 'index.js' }));
    writeFileSync(path.join(place, 'index.js'), code);
  }
}
