'use strict';

// Runs the same calls on node:wasi and on wasi-rs, each over a directory of its
// own with the same content.

const fs = require('node:fs');
const path = require('node:path');
const { node, ours } = require('../differential/compare');
const { Guest, PAGE, tempDir } = require('./guest');

const SIZE = 2 * PAGE;

function fill(root) {
  fs.mkdirSync(path.join(root, 'dir', 'sub'), { recursive: true });
  fs.mkdirSync(path.join(root, 'empty'));
  fs.writeFileSync(path.join(root, 'file'), '0123456789');
  fs.writeFileSync(path.join(root, 'dir', 'inner'), 'inner');
  for (const [name, target] of Object.entries({
    'soft': 'file', 'softdir': 'dir', 'deep': 'dir/sub', 'dangling': 'nothing', 'loop': 'loop',
    'dir/back': '../file', 'out': '../secret', 'outdir': '..',
  })) fs.symlinkSync(target, path.join(root, name));
}

// Names are bytes, in latin1: they need not be UTF-8.
function tree(directory) {
  return fs.readdirSync(directory, { encoding: 'buffer' }).sort(Buffer.compare).map((bytes) => {
    const name = bytes.toString('latin1');
    const file = Buffer.concat([Buffer.from(directory), Buffer.from('/'), bytes]);
    const stat = fs.lstatSync(file);
    if (stat.isDirectory()) return { name, mode: stat.mode, entries: tree(file) };
    if (stat.isSymbolicLink()) return { name, target: fs.readlinkSync(file) };
    // Times that the calls have set lie in the past.
    const mtime = stat.mtimeMs < 1.7e12 ? stat.mtimeMs : 'now';
    return { name, mode: stat.mode, nlink: stat.nlink, mtime, content: fs.readFileSync(file, 'latin1') };
  });
}

// One implementation with its directory: 3 is the root, `steps` are calls, each
// a name, arguments and perhaps { ignore } with parts of memory, [address,
// length], that may differ. Gives each result and the memory after it.
function observe(t, { WASI }, { steps, options = {} }) {
  const outside = tempDir(t);
  const root = path.join(outside, 'root');
  fs.mkdirSync(root);
  fs.writeFileSync(path.join(outside, 'secret'), 'secret');
  fill(root);
  const guest = new Guest({
    implementation: WASI, args: ['one', 'zwölf'], env: { A: '1', B: '€' }, preopens: { '/root': root }, ...options,
  });
  const calls = steps.map((step) => {
    const { ignore = [] } = typeof step.at(-1) === 'object' ? step.at(-1) : {};
    const [name, ...args] = step.filter((part) => typeof part !== 'object');
    const result = guest.call(name, ...args);
    const memory = guest.read(0, SIZE);
    for (const [at, length] of ignore) memory.fill(0, at, at + length);
    return { name, result, memory };
  });
  const files = tree(outside);
  // node:wasi would keep them open for ever.
  for (let fd = 3; fd < 20; fd++) guest.exports.fd_close(fd);
  return { calls, files };
}

module.exports = { node, observe, ours };
