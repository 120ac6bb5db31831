'use strict';

// What --help says.

const all = `Usage: wasi-rs [run] [options] app.wasm [args…]
       wasi-rs compile app.wasm [-o app.cwasm]

Runs WebAssembly programs made for WASI, and compiles them ahead of time.

  wasi-rs hello.wasm Gordon                  a program with an argument
  wasi-rs --dir . tool.wasm notes.txt        with the files of this directory
  wasi-rs --timeout 5s --max-memory 64MiB untrusted.wasm
  wasi-rs --invoke add sums.wat 2 3          a function, by name

Commands
  run            can be left out; wasi-rs run --help lists its options
  compile        makes a file that starts at once

  -h, --help     this, or the help of a command
  -V, --version
`;

const run = `Usage: wasi-rs run [options] app.wasm [args…]

Runs a program: WebAssembly, binary or text (WAT). Options end at its name; what
follows is the program's, even if it starts with "-".

What the program finds
  --dir HOST[::GUEST][:ro]  a directory, under the name GUEST, else HOST; ro: read-only
  --env NAME[=VALUE]        a variable; without VALUE the one of this environment
  --argv0 NAME              its own name; else that of its file
                            It has nothing else but stdin, stdout and stderr.
Limits
  --timeout TIME            such as 500ms, 5s, 2m, 1h
  --max-memory SIZE         such as 64MiB, 1GiB, 64MB; a number alone is bytes
  --fuel N                  about as many instructions
  --max-stack SIZE          64KiB to 64MiB, else 1MiB
  --compile-timeout TIME    time limit for compiling (default: 10m)
  --compile-memory SIZE     memory limit for compiling (default: 2GiB)

How it runs
  --invoke NAME             calls an exported function with args, prints its results
  --engine wasmtime|v8      v8 is that of Node.js: no limits, no WAT, nothing cached
  --strace                  a line on stderr for each call of WASI
  --cache DIR, --no-cache   where compiled code is kept; else ~/.cache/wasi-rs
  --allow-precompiled       takes what "wasi-rs compile" made: trusted files only, they
                            are machine code

Exit code: the program's (of which the system keeps 8 bits), or
    1  it can't be read, compiled or started     130  ended by SIGINT
    2  wrong usage                               134  it trapped
  124  --timeout, --compile-timeout is over      137  a limit on memory exceeded
  125  --fuel is used up                         143  ended by SIGTERM
`;

const compile = `Usage: wasi-rs compile app.wasm [-o app.cwasm]

Compiles a module to machine code, for this version of wasi-rs and this kind of
processor. To run it: wasi-rs run --allow-precompiled app.cwasm

  -o, --output FILE       else the name of the module, with .cwasm
  --compile-timeout TIME  such as 30s, 5m (default: 10m)
  --compile-memory SIZE   such as 512MiB (default: 2GiB)
`;

module.exports = { help: { all, run, compile } };
