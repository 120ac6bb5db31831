'use strict';

// Completion for zsh.

const { DEFAULT, optionsOf } = require('./model.js');

// In single quotes, with what means something to _arguments and _describe escaped.
const escaped = (text) => text.replace(/[\\[\]:]/g, '\\$&').replaceAll("'", "'\\''");

function offer(complete) {
  if (Array.isArray(complete)) return `(${complete.join(' ')})`;
  if (complete === 'directory') return '_files -/';
  return complete === 'file' ? '_files' : ' ';
}

function specs({ names, value, complete, multiple, help }) {
  const message = value ? `:${escaped(value)}:${offer(complete)}` : '';
  const exclusive = multiple ? '*' : `(${names.join(' ')})`;
  return names.map((name) => {
    const sign = !value ? '' : name.startsWith('--') ? '=' : '+';
    return `        '${exclusive}${name}${sign}[${escaped(help)}]${message}' \\`;
  });
}

// Options end at the first operand, unless they may follow it.
function commandCase([name, command]) {
  const rest = command.interspersed ? [] : ["        '*:argument:_files' \\"];
  return [
    `    ${name})`,
    `      _arguments -s ${command.interspersed ? '' : "-A '-*' "}\\`,
    ...optionsOf(command).flatMap(specs),
    ...rest,
    `        '1:operand:${offer(command.complete)}' ;;`,
  ];
}

const script = (commands) => `#compdef wasi-rs
# Completion of wasi-rs for zsh: source <(wasi-rs completion zsh)

_wasi_rs() {
  local -a commands=(
${Object.entries(commands).map(([name, { summary }]) => `    '${name}:${escaped(summary)}'`).join('\n')}
  )
  local command=${DEFAULT}
  if ((CURRENT == 2)) && [[ $words[2] != -* ]]; then
    _describe command commands
  elif ((CURRENT > 2)) && [[ $words[2] == (${Object.keys(commands).join('|')}) ]]; then
    command=$words[2]
    shift words
    ((CURRENT--))
  fi
  case $command in
${Object.entries(commands).flatMap(commandCase).join('\n')}
  esac
}

if [[ $funcstack[1] == _wasi_rs ]]; then
  _wasi_rs "$@"
else
  compdef _wasi_rs wasi-rs
fi
`;

module.exports = { script };
