// Packages that pages import and that are not among our devDependencies: not type-checked.

declare module '@jest/globals';
declare module 'esbuild';
declare module 'express';
declare module 'fastify';
declare module '@rollup/*';
declare module 'rollup';
declare module 'vite';
declare module 'vitest';
declare module 'vitest/config';
declare module 'webpack';
