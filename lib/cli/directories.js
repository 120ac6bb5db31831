'use strict';

// Directories for the guest: the notations, and preopens made of them.

const fs = require('node:fs');
const path = require('node:path');
const { UsageError } = require('./failures.js');

function directory(host, guest, readonly) {
  if (!host || !guest) throw new Error('a directory must have a name');
  return { host, guest, readonly };
}

function withoutSuffix(text) {
  const readonly = text.endsWith(':ro');
  return [readonly ? text.slice(0, -':ro'.length) : text, readonly];
}

// HOST[::GUEST][:ro], where GUEST is HOST as given: `--dir .` gives the guest a ".".
function dir(text) {
  const at = text.indexOf('::');
  const [last, readonly] = withoutSuffix(at === -1 ? text : text.slice(at + 2));
  return directory(at === -1 ? last : text.slice(0, at), last, readonly);
}

function cut(text) {
  const parts = text.split(':');
  if (parts.length > 2) throw new Error('too many colons. Use --dir HOST::GUEST');
  return parts;
}

// HOST[:GUEST][:ro], as --volume of wasmer and docker has it.
function volume(text) {
  const [names, readonly] = withoutSuffix(text);
  const [host, guest = host] = cut(names);
  return directory(host, guest, readonly);
}

// GUEST:HOST or GUEST::HOST, as --mapdir of wasmer and wasmtime had it.
function mapdir(text) {
  const [guest, host] = cut(text.replace('::', ':'));
  return directory(host, guest, false);
}

// Checked here, so that the message is in terms of the command line.
function check({ host }) {
  const reason = obstacle(host);
  if (reason === undefined) return;
  const place = path.isAbsolute(host) ? '' : `, that is ${path.resolve(host)}`;
  throw new Error(`--dir ${host}${place}: ${reason}`);
}

function obstacle(host) {
  try {
    return fs.statSync(host).isDirectory() ? undefined : 'not a directory';
  } catch (error) {
    return { ENOENT: 'no such directory', ENOTDIR: 'not a directory', EACCES: 'permission denied' }[error.code] ?? error.message;
  }
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
