'use strict';

// Node's permission model (`node --permission`), which by itself does not bind native code. What it
// doesn't know, such as descriptors, is not restricted here either.

const path = require('node:path');
const { accessDenied } = require('./errors.js');

const { allowedNodeEnvironmentFlags, permission } = process;

// By name of a permission: as errors call it, and the flag that gives it.
const kinds = {
  'wasi': ['WASI', '--allow-wasi'],
  'fs.read': ['FileSystemRead', '--allow-fs-read'],
  'fs.write': ['FileSystemWrite', '--allow-fs-write'],
};

// Then Node takes note of what it would refuse, and refuses nothing.
function isAudit() {
  const flags = [...(process.env.NODE_OPTIONS ?? '').split(/\s+/), ...process.execArgv];
  const last = (name) => flags.findLastIndex((flag) => flag.replaceAll('_', '-') === name);
  return last('--permission-audit') > last('--no-permission-audit');
}

const isEnforced = typeof permission?.has === 'function' && !isAudit();
// Before Node 20.16, the permission model let everyone use WASI.
const isWasiRestricted = isEnforced && allowedNodeEnvironmentFlags.has('--allow-wasi');

// Permissions can be dropped while the process runs, so each is asked for anew.
function demand(kind, ...resource) {
  if (!permission.has(kind, ...resource)) throw accessDenied(...kinds[kind], ...resource);
}

// A directory and what may be in it: either can be granted alone. To the system, a path ends at its
// first NUL.
function treeOf(directory) {
  const [place] = directory.split('\0', 1);
  return [place, path.join(place, '*')];
}

// For a guest with these preopens, as the addon takes them.
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

module.exports = { canUse, requireGuest, requireRead, requireWasi };
