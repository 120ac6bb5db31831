'use strict';

// What went wrong: what is said about it, and which exit code it gives.

const os = require('node:os');
const { stderr } = require('./output.js');
const { visibleLines } = require('./visible.js');

// A command line that can't be understood; `command` is the one whose help says more.
class UsageError extends Error {
  command = undefined;
}

const USAGE = 2;
const OTHER = 1;

// As those know them who know timeout(1), and 128 + signal of what is aborted or out of memory.
const exitCodes = {
  ERR_WASI_COMPILE_MEMORY_LIMIT: 137,
  ERR_WASI_COMPILE_TIMEOUT: 124,
  ERR_WASI_TIMEOUT: 124,
  ERR_WASI_OUT_OF_FUEL: 125,
  ERR_WASI_TRAP: 134,
  ERR_WASI_MEMORY_LIMIT: 137,
};

function interruptedBy({ code, cause }) {
  return code === 'ABORT_ERR' ? cause?.signal : undefined;
}

function messageOf(error) {
  const { code, message, backtrace } = error;
  // Some errors of the package already begin with its name.
  const lines = [`wasi-rs: ${message.replace(/^wasi-rs: /, '')}`];
  if (error instanceof UsageError) lines.push(`Try: wasi-rs ${error.command ? `${error.command} ` : ''}--help`);
  if (code === 'ERR_WASI_TRAP' && backtrace) lines.push(backtrace.trimEnd());
  return `${visibleLines(lines.join('\n'))}\n`;
}

// The exit code of the guest, as the operating system passes it on.
const truncated = (code) => code & 0xff;

// Says what went wrong, and gives the exit code.
function report(error) {
  if (error.code === 'ERR_WASI_EXIT') return truncated(error.exitCode);
  const signal = interruptedBy(error);
  if (signal) return 128 + os.constants.signals[signal];
  stderr.write(messageOf(error));
  if (error instanceof UsageError) return USAGE;
  return exitCodes[error.code] ?? OTHER;
}

module.exports = { UsageError, report, truncated };
