'use strict';

// `wasi-rs completion`

const { UsageError } = require('./failures.js');
const { general } = require('./options.js');
const { stdout } = require('./output.js');

const scripts = {
  bash: () => require('./completion/bash.js'),
  zsh: () => require('./completion/zsh.js'),
  fish: () => require('./completion/fish.js'),
};
const SHELLS = Object.keys(scripts);

function shellOf([shell, ...more]) {
  const expected = `the name of a shell is expected: ${SHELLS.join(', ')}`;
  if (shell === undefined) throw new UsageError(expected);
  if (more.length > 0) throw new UsageError(`completion takes only one shell, but you also passed ${more[0]}`);
  if (!SHELLS.includes(shell)) throw new UsageError(`there is no completion for "${shell}": ${expected}`);
  return shell;
}

async function completion(values, operands, { commands }) {
  const { script } = scripts[shellOf(operands)]();
  stdout.write(script(commands));
  return 0;
}

const command = {
  summary: 'Print a script that enables completion in your shell',
  usage: [`completion ${SHELLS.join('|')}`],
  about: 'Prints a completion script. To enable completion in the current shell, run the line for your shell below. ' +
    'To enable it in every new shell, add the line to the file next to it.',
  groups: { Options: general },
  notes: `
  source <(wasi-rs completion bash)    ~/.bashrc
  source <(wasi-rs completion zsh)     ~/.zshrc, after compinit
  wasi-rs completion fish | source     ~/.config/fish/config.fish`.split('\n'),
  interspersed: true,
  complete: SHELLS,
  run: completion,
};

module.exports = { command };
