'use strict';

// Completion for fish.

const { DEFAULT, optionsOf } = require('./model.js');

const quoted = (text) => `'${text.replace(/[\\']/g, '\\$&')}'`;

function offer(complete) {
  if (Array.isArray(complete)) return `-x -a ${quoted(complete.join(' '))}`;
  if (complete === 'directory') return "-x -a '(__fish_complete_directories)'";
  return complete === 'file' ? '-r -F' : '-x';
}

function optionLine(name, { long, short, value, complete, help }) {
  const parts = [`complete -c wasi-rs -n '__wasi_rs_is ${name}' -l ${long}`];
  if (short) parts.push(`-s ${short}`);
  if (value) parts.push(offer(complete));
  return `${parts.join(' ')} -d ${quoted(help)}`;
}

function operandLines(name, { complete }) {
  if (!Array.isArray(complete)) return [];
  return [`complete -c wasi-rs -n '__wasi_rs_is ${name}' -f -a ${quoted(complete.join(' '))}`];
}

function commandLines([name, command]) {
  return [
    `complete -c wasi-rs -n __wasi_rs_is_first -a ${name} -d ${quoted(command.summary)}`,
    ...optionsOf(command).map((option) => optionLine(name, option)),
    ...operandLines(name, command),
  ];
}

const script = (commands) => `# Completion of wasi-rs for fish: wasi-rs completion fish | source

function __wasi_rs_is_first
    test (count (commandline -opc)) -eq 1
end

function __wasi_rs_is
    set -l words (commandline -opc)
    set -l command ${DEFAULT}
    if set -q words[2]; and contains -- $words[2] ${Object.keys(commands).join(' ')}
        set command $words[2]
    end
    test $command = $argv[1]
end

${Object.entries(commands).flatMap(commandLines).join('\n')}
`;

module.exports = { script };
