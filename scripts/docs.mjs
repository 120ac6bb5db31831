// npm run docs: writes docs/api.md from the types and comments in index.d.ts. Each option and method
// has a heading of its own, so that other pages can link to it.

import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { page, stamp } from './docs-page.mjs';
import { read } from './docs-read.mjs';
import { fail, root, run } from './tools.mjs';

// The last version of the compiler with an API: that of our devDependencies has none.
const compiler = 'typescript@6.0.3';

// The order on the page. What is not named here comes in a last chapter.
const chapters = {
  'Running programs: run(), compile() and spawn()': [
    'run', 'compile', 'spawn', 'configure', 'Program', 'Instance', 'SyncInstance', 'Guest', 'RunOptions', 'SourceOptions',
    'CompileOptions', 'SpawnOptions', 'SyncRunOptions', 'RunResult', 'Usage', 'RunError', 'Configuration', 'Source',
  ],
  'Functions of the host, memory and globals': [
    'HostFunction', 'SyncHostFunction', 'Caller', 'SyncCaller', 'GuestMemory', 'SyncGuestMemory', 'GuestGlobal',
  ],
  'Class WASI': [
    'WASI', 'Closeable', 'Shareable', 'WASIOptions', 'SandboxOptions', 'SharingOptions', 'Preopen', 'FinalizeBindingsOptions',
  ],
  'Class MemoryFile': ['MemoryFile'],
};

const intro = `This page documents everything that \`wasi-rs\` exports, for \`import\` and for \`require()\`. It is generated \
from the comments in [index.d.ts](../index.d.ts), which your editor shows you, too.

| To | Use |
| --- | --- |
| run an untrusted program, with limits | [\`run()\`](#run) |
| run the same program many times | [\`compile()\`](#compile), then [\`program.run()\`](#programrun) |
| call functions that a program exports | [\`program.instantiate()\`](#programinstantiate), [\`program.call()\`](#programcall) |
| let a program call functions of yours | the option [\`imports\`](#runoptionsimports) |
| pass strings to a program, and read its memory | [\`instance.memory\`](#instancememory) |
| call functions without promises | [\`program.instantiateSync()\`](#programinstantiatesync) |
| write to a program and read from it while it runs | [\`spawn()\`](#spawn) |
| find out why a program failed | [\`RunError\`](#runerror) |
| replace the class of \`node:wasi\` | [\`WASI\`](#wasi) |
| pass input to that class and capture its output in memory | [\`MemoryFile\`](#memoryfile) |
| replace \`node:wasi\` in code that you can't change | the entry point \`wasi-rs/register\`, which exports nothing: \
see [Migration](migration.md#code-you-cannot-change) |

On this page, a function that *throws* does so before it returns, and a function that *rejects* returns a promise that is \
rejected. Errors for invalid arguments look like the errors of Node.js: a \`TypeError\` or \`RangeError\` with a \`code\`.`;

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
  return [...named, { title: 'Other types', items: [...rest.values()], isBrief: true }];
}

const text = page({ title: 'API', intro, stamp: stamp(), chapters: inChapters(read(load())) });
writeFileSync(path.join(root, 'docs', 'api.md'), text);
