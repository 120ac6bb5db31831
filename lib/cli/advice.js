'use strict';

// What is said about an option or a command that doesn't exist.

const { nearest } = require('../nearest.js');
const { commands } = require('./commands.js');
const { UsageError } = require('./failures.js');
const { foreignCommand, foreignOption } = require('./foreign.js');
const { tableOf } = require('./options.js');

function suggestion(word, known) {
  const meant = nearest(word, known);
  return meant === undefined ? '' : `. Did you mean ${meant}?`;
}

// Of another command.
function misplacedOption({ name, rawName }) {
  const owners = Object.keys(commands).filter((command) => Object.hasOwn(tableOf(commands[command]), name));
  if (owners.length === 0) return undefined;
  return `${rawName} is only an option of ${owners.map((owner) => `"wasi-rs ${owner}"`).join(' and ')}`;
}

// `rest` is the command line from the option on.
function unknownOption(token, rest, table) {
  const { rawName } = token;
  const known = Object.keys(table).map((name) => `--${name}`);
  const reason = misplacedOption(token) ?? foreignOption(rawName, rest);
  return new UsageError(reason ?? `unknown option ${rawName}${suggestion(rawName, known)}`);
}

function unknownCommand(word, known, expected = 'command or file') {
  return new UsageError(foreignCommand(word) ?? `there is no ${expected} "${word}"${suggestion(word, known)}`);
}

module.exports = { unknownCommand, unknownOption };
