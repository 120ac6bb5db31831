import path from 'node:path';
import { compat } from '../lib/cases.mjs';

const requests = [
  'rolldown', 'rolldown/experimental', 'oxc-parser', '@tailwindcss/oxide', '@emnapi/runtime', '@emnapi/core',
  './lib/cases.mjs', './lib', './package.json', 'semver/functions/parse', 'node:fs', 'does-not-exist',
  '../package.json',
];

export default {
  packages: ['oxc-resolver', '@oxc-resolver/binding-wasm32-wasi'],
  task: 'resolves modules in node_modules with stat, readlink and reads of package.json, on threads',

  async run() {
    const { ResolverFactory } = (await import('oxc-resolver')).default;
    const options = { conditionNames: ['node', 'import'], extensions: ['.mjs', '.js'], builtinModules: true };
    const resolver = new ResolverFactory(options);
    const results = await Promise.all(requests.map((request) => resolver.async(compat, request)));
    const again = requests.map((request) => new ResolverFactory(options).sync(path.join(compat, 'lib'), request));
    return JSON.stringify({ results, again }, null, 2);
  },
};
