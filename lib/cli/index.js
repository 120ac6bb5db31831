'use strict';

// The command `wasi-rs`: which part of it is meant, and how it ends.

const fs = require('node:fs');
const { UsageError, report } = require('./failures.js');
const { help } = require('./help.js');
const { stdout } = require('./output.js');
const { version } = require('../../package.json');

// Loaded when needed.
const commands = {
  run: () => require('./run.js').run,
  compile: () => require('./compile.js').compile,
};

const isCommand = (word) => Object.hasOwn(commands, word);

// `wasi-rs app.wasm` and `wasi-rs --dir . app.wasm` mean `wasi-rs run …`.
function isForRun(word) {
  return word.startsWith('-') || /\.(wasm|wat|cwasm)$/.test(word) || fs.existsSync(word);
}

function commandOf(first) {
  if (isCommand(first)) return first;
  if (isForRun(first)) return 'run';
  throw new UsageError(`no command or file "${first}"`);
}

// What needs no command; undefined for everything else.
function general([first, second]) {
  if (['-V', '--version'].includes(first)) return `wasi-rs ${version}\n`;
  if (['-h', '--help'].includes(first)) return help.all;
  if (first === 'help') return isCommand(second) ? help[second] : help.all;
  return undefined;
}

function say(text) {
  stdout.write(text);
  return 0;
}

async function runCommand(name, argv) {
  try {
    return await commands[name]()(argv, {
      help: () => say(help[name]),
      version: () => say(`wasi-rs ${version}\n`),
    });
  } catch (error) {
    if (error instanceof UsageError) error.command = name;
    throw error;
  }
}

async function dispatch(argv) {
  if (argv.length === 0) throw new UsageError('a command or a module is needed');
  const text = general(argv);
  if (text !== undefined) return say(text);
  return runCommand(commandOf(argv[0]), isCommand(argv[0]) ? argv.slice(1) : argv);
}

// Ends the process: after an interruption there may be work left that nobody waits for.
async function main(argv) {
  process.exit(await dispatch(argv).catch(report));
}

module.exports = { main };
