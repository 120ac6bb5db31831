'use strict';

// Options of child_process, execa, node:wasi and worker_threads: what to use in their place with
// run(), compile() and instantiate().

const STREAMS = "Use 'stdin', 'stdout' and 'stderr'";
const MEMORY = "Use 'memoryLimit', in bytes";
const STACK = "Use 'maxStack', in bytes";
const DIRECTORIES = "A guest can only see the directories that you pass as 'preopens'";
const NO_PROCESS = 'A guest is not a separate process';
const ENDING = "Use 'timeout' or 'signal' to terminate a guest. It can't receive signals";

const hints = new Map(Object.entries({
  stdio: STREAMS,
  input: "Use 'stdin'",
  inputFile: "Use 'stdin' with a stream, such as fs.createReadStream()",
  cwd: `${DIRECTORIES}. It has no working directory`,
  dir: DIRECTORIES,
  dirs: DIRECTORIES,
  mounts: DIRECTORIES,
  mapDirs: DIRECTORIES,
  shell: "No shell is involved. Use 'args'",
  argv0: "Use the first element of 'args'",
  killSignal: ENDING,
  forceKillAfterDelay: ENDING,
  cancelSignal: "Use 'signal'",
  detached: NO_PROCESS,
  uid: NO_PROCESS,
  gid: NO_PROCESS,
  windowsHide: NO_PROCESS,
  windowsVerbatimArguments: NO_PROCESS,
  execPath: NO_PROCESS,
  execArgv: NO_PROCESS,
  serialization: NO_PROCESS,
  extendEnv: "Use 'env'. A guest only gets the variables that you pass",
  version: 'The version of WASI is taken from the imports of the program',
  returnOnExit: "A guest never ends your process. Its exit code is the 'exitCode' of the result",
  share: 'Only the WASI class has this option, for threads',
  imports: 'A guest can only import WASI functions. To provide other imports, use the WASI class',
  importObject: 'A guest can only import WASI functions. To provide other imports, use the WASI class',
  memory: MEMORY,
  maxMemory: MEMORY,
  maxOldGenerationSizeMb: MEMORY,
  resourceLimits: `${MEMORY}, 'timeout', 'fuel' and 'maxStack'`,
  stackSize: STACK,
  stackSizeMb: STACK,
  gas: "Use 'fuel'",
  network: "WASI preview1 can't open network connections",
}));

const hintAbout = (name) => hints.get(name);

module.exports = { hintAbout };
