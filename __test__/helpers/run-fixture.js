'use strict';

// Runs a fixture as a process of its own: `node run-fixture.js JSON`. See the
// defaults for what the JSON may say.

const fs = require('node:fs');
const path = require('node:path');

const {
  implementation = 'wasi-rs', // or 'node', or 'wasmtime': the program on run()
  program, // name of a fixture, or path of a module
  options = {}, // for the constructor
  // Standard streams of the process that it makes its own before, which makes
  // a pipe non-blocking.
  touch = [],
  nonblocking = [], // descriptors that have to be so, or it dies
  onExit, // text that an 'exit' handler writes to stderr
  after, // text to write to stderr when start() has returned
  catchTrap = false, // report what start() throws in JSON, in place of dying of it
} = JSON.parse(process.argv[2]);

const { WASI, run } = implementation === 'node' ? require('node:wasi') : require('../..');
const file = path.isAbsolute(program)
  ? program : path.join(__dirname, '..', 'fixtures', 'bin', `${program}.wasm`);

Error.stackTraceLimit = 50; // a trap is deep inside
for (const stream of touch) process[stream].pause?.();
for (const fd of nonblocking) {
  const [, flags] = /^flags:\s+(\d+)/m.exec(fs.readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1'));
  if (!(parseInt(flags, 8) & fs.constants.O_NONBLOCK)) throw new Error(`${fd} blocks: ${flags}`);
}
if (onExit) process.on('exit', (code) => fs.writeSync(2, `${onExit} ${code}\n`));

// In this thread, on V8.
function start() {
  const wasi = new WASI({ version: 'preview1', args: [program], ...options });
  const module_ = new WebAssembly.Module(fs.readFileSync(file));
  return wasi.start(new WebAssembly.Instance(module_, wasi.getImportObject()));
}

// On another, on wasmtime.
async function runOnWasmtime() {
  const streams = { stdin: 'inherit', stdout: 'inherit', stderr: 'inherit' };
  return (await run(file, { args: [program], cache: false, ...options, ...streams })).exitCode;
}

function describe(error) {
  return {
    name: error.name,
    message: error.message,
    code: error.code,
    isRuntimeError: error instanceof WebAssembly.RuntimeError,
    hasWasmFrame: /wasm/.test(error.stack.split('\n')[1] ?? ''),
  };
}

function report(error) {
  if (!catchTrap) throw error;
  fs.writeSync(2, JSON.stringify(describe(error)));
  process.exitCode = 99;
}

if (implementation === 'wasmtime') {
  runOnWasmtime().then((code) => {
    process.exitCode = code;
  }, report);
} else {
  try {
    process.exitCode = start();
  } catch (error) {
    report(error);
  }
  if (after) fs.writeSync(2, after);
}
