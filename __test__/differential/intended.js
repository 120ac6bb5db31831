'use strict';

// Every place where wasi-rs deliberately differs from node:wasi. compare.js
// writes the reason into both sides instead of the value it must not compare,
// so a failure's diff shows what was left out and why. instance-shape.test.js
// asserts what wasi-rs does instead.
module.exports = {
  experimentalWarning:
    'node:wasi emits an ExperimentalWarning when it is loaded; wasi-rs is silent',

  importFunctions:
    'wasiImport members (and kSetMemory) are native functions of our own: their ' +
    'name, length and own keys are those of WebAssembly exported functions, and ' +
    'wrongly typed JS arguments are coerced the WebAssembly way (ToInt32, ' +
    'TypeError for a non-BigInt where an i64 is due) instead of yielding EINVAL',

  importPrototype:
    'wasiImport is a plain object; in node:wasi it inherits from the prototype ' +
    'of an internal class that is also called WASI',

  olderLifecycle:
    'Node 20 and 22 have no finalizeBindings() and mark the object as started ' +
    'before they validate; wasi-rs has the Node 24+ lifecycle everywhere, so there ' +
    'the expectation is node:wasi with its own steps put in that order (reference.js)',

  exitEvent:
    'with returnOnExit false, node:wasi ends the process at once; wasi-rs calls ' +
    'process.exit(), so that exit handlers run, and in a Worker only that thread ends',

  emptyList:
    'args_get and environ_get of an empty list are EINVAL in node:wasi, although ' +
    'there is nothing wrong with it',

  renumber:
    'fd_renumber(n, n) succeeds in node:wasi without looking whether n is open',

  additions:
    'wasi-rs has options of its own, which it reads after stderr (maxFiles, share) and in ' +
    'preopens that are objects (path), and methods of its own (close, share, Symbol.dispose)',

  mistakenOptions:
    'node:wasi ignores all names that it does not know; wasi-rs looks once at the names of all ' +
    'options, and refuses options of run() and misspellings of its own options',

  preopenPermissions:
    'under --permission, node:wasi looks at no path; wasi-rs refuses a preopen without fs.read, ' +
    'and a writable one without fs.write',

  initErrors:
    'an error of uvwasi_init about a preopen or a standard stream says in wasi-rs which one it is, ' +
    'behind the message of node:wasi; one about a preopen has `path` and `dest`',

  stackFrames:
    'frames differ, and so does everything else in `stack` below its header',

  sourceText:
    'Function.prototype.toString() of the class and its methods',
};
