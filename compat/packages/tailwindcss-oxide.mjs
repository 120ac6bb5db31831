import { application } from '../lib/sources.mjs';

export default {
  packages: ['@tailwindcss/oxide', '@tailwindcss/oxide-wasm32-wasi'],
  task: 'walks a project and finds class names in its files, on threads',

  async run() {
    const { Scanner } = (await import('@tailwindcss/oxide')).default;
    const scanner = new Scanner({ sources: [{ base: application, pattern: '**/*', negated: false }] });
    const candidates = scanner.scan();
    return JSON.stringify({ candidates, files: [...scanner.files].sort(), globs: scanner.globs }, null, 2);
  },
};
