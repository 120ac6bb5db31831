'use strict';

// How the addon starts a child process that compiles, for programs that are not certain to be cheap:
// with the executable that runs this JavaScript, which loads nothing but the addon.

const native = require('./native.js');
const { mayStartProcess } = require('./permission.js');

// The last argument is the path of the addon. The function ends the process.
const SCRIPT = 'const m={exports:{}};globalThis.process.dlopen(m,globalThis.process.argv.at(-1));m.exports.compileForParent()';

// Where the dynamic loader looks for shared libraries: the executable may not start without them.
const KEPT = ['LD_LIBRARY_PATH', 'DYLD_LIBRARY_PATH', 'DYLD_FALLBACK_LIBRARY_PATH'];

// A single executable must not be used, because it would start the application again.
function standalone() {
  const { Deno, Bun } = globalThis;
  if (Deno) return Deno.build.standalone;
  if (Bun) return /^(\/\$bunfs|[a-z]:[\\/]~bun)/i.test(Bun.main);
  if (process.pkg !== undefined || process.__nexe !== undefined) return true;
  return isSea();
}

function isSea() {
  try {
    return require('node:sea').isSea();
  } catch {
    return false; // of a Node.js that has none
  }
}

// A packaged Electron application is one as well, unless it was told to run as Node.js. It can turn
// that off, and would start itself.
const isPackagedElectron = () => process.versions.electron !== undefined &&
  process.defaultApp !== true && !process.env.ELECTRON_RUN_AS_NODE;

function words() {
  if (globalThis.Deno) return ['eval', SCRIPT];
  return ['-e', SCRIPT];
}

function environ() {
  const kept = KEPT.filter((name) => process.env[name]).map((name) => `${name}=${process.env[name]}`);
  return process.versions.electron === undefined ? kept : [...kept, 'ELECTRON_RUN_AS_NODE=1'];
}

function announce() {
  if (!announced) return native.setCompiler('Node\'s permission model requires --allow-child-process');
  if (process.env.WASI_RS_COMPILE_HERE) return native.setCompiler('this process already compiles for another one');
  if (standalone()) return native.setCompiler('the application is a single executable and would start itself again');
  if (isPackagedElectron()) return native.setCompiler('a packaged Electron application might start itself again');
  return native.setCompiler([process.execPath, ...words()], environ());
}

// Whether it was one that may be started.
let announced;

// When it is first needed, and when the permission for it has been dropped.
function announceCompiler() {
  const may = mayStartProcess();
  if (announced === may) return;
  announced = may;
  announce();
}

module.exports = { announceCompiler };
