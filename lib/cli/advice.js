'use strict';

// What is said about an option or a command that doesn't exist.

const { nearest } = require('../nearest.js');
const { UsageError } = require('./failures.js');
const { foreignCommand, foreignOption } = require('./foreign.js');

function suggestion(word, known) {
  const meant = nearest(word, known);
  return meant === undefined ? '' : `. Did you mean ${meant}?`;
}

// `rest` is the command line from the option on.
function unknownOption({ rawName }, rest, table) {
  const known = Object.keys(table).map((name) => `--${name}`);
  const reason = foreignOption(rawName, rest);
  return new UsageError(reason ?? `unknown option ${rawName}${suggestion(rawName, known)}`);
}

function unknownCommand(word, known) {
  return new UsageError(foreignCommand(word) ?? `there is no command or file "${word}"${suggestion(word, known)}`);
}

module.exports = { unknownCommand, unknownOption };
