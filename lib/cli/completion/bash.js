'use strict';

// Completion for bash, from version 3.2 on.

const { DEFAULT, optionsOf } = require('./model.js');

// What is offered, as an assignment to one of the variables of the script.
function offer(complete) {
  if (Array.isArray(complete)) return `words='${complete.join('\n')}'`;
  if (complete === 'directory') return 'kind=-d';
  return complete === 'file' ? 'kind=-f' : '';
}

// The options of a command that take a value, and what is offered for it.
function valueCases([name, command]) {
  return optionsOf(command).filter(({ value }) => value).map(({ names, complete }) =>
    `    ${names.map((option) => `'${name} ${option}'`).join(' | ')}) has_value=1 ${offer(complete)} ;;`);
}

function operandCase([name, command]) {
  const words = optionsOf(command).flatMap(({ names }) => names).join('\n');
  return `      ${name}) options='${words}' mixed=${command.interspersed ? 1 : ''} ${offer(command.complete)} ;;`;
}

const script = (commands) => `# Completion of wasi-rs for bash: source <(wasi-rs completion bash)

# What is offered for the value of an option, if it takes one.
_wasi_rs_value() {
  has_value= words= kind=
  case "$1 $2" in
${Object.entries(commands).flatMap(valueCases).join('\n')}
  esac
}

_wasi_rs() {
  local IFS=$'\\n' cur=\${COMP_WORDS[COMP_CWORD]} command=${DEFAULT} first=1 last=$((COMP_CWORD - 1))
  local index operand= has_value= mixed= options= words= kind= word
  case \${COMP_WORDS[1]} in
    ${Object.keys(commands).join(' | ')}) if ((COMP_CWORD > 1)); then command=\${COMP_WORDS[1]} first=2; fi ;;
  esac
  # bash breaks words at = and :, such as --option=value and host::guest.
  if [[ $cur == = ]]; then cur=; fi
  if [[ \${COMP_WORDS[last]} == = && $last -ge $first ]]; then last=$((last - 1)); fi
  for ((index = first; index <= last; index++)); do
    word=\${COMP_WORDS[index]}
    if [[ $word != -?* ]]; then operand=1; break; fi
    _wasi_rs_value "$command" "$word"
    if [[ -n $has_value && $index -lt $last ]]; then
      index=$((index + 1))
      if [[ \${COMP_WORDS[index]} == = ]]; then index=$((index + 1)); fi
      while [[ \${COMP_WORDS[index + 1]} == [=:]* ]]; do index=$((index + 2)); done
      has_value=
    fi
  done
  if [[ -n $operand ]]; then has_value=; fi
  if [[ -z $has_value ]]; then
    words= kind=
    case $command in
${Object.entries(commands).map(operandCase).join('\n')}
    esac
    if [[ -n $operand && -z $mixed ]]; then
      options= words= kind=-f
    elif [[ $cur == -?* ]]; then
      words=$options kind=
    elif ((COMP_CWORD == 1)); then
      words='${Object.keys(commands).join('\n')}'
    fi
  fi
  if [[ -n $kind ]]; then compopt -o filenames 2> /dev/null; fi
  COMPREPLY=()
  # Names of files can look like patterns, which are not to be expanded.
  while IFS= read -r word; do COMPREPLY+=("$word"); done < <(
    compgen -W "$words" -- "$cur"
    if [[ -n $kind ]]; then compgen "$kind" -- "$cur"; fi
  )
}

complete -F _wasi_rs wasi-rs
`;

module.exports = { script };
