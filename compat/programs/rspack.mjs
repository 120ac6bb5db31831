import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { application, installed } from '../lib/sources.mjs';

const rules = [{
  test: /\.tsx?$/,
  loader: 'builtin:swc-loader',
  options: { jsc: { parser: { syntax: 'typescript', tsx: true }, transform: { react: { pragma: 'h' } } } },
}];

function build(rspack, output) {
  const compiler = rspack({
    mode: 'production',
    context: application,
    entry: './main.ts',
    devtool: 'source-map',
    module: { rules },
    resolve: { extensions: ['.ts', '.tsx', '.js'], modules: [installed] },
    output: { path: output, filename: '[name].js' },
  });
  return new Promise((resolve, reject) => {
    compiler.run((error, stats) => {
      if (error) reject(error);
      else compiler.close((failure) => (failure ? reject(failure) : resolve(stats)));
    });
  });
}

function contentOf(folder) {
  return readdirSync(folder).sort().map((name) => ({ name, content: readFileSync(path.join(folder, name), 'utf8') }));
}

export default {
  packages: ['@rspack/core', '@rspack/binding-wasm32-wasi'],
  task: 'bundles a TypeScript project to disk, split and minified, on threads',

  async run(directory) {
    const { rspack } = await import('@rspack/core');
    const stats = await build(rspack, path.join(directory, 'dist'));
    const { errors } = stats.toJson({ all: false, errors: true });
    return JSON.stringify({ errors, files: contentOf(path.join(directory, 'dist')) }, null, 2);
  },
};
