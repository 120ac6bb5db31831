'use strict';

// Tells the addon how to start a child process that compiles. Programs that may be expensive to
// compile are compiled there. The child is the executable that runs this JavaScript, and loads
// nothing but the addon.

const native = require('./native.js');
const { mayStartProcess } = require('./permission.js');

// The last argument is the path of the addon. The function ends the process.
const SCRIPT = 'const m={exports:{}};globalThis.process.dlopen(m,globalThis.process.argv.at(-1));m.exports.compileForParent()';

// Variables that tell the dynamic loader where to find shared libraries. The executable may need them.
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
    return false; // This version of Node.js doesn't have node:sea.
  }
}

// So is a packaged Electron application, unless it was told to run as Node.js. An application can
// disable that mode and would then start itself.
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

// Whether a child process was allowed when the addon was last told.
let announced;

// Tells the addon at first, and again when the permission to start processes has been dropped.
function announceCompiler() {
  const may = mayStartProcess();
  if (announced === may) return;
  announced = may;
  announce();
}

module.exports = { announceCompiler };
