'use strict';

// The directories that a sequence runs over, and what is left of them.
//
// The root lies deep below a directory of its own: node:wasi can be led out of it,
// and must not find anything of value there. No link leads to a path of the host
// that exists, for the same reason.

const fs = require('node:fs');
const path = require('node:path');

const links = {
  'soft': 'file', 'softdir': 'dir', 'deep': 'dir/sub', 'dangling': 'nothing', 'loop': 'loop', 'out': '../secret',
  'outdir': '..', 'absolute': '/nonexistent-wasi-rs/x', 'absin': '/wasi-rs-fuzz/file', 'chain': 'soft',
  'dir/back': '../file', 'dir/up': '..',
};

// Gives the paths of a scene made in `base`, which must not exist.
function build(base, extraLinks = {}) {
  const outside = path.join(base, '1', '2', '3', '4');
  const root = path.join(outside, 'root');
  const second = path.join(outside, 'second');
  fs.mkdirSync(path.join(root, 'dir', 'sub'), { recursive: true });
  const more = [path.join(root, 'empty'), second, path.join(second, 'dir'), path.join(base, 'current')];
  for (const directory of more) fs.mkdirSync(directory);
  fs.writeFileSync(path.join(outside, 'secret'), 'secret');
  fs.writeFileSync(path.join(root, 'file'), '0123456789');
  fs.writeFileSync(path.join(root, 'dir', 'inner'), 'inner');
  fs.writeFileSync(path.join(second, 'file'), 'second');
  for (const [name, target] of Object.entries({ ...links, ...extraLinks })) fs.symlinkSync(target, path.join(root, name));
  for (const [name, content] of [['stdin', 'line one\nline two\n'], ['stdout', '']]) {
    fs.writeFileSync(path.join(base, name), content);
  }
  return { base, outside, root, second };
}

const latin1 = (text) => Buffer.from(text, 'latin1');

// Times that calls set are before this; others are those of the run.
const RECENT = 1_690_000_000_000_000_000n;
const timeClass = (nanoseconds) => (nanoseconds > RECENT ? 'now' : String(nanoseconds));

const MOST = 65536;
function content(file, size) {
  const bytes = Buffer.alloc(Math.min(Number(size), MOST));
  const fd = fs.openSync(file, 'r');
  try {
    fs.readSync(fd, bytes, 0, bytes.length, 0);
  } finally {
    fs.closeSync(fd);
  }
  return bytes.toString('latin1');
}

// Everything below a directory, as [path, what]. Names are bytes, as latin1.
function tree(directory, skip = [], prefix = '') {
  const names = fs.readdirSync(latin1(directory), { encoding: 'latin1' }).sort();
  return names.filter((name) => !skip.includes(prefix + name)).flatMap((name) => {
    const place = latin1(`${directory}/${name}`);
    const stat = fs.lstatSync(place, { bigint: true });
    const mode = Number(stat.mode).toString(8);
    const mtime = timeClass(stat.mtimeNs);
    if (stat.isDirectory()) {
      return [[prefix + name, { mode, mtime }], ...tree(`${directory}/${name}`, skip, `${prefix}${name}/`)];
    }
    if (stat.isSymbolicLink()) return [[prefix + name, { target: fs.readlinkSync(place, 'latin1'), mtime }]];
    if (!stat.isFile()) return [[prefix + name, { mode }]];
    const { nlink, size } = stat;
    return [[prefix + name, { mode, mtime, nlink: Number(nlink), size: String(size), content: content(place, size) }]];
  });
}

module.exports = { build, timeClass, tree };
