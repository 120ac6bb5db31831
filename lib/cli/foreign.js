'use strict';

// Options and commands of wasmtime and wasmer that wasi-rs doesn't have: what to use instead, or why
// there is nothing.

// Makes the advice from the value, which need not be there.
const use = (option, more = '') => (value) => `Use ${option}${value ? ` ${value}` : ''}${more}`;
const flag = (option) => () => `Use ${option}`;

const FEATURES = "You can't turn WebAssembly features on or off: wasi-rs supports a fixed set";
const COMPILER = "You can't configure how wasi-rs compiles. --engine v8 is the only other engine";
const COMPONENTS = 'It only applies to components. wasi-rs only runs modules for WASI preview1';
const NETWORK = "Programs for WASI preview1 can't open network connections. They can only accept them, on a socket that " +
  'is their standard input';
const THREADS = 'Only the WASI class can run programs with threads, with one Worker for each thread';
const IMPORTS = 'The command only provides WASI. In JavaScript, pass other imports to run() in options.imports';
const DEBUGGING = 'wasi-rs has no support for debuggers. --strace prints the WASI calls, and a trap prints a backtrace';
const PROFILER = 'wasi-rs has no profiler. --verbose prints time and memory';
const PACKAGES = 'wasi-rs runs files. It does not support packages or registries';
const JOURNAL = "wasi-rs can't record or restore the state of a program";
const STREAM = 'Redirect it in your shell, for example: < /dev/null';
const ON_BY_DEFAULT = "You don't need it, because wasi-rs always works like this";

const OFF = ['n', 'no', 'false'];
const cache = (value) => (OFF.includes(value) ? 'Use --no-cache' : ON_BY_DEFAULT);
const seconds = (value) => use('--timeout')(/^\d+$/.test(value) ? `${value}s` : value);
const stack = use('--max-stack');

// Those of wasmtime that are written -W timeout=5s or --wasm timeout=5s. Whatever is not named has
// the advice of '*'.
const wasm = {
  'timeout': seconds,
  'fuel': use('--fuel', '. It counts differently, so you may have to change the number'),
  'max-memory-size': use('--max-memory', '. A program that needs more is terminated'),
  'trap-on-grow-failure': 'A program that exceeds --max-memory is always terminated',
  'max-wasm-stack': stack,
  'unknown-imports-trap': IMPORTS,
  'unknown-imports-default': IMPORTS,
  'threads': THREADS,
  'shared-memory': THREADS,
  '*': FEATURES,
};
const wasi = {
  'inherit-env': flag('--inherit-env'),
  'cli': ON_BY_DEFAULT,
  'common': ON_BY_DEFAULT,
  'preview0': ON_BY_DEFAULT,
  'preview2': COMPONENTS,
  'p3': COMPONENTS,
  'threads': THREADS,
  'inherit-stdin': STREAM,
  'inherit-stdout': STREAM,
  'inherit-stderr': STREAM,
  'inherit-network': NETWORK,
  'allow-ip-name-lookup': NETWORK,
  'tcp': NETWORK,
  'udp': NETWORK,
  'tcplisten': NETWORK,
  'listenfd': NETWORK,
  '*': COMPONENTS,
};
const codegen = {
  'cache': cache,
  'cache-config': () => 'Use --cache DIR, which names the directory. There is no configuration file',
  '*': COMPILER,
};
const groups = {
  '-W': wasm, '--wasm': wasm, '-S': wasi, '--wasi': wasi, '-C': codegen, '--codegen': codegen,
  '-O': { '*': COMPILER }, '--optimize': { '*': COMPILER },
  '-D': { '*': DEBUGGING }, '--debug': { '*': DEBUGGING },
  '-R': { '*': JOURNAL }, '--record': { '*': JOURNAL },
};

const wasmtime = {
  '-g': DEBUGGING,
  '--preload': 'wasi-rs runs a single module. For programs that consist of several modules, use the WASI class',
  '--profile': PROFILER,
  '--config': 'There is no configuration file. Pass options on the command line',
  '--target': 'wasi-rs compiles for this kind of processor only',
  '--tcplisten': NETWORK,
  '--listenfd': NETWORK,
  '--wasm-timeout': seconds,
  '--max-wasm-stack': stack,
  '--disable-cache': flag('--no-cache'),
  '--wasm-features': FEATURES,
  '--wasi-modules': COMPONENTS,
};

