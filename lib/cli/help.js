'use strict';

// What --help prints, made from the tables of commands and options.

const WIDTH = 88;

function wrapped(text, width) {
  const lines = [''];
  for (const word of text.split(' ')) {
    const line = lines.at(-1);
    if (line && line.length + word.length >= width) lines.push(word);
    else lines[lines.length - 1] = line ? `${line} ${word}` : word;
  }
  return lines;
}

// Two columns, of which the second one is wrapped.
function columns(rows) {
  const indent = Math.max(...rows.map(([left]) => left.length)) + 4;
  return rows.flatMap(([left, right]) => wrapped(right, WIDTH - indent)
    .map((line, index) => `${(index === 0 ? `  ${left}` : '').padEnd(indent)}${line}`));
}

function notation(name, { short, value }) {
  return `${short ? `-${short}, ` : ''}--${name}${value ? ` ${value}` : ''}`;
}

function groupLines(groups) {
  const entries = Object.values(groups).flatMap(Object.entries);
  const lines = columns(entries.map(([name, entry]) => [notation(name, entry), entry.help]));
  const starts = new Map(Object.entries(groups).map(([title, group]) => [Object.keys(group)[0], title]));
  return lines.flatMap((line) => {
    const [, name] = /^ {2}(?:-\w, )?--([\w-]+)/.exec(line) ?? [];
    return starts.has(name) ? ['', starts.get(name), line] : [line];
  });
}

function usage(lines) {
  return lines.map((line, index) => `${index === 0 ? 'Usage:' : '      '} wasi-rs ${line}`);
}

const text = (lines) => `${lines.join('\n')}\n`;

function helpOf({ usage: forms, about, groups, notes = [] }) {
  return text([...usage(forms), '', ...wrapped(about, WIDTH), ...groupLines(groups), ...notes]);
}

function overview(commands) {
  return text([
    ...usage(['[run] [options] app.wasm [args…]', '<command> [options] …']),
    '',
    'Runs WebAssembly programs that use WASI.',
    '',
    '  wasi-rs hello.wasm Gordon              run a program with an argument',
    '  wasi-rs --dir . tool.wasm notes.txt    let it use the files in this directory',
    '  wasi-rs --timeout 5s --max-memory 64MiB untrusted.wasm',
    '  wasi-rs --invoke add sums.wat 2 3      call an exported function',
    '  wasi-rs - < app.wasm                   read the module from standard input',
    '',
    'Commands',
    ...columns(Object.entries(commands).map(([name, { summary }]) => [name, summary])),
    '',
    'Options',
    ...columns([
      ['-h, --help', 'Print this help. "wasi-rs <command> --help" lists the options of a command'],
      ['-V, --version', 'Print the version of wasi-rs'],
    ]),
  ]);
}

module.exports = { columns, helpOf, overview };
