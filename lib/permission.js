'use strict';

// Applies Node's permission model (`node --permission`) to guests. Node.js doesn't apply it to native
// code. What the model doesn't cover, such as descriptors, is not restricted here either.

const path = require('node:path');
const { accessDenied } = require('./errors.js');

const { allowedNodeEnvironmentFlags, permission } = process;

// For each permission, its name in errors and the flag that grants it.
const kinds = {
  'wasi': ['WASI', '--allow-wasi'],
  'fs.read': ['FileSystemRead', '--allow-fs-read'],
  'fs.write': ['FileSystemWrite', '--allow-fs-write'],
};

// With --permission-audit, Node only reports what it would refuse.
function isAudit() {
  const flags = [...(process.env.NODE_OPTIONS ?? '').split(/\s+/), ...process.execArgv];
  const last = (name) => flags.findLastIndex((flag) => flag.replaceAll('_', '-') === name);
  return last('--permission-audit') > last('--no-permission-audit');
}

const isEnforced = typeof permission?.has === 'function' && !isAudit();
// Before Node 20.16, the permission model let everyone use WASI.
const isWasiRestricted = isEnforced && allowedNodeEnvironmentFlags.has('--allow-wasi');

// Permissions can be dropped while the process runs, so each is checked every time.
function demand(kind, ...resource) {
  if (!permission.has(kind, ...resource)) throw accessDenied(...kinds[kind], ...resource);
}

// A directory and everything in it, which can be granted separately. For the operating system, a path
// ends at its first NUL.
function treeOf(directory) {
  const [place] = directory.split('\0', 1);
  return [place, path.join(place, '*')];
}

// Checks the permissions for a guest with these preopens, which have the form that the addon takes.
function requireGuest(preopens) {
  requireWasi();
  if (!isEnforced) return;
  for (const [, directory, readonly] of preopens) {
    for (const kind of readonly ? ['fs.read'] : ['fs.read', 'fs.write']) {
      for (const place of treeOf(directory)) demand(kind, place);
    }
  }
}

function requireWasi() {
  if (isWasiRestricted) demand('wasi');
}

function requireRead(file) {
  if (isEnforced) demand('fs.read', file);
}

function canUse(directory) {
  return !isEnforced || ['fs.read', 'fs.write'].every((kind) => (
    treeOf(directory).every((place) => permission.has(kind, place))));
}

// A child process isn't bound by the permissions of its parent, so it needs a permission to be started.
function mayStartProcess() {
  return !isEnforced || permission.has('child');
}

module.exports = { canUse, mayStartProcess, requireGuest, requireRead, requireWasi };
