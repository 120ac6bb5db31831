// All JavaScript tests on every supported Node. The others are npm packages with the binary inside,
// kept in node_modules/.cache.

import { existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { fail, root, run } from './tools.mjs';

const versions = [20, 22, 24, 26];

function nodeOf(version) {
  if (process.versions.node.startsWith(`${version}.`)) return process.execPath;
  if (process.platform !== 'linux') fail('the matrix runs on Linux only');
  const folder = path.join(root, 'node_modules', '.cache', 'nodes', String(version));
  const packageName = `node-linux-${process.arch}`;
  const binary = path.join(folder, 'node_modules', packageName, 'bin', 'node');
  if (!existsSync(binary)) {
    mkdirSync(folder, { recursive: true });
    run('npm', ['install', '--prefix', folder, '--no-save', '--loglevel=error', `${packageName}@${version}`]);
  }
  return binary;
}

export function matrix(testFiles) {
  for (const version of versions) {
    const node = nodeOf(version);
    run(node, ['--version']);
    run(node, ['--test', ...testFiles]);
  }
}