const wasmer = {
  '--net': NETWORK,
  '--http-client': NETWORK,
  '--forward-host-env': flag('--inherit-env'),
  '--v8': flag('--engine v8'),
  '--singlepass': COMPILER,
  '--cranelift': COMPILER,
  '--llvm': COMPILER,
  '--backend': (value) => (value === 'v8' ? 'Use --engine v8' : COMPILER),
  '--stack-size': stack,
  '--entrypoint': use('--invoke'),
  '-e': use('--invoke'),
  '--command': PACKAGES,
  '--command-name': PACKAGES,
  '--use': PACKAGES,
  '--include-webc': PACKAGES,
  '--map-command': PACKAGES,
  '--registry': PACKAGES,
  '--token': PACKAGES,
  '--wasmer-dir': PACKAGES,
  '--coredump-on-trap': DEBUGGING,
  '--profiler': PROFILER,
  '--journal': JOURNAL,
  '--journal-writable': JOURNAL,
  '--snapshot-on': JOURNAL,
  '--snapshot-period': JOURNAL,
  '--tmp': () => 'Use --dir "$(mktemp -d)::/tmp"',
  '--cwd': (value) => `Use --dir ${value ?? 'DIR'}::. to choose the directory in which relative paths are looked up`,
  '--quiet': 'wasi-rs prints nothing but errors, unless you use --verbose',
  '-q': 'wasi-rs prints nothing but errors, unless you use --verbose',
  '--no-tty': ON_BY_DEFAULT,
};

// What people expect, whatever tool they come from.
const memory = use('--max-memory');
const familiar = {
  '--memory': memory,
  '--memory-limit': memory,
  '--stack': stack,
  '--preopen': use('--dir'),
  '--readonly': () => 'Put ":ro" after the directory, for example --dir data::/data:ro',
  '--concurrency': 'The command runs one program. To limit how many guests a process runs at once, see WASI_RS_CONCURRENCY ' +
    'and configure()',
};

const tools = Object.entries({ wasmtime, wasmer });

// Their commands.
const BOTH = 'wasmtime and wasmer';
const INSPECT = 'To look into a module, use "wasi-rs inspect"';
const TESTS = 'wasi-rs does not run WebAssembly test scripts';
const commands = {
  serve: ['wasmtime', COMPONENTS],
  explore: ['wasmtime', INSPECT],
  objdump: ['wasmtime', INSPECT],
  settings: ['wasmtime', COMPILER],
  replay: ['wasmtime', JOURNAL],
  wast: [BOTH, TESTS],
  config: [BOTH, 'There is no configuration file. Pass options on the command line'],
  validate: ['wasmer', INSPECT],
  cache: ['wasmer', 'To empty the cache, remove its directory: $XDG_CACHE_HOME/wasi-rs or ~/.cache/wasi-rs'],
  journal: ['wasmer', JOURNAL],
  binfmt: ['wasmer', 'wasi-rs does not change the configuration of your system'],
  'gen-completions': ['wasmer', 'Use "wasi-rs completion"'],
  'self-update': ['wasmer', 'Update wasi-rs with your package manager'],
};
const EXECUTABLES = 'wasi-rs does not create executables. "wasi-rs compile" creates a file that starts quickly';
for (const name of ['create-exe', 'create-obj', 'gen-c-header']) commands[name] = ['wasmer', EXECUTABLES];
for (const name of ['login', 'logout', 'whoami', 'auth', 'init', 'add', 'publish', 'package', 'container', 'deploy', 'app',
  'ssh', 'namespace', 'domain']) commands[name] = ['wasmer', PACKAGES];

const own = (table, key) => (Object.hasOwn(table, key) ? table[key] : undefined);

function sentence(subject, kind, tool, advice, value) {
  return `${subject} is ${kind} of ${tool}. ${typeof advice === 'function' ? advice(value) : advice}`;
}

// What follows an option: in the same word or in the next one.
function valueOf(name, [word, next]) {
  if (word.startsWith(`${name}=`)) return word.slice(name.length + 1);
  if (/^-\w./.test(word)) return word.slice(2);
  return next?.startsWith('-') ? undefined : next;
}

function ofGroup(group, name, text = '') {
  const [first] = text.split(',');
  const [key] = first.split('=');
  return sentence(`${name} ${first}`.trim(), 'an option', 'wasmtime', own(group, key) ?? group['*'],
    first.slice(key.length + 1));
}

// `rest` is the command line from the option on. Undefined if nobody has it.
function foreignOption(name, rest) {
  const value = valueOf(name, rest);
  const group = own(groups, name);
  if (group) return ofGroup(group, name, value);
  for (const [tool, table] of tools) {
    const advice = own(table, name);
    if (advice) return sentence(name, 'an option', tool, advice, value);
  }
  if (/^--(enable|disable)-/.test(name)) return sentence(name, 'an option', 'wasmer', FEATURES);
  return familiarOption(name, rest);
}

// For an option of no particular tool.
function familiarOption(name, rest) {
  const advice = own(familiar, name);
  if (advice === undefined) return undefined;
  return `unknown option ${name}. ${typeof advice === 'function' ? advice(valueOf(name, rest)) : advice}`;
}

function foreignCommand(name) {
  const found = own(commands, name);
  return found && sentence(`"${name}"`, 'a command', ...found);
}

module.exports = { foreignCommand, foreignOption };
