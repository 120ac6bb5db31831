'use strict';

// The command `wasi-rs`: which of its commands is meant, and how it ends.

const fs = require('node:fs');
const { unknownCommand } = require('./advice.js');
const { parse } = require('./arguments.js');
const { commands } = require('./commands.js');
const { UsageError, report } = require('./failures.js');
const { helpOf, overview } = require('./help.js');
const { looksLikeModule } = require('./module.js');
const { tableOf } = require('./options.js');
const { stdout } = require('./output.js');
const { version } = require('../../package.json');

const isCommand = (word) => Object.hasOwn(commands, word);

// `wasi-rs app.wasm` and `wasi-rs --dir . app.wasm` mean `wasi-rs run …`.
function isForRun(word) {
  return word.startsWith('-') || looksLikeModule(word) || fs.existsSync(word);
}

function commandOf(first) {
  if (isCommand(first)) return first;
  if (isForRun(first)) return 'run';
  throw unknownCommand(first, Object.keys(commands));
}

// What needs no command; undefined for everything else.
function general([first, second]) {
  if (['-V', '--version', 'version'].includes(first)) return `wasi-rs ${version}\n`;
  if (['-h', '--help'].includes(first)) return overview(commands);
  if (first === 'help') return helpAbout(second);
  return undefined;
}

function helpAbout(word) {
  if (word === undefined || word === 'help' || word.startsWith('-')) return overview(commands);
  if (isCommand(word)) return helpOf(commands[word]);
  throw unknownCommand(word, Object.keys(commands), 'command');
}

function say(text) {
  stdout.write(text);
  return 0;
}

async function runCommand(name, argv) {
  const command = commands[name];
  try {
    const { values, operands } = parse(argv, tableOf(command), command);
    if (values.help) return say(helpOf(command));
    if (values.version) return say(`wasi-rs ${version}\n`);
    return await command.run(values, operands, { argv, commands });
  } catch (error) {
    if (error instanceof UsageError) error.command = name;
    throw error;
  }
}

async function dispatch(argv) {
  if (argv.length === 0) throw new UsageError('expected a command or a module');
  const text = general(argv);
  if (text !== undefined) return say(text);
  return runCommand(commandOf(argv[0]), isCommand(argv[0]) ? argv.slice(1) : argv);
}

// Ends the process: after an interruption there may be work left that nobody waits for.
async function main(argv) {
  process.exit(await dispatch(argv).catch(report));
}

module.exports = { main };
