// Type-checks blocks of all pages together. What is written in TypeScript becomes JavaScript on the
// way, beside its source; and so does what uses `using`, where this Node.js cannot parse that.

import { execFile } from 'node:child_process';
import { copyFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import vm from 'node:vm';
import { folderOf } from './scratch.mjs';
import { root } from '../tools.mjs';

const require = createRequire(import.meta.url);

// Through package.json, because not every file of the package is exported.
const manifest = require.resolve('typescript/package.json');
const compiler = path.join(path.dirname(manifest), require(manifest).bin.tsc);

const options = {
  module: 'nodenext', target: 'es2022', strict: true,
  types: ['node'], typeRoots: [path.join(root, 'node_modules', '@types')],
  allowJs: true, checkJs: true, moduleDetection: 'force',
  skipLibCheck: true, // __test__/types.test.js checks index.d.ts
};

// What is checked in each language, and by which declarations besides those of Node.js.
const languages = {
  ts: { lib: ['esnext', 'dom'], declarations: ['others.d.ts'] },
  // JavaScript has no place to name types. So parameters and what is caught can be anything, and so
  // can imports of WebAssembly: the types of `node:wasi`, which ours match, call them `object`.
  js: {
    lib: ['esnext'], noImplicitAny: false, useUnknownInCatchVariables: false,
    declarations: ['others.d.ts', 'javascript.d.ts'],
  },
};

const isTypeScript = ({ file }) => /\.[cm]?ts$/.test(file);
const emittedName = (file) => file.replace(/\.([cm]?)ts$/, '.$1js');

const place = (scratch, { page, file }) => path.join(folderOf(scratch, page), file);

function compile(scratch, name, project) {
  const file = path.join(scratch, `${name}.json`);
  writeFileSync(file, JSON.stringify(project));
  return new Promise((resolve) => {
    execFile(process.execPath, [compiler, '--project', file, '--pretty', 'false'], { cwd: scratch }, (_, stdout) => resolve(stdout));
  });
}

// `page/block-12.mjs(3,5): error …`, and lines that go on, indented.
function* diagnostics(output) {
  let last;
  for (const line of output.split(/\r?\n/).filter(Boolean)) {
    const [, file, row, message] = /^(\S[^(]*)\((\d+),\d+\): (.*)$/.exec(line) ?? [];
    if (message === undefined && last) last.message += `\n${line}`;
    else {
      if (last) yield last;
      last = { file, row: Number(row), message: message ?? line };
    }
  }
  if (last) yield last;
}

function toFailures(scratch, blocks, output) {
  const byPlace = new Map(blocks.map((block) => [place(scratch, block), block]));
  return Array.from(diagnostics(output), ({ file, row, message }) => {
    const block = byPlace.get(path.resolve(scratch, file ?? ''));
    return block ? { page: block.page, line: block.line + row, message } : { page: blocks[0].page, line: 0, message };
  });
}

async function check(scratch, language, blocks) {
  if (blocks.length === 0) return [];
  const { declarations, ...own } = languages[language];
  const output = await compile(scratch, language, {
    compilerOptions: { ...options, ...own, rootDir: scratch, outDir: path.join(scratch, 'emitted') },
    files: [
      ...blocks.map((block) => place(scratch, block)),
      ...declarations.map((name) => path.join(root, 'scripts', 'docs-blocks', name)),
    ],
  });
  return toFailures(scratch, blocks, output);
}

const hasUsing = (code) => /\busing \w+ =/.test(code);

function parsesUsing() {
  try {
    return new vm.Script('{ using a = null; }') !== undefined;
  } catch {
    return false;
  }
}

function takeEmitted(scratch, blocks) {
  const old = !parsesUsing();
  for (const block of blocks.filter((one) => isTypeScript(one) || (old && hasUsing(one.code)))) {
    const file = emittedName(place(scratch, block));
    copyFileSync(path.join(scratch, 'emitted', path.relative(scratch, file)), file);
  }
}

// Gives failures.
export async function checkTypes(scratch, blocks) {
  const typed = blocks.filter(({ types, problem }) => types && !problem);
  const failures = await Promise.all([
    check(scratch, 'ts', typed.filter(isTypeScript)),
    check(scratch, 'js', typed.filter((block) => !isTypeScript(block))),
  ]);
  takeEmitted(scratch, typed);
  return failures.flat();
}
