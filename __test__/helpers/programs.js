'use strict';

// Starts fixtures as processes of their own and waits for them.

const { spawn } = require('node:child_process');
const { once } = require('node:events');
const path = require('node:path');

const runner = path.join(__dirname, 'run-fixture.js');

// Arguments for spawn().
function command(request, ...flags) {
  return [process.execPath, ['--no-warnings', ...flags, runner, JSON.stringify(request)]];
}

async function collect(stream) {
  const chunks = [];
  if (stream) for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

// Runs to the end. `input` is what stdin gets (bytes); without it, stdin is
// what `stdio` says, /dev/null by default.
async function run(request, { input, stdio = [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'] } = {}) {
  const child = spawn(...command(request), { stdio });
  if (input !== undefined) {
    child.stdin.on('error', () => {});
    child.stdin.end(input);
  }
  const [[code, signal], stdout, stderr] = await Promise.all([
    once(child, 'close'), collect(child.stdout), collect(child.stderr),
  ]);
  return { code, signal, stdout: stdout.toString('latin1'), stderr: stderr.toString('latin1') };
}

module.exports = { command, collect, run };
