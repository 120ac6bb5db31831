// Executes blocks: a process each, with what it prints and how it ends.

import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { folderOf } from './scratch.mjs';

// Generous, for machines that have other work to do. Authors have 10 seconds.
const limit = 60_000;

// Without variables through which npm, the test runner and ours reach child processes; nothing is
// fetched from the network, and nothing written to the user's own directories.
function environment(scratch, folder) {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(npm_|NODE_|WASI_RS_)/i.test(name));
  const home = path.join(scratch, 'home');
  const temporary = path.join(scratch, 'temporary');
  for (const directory of [home, temporary]) mkdirSync(directory, { recursive: true });
  return {
    ...Object.fromEntries(inherited),
    PATH: [path.join(folder, 'node_modules', '.bin'), path.dirname(process.execPath), process.env.PATH].join(path.delimiter),
    HOME: home, XDG_CACHE_HOME: path.join(home, '.cache'), TMPDIR: temporary, npm_config_offline: 'true',
  };
}

const collect = (stream) => {
  const chunks = [];
  stream.on('data', (chunk) => chunks.push(chunk));
  return () => Buffer.concat(chunks).toString();
};

// The process has a group of its own, which ends with it. So a server that a block starts in the
// background is there until the end of that block.
function endGroup({ pid }) {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It left nothing.
  }
}

const running = new Set();

// When the script itself is ended.
export const endAll = () => running.forEach(endGroup);

function start(command, args, { cwd, env, input }) {
  const child = spawn(command, args, { cwd, env, detached: true, stdio: ['pipe', 'pipe', 'pipe'] });
  running.add(child);
  child.on('exit', () => {
    running.delete(child);
    endGroup(child);
  });
  child.stdin.on('error', () => {}); // it may not read
  child.stdin.end(input);
  return resultOf(child);
}

function resultOf(child) {
  const [stdout, stderr] = [collect(child.stdout), collect(child.stderr)];
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    endGroup(child);
  }, limit);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      resolve({ code, signal, isLate, stdout: stdout(), stderr: stderr() });
    });
  });
}

const javaScript = (file) => file.replace(/\.([cm]?)ts$/, '.$1js');

const commands = {
  node: ({ file }) => [process.execPath, [javaScript(file)]],
  bash: ({ code }) => ['bash', ['-e', '-c', code]],
  'bash -n': ({ code }) => ['bash', ['-n', '-c', code]],
};

const indented = (text) => text.trimEnd().split('\n').map((line) => `    ${line}`).join('\n');

const shown = ({ stdout, stderr }) => [stdout, stderr].filter((text) => text.trim()).map(indented);

function ending({ code, signal, isLate }) {
  if (isLate) return `It does not end within ${limit / 1000} seconds.`;
  return signal ? `It is ended by ${signal}.` : `It exits with code ${code}.`;
}

const comments = /^.*console\.(log|error)\(.*\);?\s*\/\/ ?(.*)$/gm;

// The comments behind console.log() and console.error() are lines that were printed, in this order.
// Lines without comment may stand in between.
function wrongComment(code, printed) {
  const left = { log: printed.stdout.split('\n'), error: printed.stderr.split('\n') };
  for (const [, method, comment] of code.matchAll(comments)) {
    const index = left[method].indexOf(comment.trimEnd());
    if (index === -1) return `It does not print "${comment}", which the comment says:`;
    left[method].splice(0, index + 1);
  }
  return undefined;
}

function problemOf(block, result) {
  if (result.code !== 0) return ending(result);
  return block.execute === 'node' ? wrongComment(block.code, result) : undefined;
}

// Gives a failure, or nothing.
export async function execute(scratch, block) {
  const cwd = folderOf(scratch, block.page);
  const [command, args] = commands[block.execute](block);
  const result = await start(command, args, { cwd, env: environment(scratch, cwd), input: '' });
  const problem = problemOf(block, result);
  return problem && { page: block.page, line: block.line, message: [problem, ...shown(result)].join('\n') };
}
