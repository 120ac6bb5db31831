'use strict';

// Directories for the guest: the notations, and preopens made of them.

const fs = require('node:fs');
const path = require('node:path');
const { UsageError } = require('./failures.js');

// `option` is the one that was typed, for messages.
function directory(option, host, guest, readonly) {
  if (!host || !guest) throw new Error('a directory must have a name');
  return { option, host, guest, readonly };
}

// What Docker takes in the place of ":ro".
const foreignSuffix = /:(?:rw|z|Z|cached|delegated|consistent|ro,[\w,]+|rw,[\w,]+)$/;
const ONLY_READONLY = 'the only suffix is ":ro". Directories are writable by default';

function refuseForeignSuffix(text) {
  if (foreignSuffix.test(text)) throw new Error(ONLY_READONLY);
}

function withoutSuffix(text) {
  const readonly = text.endsWith(':ro');
  return [readonly ? text.slice(0, -':ro'.length) : text, readonly];
}

// HOST[::GUEST][:ro], where GUEST is HOST as given: `--dir .` gives the guest a ".".
function dir(text) {
  const at = text.indexOf('::');
  if (at !== -1) refuseForeignSuffix(text);
  const [last, readonly] = withoutSuffix(at === -1 ? text : text.slice(at + 2));
  return directory('--dir', at === -1 ? last : text.slice(0, at), last, readonly);
}

function cut(text) {
  const parts = text.split(':');
  if (parts.length > 2) throw new Error('too many colons. Use --dir HOST::GUEST');
  return parts;
}

// HOST[:GUEST][:ro], as --volume of wasmer and docker has it.
function volume(text) {
  if (text.split(':').length > 2) refuseForeignSuffix(text);
  const [names, readonly] = withoutSuffix(text);
  const [host, guest = host] = cut(names);
  return directory('--volume', host, guest, readonly);
}

// GUEST:HOST or GUEST::HOST, as --mapdir of wasmer and wasmtime had it.
function mapdir(text) {
  const [guest, host] = cut(text.replace('::', ':'));
  return directory('--mapdir', host, guest, false);
}

// Checked here, so that the message is in terms of the command line.
function check(directory) {
  const { option, host } = directory;
  const reason = obstacle(host);
  if (reason === undefined) return;
  const place = path.isAbsolute(host) ? '' : `, that is ${path.resolve(host)}`;
  throw new Error(`${option} ${host}${place}: ${reason}${advice(directory)}`);
}

function obstacle(host) {
  try {
    return fs.statSync(host).isDirectory() ? undefined : 'not a directory';
  } catch (error) {
    return { ENOENT: 'no such directory', ENOTDIR: 'not a directory', EACCES: 'permission denied' }[error.code] ?? error.message;
  }
}

// Other tools have other notations.
function advice({ option, host, guest, readonly }) {
  if (option === '--mapdir') return `. --mapdir expects GUEST:HOST, so "${guest}" is the path in the program`;
  if (option !== '--dir' || host !== guest) return '';
  if (foreignSuffix.test(host)) return `. In --dir, ${ONLY_READONLY}`;
  const [, from, to] = /^([^:]+):([^:]+)$/.exec(host) ?? [];
  return from === undefined ? '' : `. To choose the path in the program, write --dir ${from}::${to}${readonly ? ':ro' : ''}`;
}

function preopens(directories = []) {
  const byGuest = new Map();
  for (const { host, guest, readonly } of directories) {
    if (byGuest.has(guest)) throw new UsageError(`two directories have the same name in the program: "${guest}"`);
    byGuest.set(guest, { path: host, readonly });
  }
  directories.forEach(check);
  return Object.fromEntries(byGuest);
}

module.exports = { dir, mapdir, preopens, volume };
