'use strict';

// Programs run as in a project that has wasi-rs in its node_modules.

const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { after } = require('node:test');

const root = path.join(__dirname, '../..');

const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'wasi-rs-test-'));
fs.mkdirSync(path.join(directory, 'node_modules'));
fs.symlinkSync(root, path.join(directory, 'node_modules', 'wasi-rs'), 'junction');
after(() => fs.rmSync(directory, { recursive: true }));

// What NODE_OPTIONS the tests themselves run with is not to be seen.
const { NODE_OPTIONS, ...environment } = process.env;

function node(args, env = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    cwd: directory, encoding: 'utf8', env: { ...environment, ...env }, input: '', timeout: 300_000,
  });
  return { status, stdout, stderr };
}

const program = (name) => path.join(__dirname, name);

// The source of a Worker that posts the value of an expression.
const posting = (expression) => `require("worker_threads").parentPort.postMessage(${expression})`;

// Whether node:wasi gives our class.
const isOurs = '"close" in require("node:wasi").WASI.prototype';

// Runs CommonJS that prints JSON with `print`; gives that. `flags` come before it.
function evaluate(source, { flags = [], env } = {}) {
  const print = 'const print = (value) => console.log(JSON.stringify(value));';
  const ended = node([...flags, '-e', `${print}\n${source}`], env);
  if (ended.status !== 0 || ended.stderr !== '') throw new Error(`status ${ended.status}: ${ended.stderr}`);
  return JSON.parse(ended.stdout);
}

module.exports = { evaluate, isOurs, node, posting, program };
