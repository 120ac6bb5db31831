// docs/bundlers.md, taken apart: the server that it bundles, and for each bundler its file and commands.

import { read } from '../docs-blocks/pages.mjs';
import { fail } from '../tools.mjs';

const page = read('docs/bundlers.md');
const isConfig = ({ language, annotations: [name] }) => language === 'js' && name?.includes('.config.');

const codeOf = (test) => (page.find(test) ?? fail('docs/bundlers.md lacks a block')).code;

// The block behind a file has the commands that install the bundler and build.
export const recipes = page.flatMap((block, index) => (isConfig(block) ? [{
  name: block.annotations[0].split('.')[0],
  file: block.annotations[0],
  config: block.code,
  commands: page[index + 1].code,
}] : []));

// What the page says about lines with this mark: the hook does without them.
export const withoutAlias = (config) => config.replaceAll(/^.*\/\/ node:wasi\n/gm, '');

// The mistake of which the page speaks last.
export const withoutExternal = (config) =>
  withoutAlias(config).replace(/\bexternal: \['wasi-rs'\],|, 'wasi-rs'|'wasi-rs': 'module wasi-rs',/, '');

export const server = codeOf(({ annotations: [name] }) => name === 'app.mjs');

// Commands that copy the bundle, and what it needs, to deploy/.
export const copyToDeploy = codeOf(({ code }) => code.includes('mkdir -p deploy'));
