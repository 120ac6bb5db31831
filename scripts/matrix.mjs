// All JavaScript tests on every supported Node. The others come from npm.

import { npmBinary } from './npm-binary.mjs';
import { run } from './tools.mjs';

const versions = [20, 22, 24, 26];

function nodeOf(version) {
  if (process.versions.node.startsWith(`${version}.`)) return process.execPath;
  return npmBinary(`node-linux-${process.arch}`, version, 'bin/node');
}

export function matrix(testFiles) {
  for (const version of versions) {
    const node = nodeOf(version);
    run(node, ['--version']);
    run(node, ['--test', ...testFiles]);
  }
}
