'use strict';

// Asks in the main thread and in Workers of every kind; prints the answers as JSON.

const { once } = require('node:events');
const path = require('node:path');
const { pathToFileURL } = require('node:url');
const { SHARE_ENV, Worker } = require('node:worker_threads');
const { ask } = require('./ask');

const file = path.join(__dirname, 'worker.js');
const nesting = path.join(__dirname, 'nesting-worker.js');
const source = `require(${JSON.stringify(file)})`;
const data = new URL(`data:text/javascript,import ${JSON.stringify(pathToFileURL(file))}`);

const workers = {
  'of a file': [file],
  'of a URL': [pathToFileURL(file)],
  'of a module': [path.join(__dirname, 'worker.mjs')],
  'with eval': [source, { eval: true }],
  'of a data: URL': [data],
  'without flags': [file, { execArgv: [] }],
  'with eval, without flags': [source, { eval: true, execArgv: [] }],
  'of a data: URL, without flags': [data, { execArgv: [] }],
  'with other flags': [file, { execArgv: ['--no-warnings'] }],
  'with flags undefined': [file, { execArgv: undefined, env: undefined }],
  'with the hook by --import': [file, { execArgv: ['--import', 'wasi-rs/register'] }],
  'with the hook by -r': [file, { execArgv: ['-r', 'wasi-rs/register', '--no-warnings'] }],
  'with an empty environment': [file, { env: {} }],
  'with nothing': [file, { env: {}, execArgv: [] }],
  'with another NODE_OPTIONS': [file, { env: { NODE_OPTIONS: '--no-warnings' } }],
  'with the same environment': [file, { env: process.env }],
  'with a shared environment': [file, { env: SHARE_ENV }],
  'with limits': [file, { resourceLimits: { maxOldGenerationSizeMb: 64 }, name: 'limited', execArgv: [] }],
  'in a Worker': [nesting, { workerData: {} }],
  'without flags in a Worker': [nesting, { workerData: { execArgv: [] } }],
  'in a Worker without flags': [nesting, { workerData: {}, execArgv: [] }],
  'with nothing in a Worker with nothing': [nesting, { workerData: { env: {}, execArgv: [] }, env: {}, execArgv: [] }],
};

async function main() {
  const answers = { 'the main thread': await ask() };
  for (const [name, args] of Object.entries(workers)) {
    [answers[`a Worker ${name}`]] = await once(new Worker(...args), 'message');
  }
  console.log(JSON.stringify(answers));
}

main();
