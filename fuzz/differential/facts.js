'use strict';

// What a path means on the host before a call, so that a rule about a difference
// can say precisely where it holds.

const fs = require('node:fs');

// Positions of [descriptor, path, follow] in the parameters of a function; a third
// of true means always, of false never.
const paths = {
  path_create_directory: [[0, 1, false]],
  path_remove_directory: [[0, 1, false]],
  path_unlink_file: [[0, 1, false]],
  path_readlink: [[0, 1, false]],
  path_filestat_get: [[0, 2, 1]],
  path_filestat_set_times: [[0, 2, 1]],
  path_open: [[0, 2, 1]],
  path_link: [[0, 2, 1], [4, 5, false]],
  path_rename: [[0, 1, false], [3, 4, false]],
  path_symlink: [[2, 3, false]],
};
const directories = {
  fd_readdir: [0],
  ...Object.fromEntries(Object.entries(paths).map(([name, list]) => [name, list.map(([fd]) => fd)])),
};

const latin1 = (text) => Buffer.from(text, 'latin1');
function lstat(place) {
  try {
    return fs.lstatSync(latin1(place), { throwIfNoEntry: false }) ?? null;
  } catch {
    return null;
  }
}
const isDirectory = (place) => lstat(place)?.isDirectory() === true;

// Whether cutting `name/..`, or the dot of `name/.`, out of the text changes what it
// means: `name` is no directory. And whether the text, so cut, begins with `..`.
function lexical(base, text) {
  const kept = [];
  let cutsOther = false;
  let leaves = false;
  for (const part of text.split('/').filter((name) => name !== '')) {
    const isDots = part === '.' || part === '..';
    if (isDots && kept.length > 0 && !isDirectory(`${base}/${kept.join('/')}`)) cutsOther = true;
    if (!isDots) kept.push(part);
    else if (part === '..' && kept.pop() === undefined) leaves = true;
  }
  return { cutsOther, leaves };
}

// Follows a path as the kernel does, up to where it would leave `base`.
function walk(base, text, facts) {
  const stack = [base];
  // A slash or a dot at the end asks for a directory.
  const parts = (string) => string.split('/').map((part) => (part === '.' ? '' : part));
  const rest = parts(text).map((part) => ({ part, own: true }));
  for (let links = 0; rest.length > 0;) {
    const { part, own } = rest.shift();
    if (part === '') continue;
    const top = stack.at(-1);
    if (part === '..') {
      if (stack.length === 1) return { escapes: true };
      stack.pop();
      continue;
    }
    const place = `${top}/${part}`;
    const stat = lstat(place);
    if (stat === null) return { missing: true, early: rest.some((next) => next.part !== '') };
    if (stat.isSymbolicLink()) {
      const target = fs.readlinkSync(latin1(place), 'latin1');
      if (own && rest.length === 0) facts.lastIsLink = true;
      facts.cutsOther ||= lexical(top, target).cutsOther;
      if (target.startsWith('/')) return { escapes: true, absoluteLink: true };
      if (++links > 40) return { loops: true };
      rest.unshift(...parts(target).map((next) => ({ part: next, own: false })));
    } else if (stat.isDirectory()) stack.push(place);
    else return { kind: 'file', early: rest.length > 0 };
  }
  return { kind: 'directory' };
}

function pathFacts(base, text, follow) {
  const facts = { text, follow, ...lexical(base, text) };
  if (text === '' || text.includes('\0') || text.startsWith('/') || text.length > 4200) return facts;
  const end = text.split('/').at(-1);
  facts.endsInSlash = end === '';
  facts.endsInDots = ['.', '..'].includes(text.split('/').findLast((part) => part !== ''));
  return Object.assign(facts, walk(base, text, facts));
}

module.exports = { directories, pathFacts, paths };
