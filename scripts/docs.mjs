// npm run docs: writes docs/api.md, which is what index.d.ts says in its types and comments. Each
// option and method has a heading of its own, so that one can link to it.

import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { page, stamp } from './docs-page.mjs';
import { read } from './docs-read.mjs';
import { fail, root, run } from './tools.mjs';

// The compiler among our devDependencies can't be used by programs. This one is the last that can.
const compiler = 'typescript@6.0.3';

// What stands where. What is not named here comes in a last chapter.
const chapters = {
  'Class WASI': [
    'WASI', 'Closeable', 'Shareable', 'WASIOptions', 'SandboxOptions', 'SharingOptions', 'Preopen', 'FinalizeBindingsOptions',
    'MemoryFile',
  ],
  'Programs with limits': [
    'run', 'compile', 'configure', 'Program', 'Instance', 'CompileOptions', 'RunOptions', 'RunResult', 'Usage',
    'RunError', 'Configuration',
  ],
};

const intro = `What \`require('wasi-rs')\` and \`import … from 'wasi-rs'\` give, as [index.d.ts](../index.d.ts) has it. \
There is one other entry, \`wasi-rs/register\`, which exports nothing: \
[it puts our class in the place of that of \`node:wasi\`](migration.md#code-you-cannot-change).

"Throws" is at once, "rejects" by the promise. Errors of arguments are made as Node.js makes them: a \`TypeError\` or \
\`RangeError\` with a \`code\`.`;

function load() {
  const folder = path.join(root, 'node_modules', '.cache', compiler);
  if (!existsSync(path.join(folder, 'node_modules', 'typescript'))) {
    mkdirSync(folder, { recursive: true });
    run('npm', ['install', '--prefix', folder, '--no-save', '--loglevel=error', compiler]);
  }
  return createRequire(path.join(folder, 'main.js'))('typescript');
}

function inChapters(items) {
  const rest = new Map(items.map((item) => [item.name, item]));
  const take = (name) => {
    const item = rest.get(name) ?? fail(`scripts/docs.mjs: index.d.ts has no ${name}`);
    rest.delete(name);
    return item;
  };
  const named = Object.entries(chapters).map(([title, names]) => ({ title, items: names.map(take) }));
  return [...named, { title: 'Other types', items: [...rest.values()] }];
}

const text = page({ title: 'API', intro, stamp: stamp(), chapters: inChapters(read(load())) });
writeFileSync(path.join(root, 'docs', 'api.md'), text);
