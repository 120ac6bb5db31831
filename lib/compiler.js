'use strict';

// How the addon starts a process that compiles, for programs that are not surely cheap to compile:
// what runs this JavaScript, with nothing but the addon.

const native = require('./native.js');

// Where it is, is the last argument. The process ends in the function.
const SCRIPT = 'const m={exports:{}};globalThis.process.dlopen(m,globalThis.process.argv.at(-1));m.exports.compileForParent()';

// What finds shared libraries; a loader may need it to start at all.
const KEPT = ['LD_LIBRARY_PATH', 'DYLD_LIBRARY_PATH', 'DYLD_FALLBACK_LIBRARY_PATH'];

// An application that is one executable would start itself again: it must not.
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

// Electron is one too, as long as it was not told to be Node.js. Packaged applications can turn that off,
// and would start themselves.
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
  if (process.env.WASI_RS_COMPILE_HERE) return native.setCompiler('this process is one that compiles');
  if (standalone()) return native.setCompiler('the application is a single executable, which would start itself');
  if (isPackagedElectron()) return native.setCompiler('a packaged Electron application might start itself');
  return native.setCompiler([process.execPath, ...words()], environ());
}

let announced = false;

// When it is first needed.
function announceCompiler() {
  if (announced) return;
  announced = true;
  announce();
}

module.exports = { announceCompiler };
