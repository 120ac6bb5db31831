// npm run test:types: compiles programs that use the types with several versions of TypeScript, with
// and without the types of Node.js, as modules and as CommonJS. The compilers come from npm, into
// node_modules/.cache.

import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fail, root, run } from './tools.mjs';

// Each with types of Node.js that it can read. 4.7 is the first that knows `exports` of package.json.
const versions = [
  ['4.7.4', '18.11.18'], ['4.9.5', '18.11.18'], ['5.0.4', '18.11.18'], ['5.1.6', '20.19.43'], ['5.2.2', '20.19.43'],
  ['5.4.5', '20.19.43'], ['5.6.3', '22.20.5'], ['5.8.3', '24.19.2'], ['5.9.3', '26.6.6'], ['6.0.3', '26.6.6'],
  ['7.0.2', '26.6.6'],
];

const isOlder = (version, than) => version.localeCompare(than, 'en', { numeric: true }) < 0;

function prepare([typescript, node]) {
  const folder = path.join(root, 'node_modules', '.cache', 'types', typescript);
  const installed = path.join(folder, 'node_modules');
  if (!existsSync(path.join(installed, 'typescript'))) {
    mkdirSync(folder, { recursive: true });
    run('npm', ['install', '--prefix', folder, '--no-save', '--no-audit', '--no-fund', '--loglevel=error',
      `typescript@${typescript}`, `@types/node@${node}`]);
  }
  rmSync(path.join(installed, 'wasi-rs'), { force: true });
  symlinkSync(root, path.join(installed, 'wasi-rs'));
  return folder;
}

function optionsOf(version, module, types) {
  const common = { strict: true, skipLibCheck: false, noEmit: true, target: 'es2022', lib: ['es2022'], types };
  if (module === 'node16') return { ...common, module, moduleResolution: 'node16' };
  return { ...common, module, ...(isOlder(version, '6') && { moduleResolution: 'node' }) };
}

function compile(folder, version, module, types) {
  const files = isOlder(version, '5.2') ? ['program.ts'] : ['program.ts', 'using.ts'];
  for (const file of files) copyFileSync(path.join(root, '__test__', 'types', file), path.join(folder, file));
  writeFileSync(path.join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions: optionsOf(version, module, types), files }));
  const compiler = path.join(folder, 'node_modules', 'typescript', 'bin', 'tsc');
  const { status, stdout } = spawnSync(process.execPath, [compiler, '--project', folder], { encoding: 'utf8' });
  if (status !== 0) fail(`TypeScript ${version}, ${module}, types: [${types}]\n${stdout}`);
}

const [, stated] = /TypeScript (\S+) or newer/.exec(readFileSync(path.join(root, 'index.d.ts'), 'utf8')) ?? [];
if (!versions[0][0].startsWith(`${stated}.`)) fail(`index.d.ts says ${stated}, and ${versions[0][0]} is tested`);

for (const version of versions) {
  const folder = prepare(version);
  for (const module of ['node16', 'commonjs']) {
    for (const types of [[], ['node']]) compile(folder, version[0], module, types);
  }
  console.log(`TypeScript ${version[0]}: fine, without types of Node.js and with those of ${version[1]}`);
}
