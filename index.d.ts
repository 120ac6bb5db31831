// A drop-in for the types of `node:wasi`: WASI and WASIOptions are assignable to and from the
// types of @types/node, but need neither that package nor the DOM library. Separate types, such
// as SandboxOptions and Closeable, describe what `node:wasi` doesn't have. MemoryFile, compile()
// and run() follow at the end.
//
// Requires TypeScript 4.7 or newer. `npm run test:types` tests that version and newer ones.

// TypeScript merges these declarations with the ones in @types/node and, since version 5.2, in its
// library `esnext.disposable`.
declare global {
  interface SymbolConstructor {
    readonly dispose: unique symbol;
    readonly asyncDispose: unique symbol;
  }
  interface Disposable {
    [Symbol.dispose](): void;
  }
  interface AsyncDisposable {
    [Symbol.asyncDispose](): PromiseLike<void>;
  }
}

/** Options of the {@link WASI} constructor, the same as in `node:wasi`. */
export interface WASIOptions {
  /**
   * The command line arguments of the guest. By convention, the first one is the name of
   * the program. Nothing is added to the array. Elements are converted with `String()`.
   *
   * Throws `ERR_INVALID_ARG_TYPE` if this is not an array.
   *
   * @default []
   */
  args?: readonly string[] | undefined;

  /**
   * The environment variables of the guest: the object's own enumerable string keys, in
   * the order of `Object.entries()`. A variable set to `undefined` is left out. The guest
   * doesn't see the environment of the process unless you pass `process.env`.
   *
   * Throws `ERR_INVALID_ARG_TYPE` if this is not an object (arrays and `null` are not
   * accepted), and a `TypeError` if a value is a symbol.
   *
   * @default {}
   */
  env?: object | undefined;

  /**
   * The directories that the guest can use. Keys are paths as the guest sees them. Values
   * are paths on the host, resolved when the object is constructed. The guest can't reach
   * any other directory. Values are converted with `String()`, and an entry whose value is
   * `undefined` is left out.
   *
   * Throws `ERR_INVALID_ARG_TYPE` if this is not an object. Throws an `Error` with a `code`
   * such as `'UVWASI_ENOENT'` or `'UVWASI_ENOTDIR'` and the `syscall` `'uvwasi_init'` if a
   * host path can't be opened as a directory. The error's `path` is the path on the host,
   * and its `dest` is the path as the guest would see it.
   *
   * @default {}
   * @example
   * ```js
   * import { readFile } from 'node:fs/promises';
   * import { WASI } from 'wasi-rs';
   *
   * const wasi = new WASI({
   *   version: 'preview1',
   *   args: ['tool', '/sandbox/input.txt'],
   *   preopens: { '/sandbox': './data' },
   * });
   * const wasm = await WebAssembly.compile(await readFile('tool.wasm'));
   * wasi.start(await WebAssembly.instantiate(wasm, wasi.getImportObject()));
   * ```
   */
  preopens?: { [guestPath: string]: string | undefined } | undefined;

  /**
   * What happens when the guest calls `proc_exit()`. If `true`, `start()` returns the exit
   * code. If `false`, `process.exit()` is called with the exit code. In a Worker, that ends
   * only the thread.
   *
   * Throws `ERR_INVALID_ARG_TYPE` if this is not a boolean.
   *
   * @default true
   */
  returnOnExit?: boolean | undefined;

  /**
   * The file descriptor of the process that becomes the guest's standard input. To pass
   * text or bytes, use the descriptor of a {@link MemoryFile}.
   *
   * Throws `ERR_INVALID_ARG_TYPE` if this is not a number, `ERR_OUT_OF_RANGE` if it is not
   * an integer from 0 to 2147483647, and an `Error` with the code `'UVWASI_EBADF'` if the
   * descriptor is not open.
   *
   * @default 0
   */
  stdin?: number | undefined;

  /**
   * The file descriptor of the process that becomes the guest's standard output. To capture
   * the output, use the descriptor of a {@link MemoryFile}.
   *
   * Throws the same errors as {@link WASIOptions.stdin}.
   *
   * @default 1
   */
  stdout?: number | undefined;

  /**
   * The file descriptor of the process that becomes the guest's standard error.
   *
   * Throws the same errors as {@link WASIOptions.stdin}.
   *
   * @default 2
   */
  stderr?: number | undefined;

  /**
   * The version of WASI. It determines the name of the module that the guest imports from:
   * `wasi_snapshot_preview1` for `'preview1'`, `wasi_unstable` for `'unstable'`. This option
   * is required.
   *
   * Throws `ERR_INVALID_ARG_TYPE` if this is not a string, and `ERR_INVALID_ARG_VALUE` if it
   * is any other string.
   */
  version: 'unstable' | 'preview1';
}

/**
 * A directory for the guest, with options. Any other own property, such as a misspelled
 * `readOnly`, is an error with the code `ERR_INVALID_ARG_VALUE`.
 */
export interface Preopen {
  /**
   * The path of the directory on the host.
   *
   * If this is not a string, the error has the code `ERR_INVALID_ARG_TYPE`.
   */
  path: string;

  /**
   * Whether the directory is read-only for the guest. If `true`, calls that would change
   * anything in it fail with `ENOTCAPABLE`. The guest also can't make hard links to its
   * files elsewhere or move them out.
   *
   * If this is not a boolean, the error has the code `ERR_INVALID_ARG_TYPE`.
   *
   * @default false
   * @example
   * ```js
   * import { run } from 'wasi-rs';
   *
   * const { stdout } = await run('tool.wasm', {
   *   args: ['tool', '/data/notes.txt'],
   *   preopens: { '/data': { path: './data', readonly: true } },
   * });
   * ```
   */
  readonly?: boolean | undefined;
}

/**
 * {@link WASIOptions}, with the additional options of this package.
 *
 * The class has none of the limits of {@link run}. To keep you from relying on a limit that has no
 * effect, the constructor throws `ERR_INVALID_ARG_VALUE` for options of `run()` that the class
 * doesn't have, such as `timeout` or `memoryLimit`, unless they are `undefined`. It also does so for
 * `maxFiles`, `share` and `preopens` with different capitalization or without the final "s". As in
 * `node:wasi`, any other unknown option is ignored.
 */
export interface SandboxOptions extends Omit<WASIOptions, 'preopens'> {
  /**
   * The directories that the guest can use, as in {@link WASIOptions.preopens}. Values can
   * also be objects, for example to make a directory read-only.
   *
   * @default {}
   * @example
   * ```js
   * import { WASI } from 'wasi-rs';
   *
   * const wasi = new WASI({
   *   version: 'preview1',
   *   preopens: {
   *     '/work': './data',
   *     '/templates': { path: './data', readonly: true },
   *   },
   * });
   * ```
   */
  preopens?: { [guestPath: string]: string | Preopen | undefined } | undefined;

  /**
   * The maximum number of descriptors that the guest can have open at once. Standard
   * streams, preopens, and files that the guest opens all count. At the limit, calls that
   * open a descriptor fail with `EMFILE` in the guest.
   *
   * Throws `ERR_INVALID_ARG_TYPE` if this is not a number, `ERR_OUT_OF_RANGE` if it is not
   * an integer from 0 to 2147483647, and an `Error` with the code `'UVWASI_EMFILE'` if it is
   * too small for the standard streams and preopens.
   *
   * @default a quarter of what the process can have open (`ulimit -n`), but at most 65536
   */
  maxFiles?: number | undefined;
}

/**
 * Options of the {@link WASI} constructor for an object that uses the descriptors of another
 * object. See {@link Shareable.share}.
 */
export interface SharingOptions extends Omit<WASIOptions, 'preopens' | 'stdin' | 'stdout' | 'stderr'> {
  /**
   * The token that `share()` of the other object returned.
   *
   * Throws `ERR_INVALID_ARG_TYPE` if this is not a string. Throws `ERR_INVALID_ARG_VALUE` if
   * the token is unknown or no open object has its descriptors anymore, or if `preopens`,
   * `stdin`, `stdout`, `stderr` or `maxFiles` is also given. Those come from the other
   * object.
   */
  share: string;

  preopens?: undefined;
  stdin?: undefined;
  stdout?: undefined;
  stderr?: undefined;
  maxFiles?: undefined;
}

/** Options of {@link WASI.finalizeBindings}. */
export interface FinalizeBindingsOptions {
  /**
   * The `WebAssembly.Memory` that the guest uses.
   *
   * Throws the same errors as {@link WASI.finalizeBindings}.
   *
   * @default instance.exports.memory
   */
  memory?: object | undefined;
}

/** Methods of {@link WASI} objects that close their descriptors. `node:wasi` doesn't have them. */
export interface Closeable {
  /**
   * Closes all descriptors of the guest now, rather than when the object is
   * garbage-collected. The descriptors that you passed as `stdin`, `stdout` and `stderr` stay
   * open. Shared descriptors stay open until the last object that has them is closed. After
   * that, calls of the guest that use a descriptor fail with `EBADF`. You can call `close()`
   * more than once.
   *
   * @example
   * ```js
   * import { readFile } from 'node:fs/promises';
   * import { WASI } from 'wasi-rs';
   *
   * const wasm = await WebAssembly.compile(await readFile('demo.wasm'));
   * const wasi = new WASI({ version: 'preview1', preopens: { '/data': './data' } });
   * try {
   *   wasi.start(await WebAssembly.instantiate(wasm, wasi.getImportObject()));
   * } finally {
   *   wasi.close();
   * }
   * ```
   */
  close(): void;

  /** The same as {@link Closeable.close}, for `using wasi = new WASI(…)`. */
  [Symbol.dispose](): void;
}

/** The method of {@link WASI} objects that shares descriptors with guests in other threads. */
export interface Shareable {
  /**
   * Shares the descriptors of this object with other objects, including objects in Workers of
   * the same process. A descriptor that one guest opens can be used by the others under the
   * same number. Returns a token, which is a string: send it to the other thread and pass it
   * there as {@link SharingOptions.share}. Each call returns the same token.
   *
   * All objects use the preopens, standard streams and `maxFiles` of this object. Each object
   * has its own `args`, `env` and instance.
   *
   * The descriptors are closed when the last object that has them is closed, is
   * garbage-collected, or ends with its Worker. The token itself keeps nothing open, so keep
   * this object until the others have been constructed. The token has no meaning in another
   * process.
   *
   * Guests only borrow the standard streams. Keep the descriptors that you passed as `stdin`,
   * `stdout` and `stderr` open until the last of these objects is closed. Node.js closes what
   * a Worker has opened when that Worker ends, including each {@link MemoryFile}. Open the
   * descriptors in the thread that lives longest.
   *
   * Throws `ERR_INVALID_STATE` after {@link Closeable.close}, and while the guest is in a
   * WASI call.
   *
   * @example
   * ```js
   * import { readFile } from 'node:fs/promises';
   * import { Worker, isMainThread, workerData } from 'node:worker_threads';
   * import { WASI } from 'wasi-rs';
   *
   * if (isMainThread) {
   *   const wasi = new WASI({ version: 'preview1', preopens: { '/data': './data' } });
   *   const worker = new Worker(new URL(import.meta.url), { workerData: { share: wasi.share() } });
   *   worker.on('exit', () => wasi.close());
   * } else {
   *   const wasi = new WASI({ version: 'preview1', share: workerData.share });
   *   const wasm = await WebAssembly.compile(await readFile('demo.wasm'));
   *   wasi.start(await WebAssembly.instantiate(wasm, wasi.getImportObject()));
   * }
   * ```
   */
  share(): string;
}

/**
 * Runs guests on the WebAssembly engine of Node.js. It is a drop-in replacement for the
 * `WASI` class of `node:wasi`.
 *
 * The guest runs on the thread that calls it, which is blocked until the guest returns. The
 * class sets no limits on time or memory: to run untrusted programs, or to keep the event loop
 * free, use {@link run}. WASI preview1 has no network access: a guest can use sockets that you
 * pass to it, but it can't open connections.
 *
 * Each object holds descriptors until you call {@link Closeable.close} or the object is
 * garbage-collected.
 *
 * The constructor throws `ERR_INVALID_ARG_TYPE` if `options` is not an object or lacks
 * `version`. See {@link WASIOptions} for the errors of each option. Options are checked in the
 * order `version`, `args`, `env`, `preopens`, `stdin`, `stdout`, `stderr`, `maxFiles`, `share`.
 * Options of `run()` and misspelled options come next. `returnOnExit` is checked last, after the
 * directories and descriptors have been opened.
 *
 * Under Node's permission model, the constructor throws `ERR_ACCESS_DENIED`, with the properties
 * `permission` and `resource`, unless Node.js was started with `--allow-wasi`. Each preopen needs
 * the permission `fs.read` and, unless it is read-only, `fs.write`.
 *
 * @example
 * ```js
 * import { readFile } from 'node:fs/promises';
 * import { WASI } from 'wasi-rs';
 *
 * const wasi = new WASI({
 *   version: 'preview1',
 *   args: ['tool', '/sandbox/input.txt'],
 *   env: { LANG: 'C' },
 *   preopens: { '/sandbox': './data' },
 * });
 * const wasm = await WebAssembly.compile(await readFile('tool.wasm'));
 * const instance = await WebAssembly.instantiate(wasm, wasi.getImportObject());
 * process.exitCode = wasi.start(instance);
 * ```
 */
export const WASI: {
  new (options?: WASIOptions | SandboxOptions | SharingOptions): WASI & Closeable & Shareable;
  readonly prototype: WASI & Closeable & Shareable;
};

/**
 * An environment for one guest: the system calls that it imports, and the methods that run it.
 */
export interface WASI {
  /**
   * Returns a new import object for a guest that imports nothing but WASI:
   * `{ wasi_snapshot_preview1: wasi.wasiImport }`, or `{ wasi_unstable: wasi.wasiImport }` if
   * the version is `'unstable'`.
   *
   * The return type is `object`, as in the types of `node:wasi`. In TypeScript, add the assertion
   * `as WebAssembly.Imports` to pass it to `WebAssembly.instantiate()`.
   *
   * @example
   * ```js
   * import { readFile } from 'node:fs/promises';
   * import { WASI } from 'wasi-rs';
   *
   * const wasi = new WASI({ version: 'preview1' });
   * const wasm = await WebAssembly.compile(await readFile('demo.wasm'));
   * const instance = await WebAssembly.instantiate(wasm, {
   *   ...wasi.getImportObject(),
   *   env: { now: () => Date.now() }, // imports of your own
   * });
   * wasi.start(instance);
   * ```
   */
  getImportObject(): object;

  /**
   * Runs `instance` as a command: calls its `_start` export and returns the exit code. The
   * exit code is what the guest passed to `proc_exit()`, or 0 if `_start` returned.
   *
   * `start()` calls {@link WASI.finalizeBindings} first and throws the same errors. It throws
   * `ERR_INVALID_ARG_TYPE` if `instance.exports._start` is not a function or if
   * `instance.exports._initialize` is present. After that error, the object counts as started.
   * Exceptions of the guest, such as a `WebAssembly.RuntimeError`, are thrown unchanged.
   *
   * @example
   * ```js
   * import { readFile } from 'node:fs/promises';
   * import { WASI } from 'wasi-rs';
   *
   * const wasi = new WASI({ version: 'preview1', args: ['tool', 'missing.txt'] });
   * const wasm = await WebAssembly.compile(await readFile('tool.wasm'));
   * const instance = await WebAssembly.instantiate(wasm, wasi.getImportObject());
   * const exitCode = wasi.start(instance);
   * console.log(exitCode); // 1
   * ```
   */
  start(instance: object): number;

  /**
   * Initializes `instance` as a reactor: calls its `_initialize` export if it has one. After
   * that, you can call its other exports.
   *
   * `initialize()` calls {@link WASI.finalizeBindings} first and throws the same errors. It
   * throws `ERR_INVALID_ARG_TYPE` if `instance.exports._start` is present, or if
   * `instance.exports._initialize` is present and not a function. After that error, the object
   * counts as started. Exceptions of the guest are thrown unchanged.
   *
   * @example
   * ```js
   * import { readFile } from 'node:fs/promises';
   * import { WASI } from 'wasi-rs';
   *
   * const wasi = new WASI({ version: 'preview1' });
   * const wasm = await WebAssembly.compile(await readFile('sums.wasm'));
   * const instance = await WebAssembly.instantiate(wasm, wasi.getImportObject());
   * wasi.initialize(instance);
   * console.log(instance.exports.add(2, 3)); // 5
   * ```
   */
  initialize(instance: object): void;

  /**
   * Binds this object to `instance` and its memory without running anything. Use it, for
   * example, in a thread that shares the memory of an initialized guest.
   *
   * Throws `ERR_WASI_ALREADY_STARTED` if the object has already been bound, by this method,
   * `start()` or `initialize()`. Throws `ERR_INVALID_ARG_TYPE` if `instance` or
   * `instance.exports` is not an object, or if the memory is not a `WebAssembly.Memory`. After
   * an `ERR_INVALID_ARG_TYPE`, you can bind the object again.
   *
   * @example
   * ```js
   * import { readFile } from 'node:fs/promises';
   * import { WASI } from 'wasi-rs';
   *
   * const wasi = new WASI({ version: 'preview1' });
   * const wasm = await WebAssembly.compile(await readFile('demo.wasm'));
   * const instance = await WebAssembly.instantiate(wasm, wasi.getImportObject());
   * wasi.finalizeBindings(instance, { memory: instance.exports.memory });
   * // From here on, exports of the guest can use WASI.
   * ```
   */
  finalizeBindings(instance: object, options?: FinalizeBindingsOptions): void;

  /**
   * The system calls, by name, for the guest to import: all functions of WASI preview1, from
   * `args_get` to `sock_shutdown`. You can replace members before you instantiate the guest.
   *
   * A call throws `ERR_WASI_NOT_STARTED` if no memory has been bound yet. Otherwise it returns
   * a WASI `errno`, which is 0 for success.
   */
  readonly wasiImport: { [name: string]: any };
}

// The rest is not part of node:wasi. Objects of Node.js are described by the members that this
// package uses, so that these declarations don't depend on @types/node.

/** A `Buffer`, or a `Uint8Array` if the types of Node.js are not installed. */
export type Bytes = typeof globalThis extends { Buffer: { alloc(size: number): infer B } } ? B : Uint8Array;

/**
 * A file in memory, for the standard streams of guests. You can use its descriptor wherever a
 * descriptor is expected: in {@link WASI} of this package and of `node:wasi`, in {@link run},
 * and in `child_process`. On systems without files in memory, it is a temporary file without a
 * name.
 *
 * Close each MemoryFile. Otherwise, it isn't freed until the thread that created it ends: the
 * garbage collector doesn't free it. `using file = new MemoryFile()` closes it at the end of the
 * block.
 *
 * A MemoryFile has one position, which everyone who uses the descriptor shares. It starts at
 * 0: a guest reads the initial content from the beginning, and a guest that writes overwrites
 * it. If the outputs of two guests, or `stdout` and `stderr` of one, go to the same file, their
 * order is kept. To pass the output of one guest to the next, create a new file from its
 * {@link MemoryFile.bytes}.
 *
 * You can use the descriptor in all threads. If you pass a Worker the descriptor of a file that
 * was created outside of it, you can still read what the guest wrote after the Worker has been
 * terminated.
 *
 * The content uses memory of the host, and MemoryFile sets no limit. For untrusted guests,
 * use {@link run}, which limits captured output with {@link RunOptions.maxBuffer}.
 *
 * @example
 * ```js
 * import { readFile } from 'node:fs/promises';
 * import { MemoryFile, WASI } from 'wasi-rs';
 *
 * const stdin = new MemoryFile('some text');
 * const stdout = new MemoryFile();
 * try {
 *   const wasi = new WASI({ version: 'preview1', stdin: stdin.fd, stdout: stdout.fd });
 *   const wasm = await WebAssembly.compile(await readFile('tool.wasm'));
 *   wasi.start(await WebAssembly.instantiate(wasm, wasi.getImportObject()));
 *   console.log(stdout.text()); // some text
 * } finally {
 *   stdin.close();
 *   stdout.close();
 * }
 * ```
 */
export class MemoryFile {
  /**
   * Creates a file with the given content: text, which is encoded as UTF-8, or a copy of bytes.
   *
   * Throws `ERR_INVALID_ARG_TYPE` if `initial` is anything else, and `ERR_INVALID_ARG_VALUE`
   * if its buffer is detached. Throws an `Error` with a `code` such as `'EMFILE'` or
   * `'ENOSPC'` if there is no descriptor or no space left for it.
   *
   * @default an empty file
   * @example
   * ```js
   * import { MemoryFile } from 'wasi-rs';
   *
   * const text = new MemoryFile('some text');
   * const bytes = new MemoryFile(new Uint8Array([1, 2, 3]));
   * const empty = new MemoryFile();
   * for (const file of [text, bytes, empty]) file.close();
   * ```
   */
  constructor(initial?: string | ArrayBufferLike | ArrayBufferView);

  /**
   * The file descriptor. It stays open until you call {@link MemoryFile.close} or the thread
   * that created the file ends, whether or not the object has been garbage-collected.
   *
   * Throws `ERR_INVALID_STATE` if the file is closed.
   *
   * @example
   * ```js
   * import { spawnSync } from 'node:child_process';
   * import { MemoryFile } from 'wasi-rs';
   *
   * const file = new MemoryFile();
   * spawnSync('echo', ['hello'], { stdio: ['ignore', file.fd, 'inherit'] });
   * console.log(file.text().trim()); // hello
   * file.close();
   * ```
   */
  readonly fd: number;

  /**
   * Returns the whole content as text, regardless of the position, which doesn't change. As
   * with `fs.readFile()`, invalid UTF-8 is replaced by U+FFFD and a byte order mark is kept.
   *
   * Throws `ERR_INVALID_STATE` if the file is closed, `'EBADF'` if something else has closed
   * its descriptor, and `ERR_STRING_TOO_LONG` if the file has more bytes than
   * `buffer.constants.MAX_STRING_LENGTH`, which is about 512 MiB. A guest can make a file that
   * large with a single write far behind its end.
   *
   * @example
   * ```js
   * import { MemoryFile } from 'wasi-rs';
   *
   * const file = new MemoryFile('some text');
   * console.log(file.text()); // some text
   * file.close();
   * ```
   */
  text(): string;

  /**
   * Returns a copy of the whole content, regardless of the position, which doesn't change. If
   * a guest writes at the same time, the copy may contain only part of what it writes.
   *
   * Throws `ERR_INVALID_STATE` if the file is closed, `'EBADF'` if something else has closed
   * its descriptor, and `ERR_FS_FILE_TOO_LARGE` if the file has 2 GiB or more.
   *
   * @example
   * ```js
   * import { MemoryFile } from 'wasi-rs';
   *
   * const output = new MemoryFile('what a guest has written');
   * const input = new MemoryFile(output.bytes()); // standard input of the next guest
   * console.log(output.bytes().length); // 24
   * output.close();
   * input.close();
   * ```
   */
  bytes(): Bytes;

  /**
   * Removes all content and sets the position to 0, so that the next guest can use the file.
   * Don't call it while a guest writes: a gap of zeros could precede the guest's next bytes.
   *
   * Throws `ERR_INVALID_STATE` if the file is closed, and `'EBADF'` if something else has
   * closed its descriptor.
   *
   * @example
   * ```js
   * import { MemoryFile } from 'wasi-rs';
   *
   * const output = new MemoryFile('of the first guest');
   * output.clear();
   * console.log(output.bytes().length); // 0
   * output.close();
   * ```
   */
  clear(): void;

  /**
   * Closes the descriptor and frees the memory. Guests must not use the descriptor afterwards,
   * because another file may get the same number. A guest of {@link Program.run} is not
   * affected: it has its own copy of the descriptor from the moment of the call. You can call
   * `close()` more than once.
   *
   * @example
   * ```js
   * import { MemoryFile, run } from 'wasi-rs';
   *
   * const log = new MemoryFile();
   * try {
   *   await run('demo.wasm', { stdout: log.fd });
   *   await run('demo.wasm', { stdout: log.fd });
   *   console.log(log.text().split('\n').length); // 3
   * } finally {
   *   log.close();
   * }
   * ```
   */
  close(): void;

  /** The same as {@link MemoryFile.close}, for `using file = new MemoryFile(…)`. */
  [Symbol.dispose](): void;
}

/** The members of `AbortSignal` that this package uses. */
export interface AbortSignalLike {
  readonly aborted: boolean;
  readonly reason?: any;
  addEventListener(type: 'abort', listener: () => void): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

/** The members of `stream.Readable` that this package uses. */
export interface ReadableLike {
  on(event: string, listener: (...args: any[]) => void): unknown;
  off(event: string, listener: (...args: any[]) => void): unknown;
  pause(): unknown;
  resume(): unknown;
}

/** The members of `stream.Writable` that this package uses. */
export interface WritableLike {
  on(event: string, listener: (...args: any[]) => void): unknown;
  off(event: string, listener: (...args: any[]) => void): unknown;
  write(chunk: any, callback: (error?: Error | null) => void): boolean;
}

// Without @types/node, the module can't be found.
/** The class `stream.Readable`, or `any` if the types of Node.js are not installed. */
// @ts-ignore
export type NodeReadable = import('node:stream').Readable;

/** The class `stream.Writable`, or `any` if the types of Node.js are not installed. */
// @ts-ignore
export type NodeWritable = import('node:stream').Writable;

/** The members of a Web `ReadableStream` that this package uses. */
export interface ReadableStreamLike {
  readonly locked: boolean;
  getReader(): unknown;
}

/** The members of a Web `WritableStream` that this package uses. */
export interface WritableStreamLike {
  readonly locked: boolean;
  getWriter(): unknown;
}

/** What the option {@link RunOptions.stdin} can be. */
export type GuestInput =
  | 'ignore' | 'inherit' | (string & {}) | number | ArrayBufferView
  | ReadableLike | ReadableStreamLike
  | AsyncIterable<string | ArrayBufferView> | IterableIterator<string | ArrayBufferView>;

/** What the options {@link RunOptions.stdout} and {@link RunOptions.stderr} can be. */
export type GuestOutput = 'pipe' | 'inherit' | 'ignore' | number | WritableLike | WritableStreamLike;

/**
 * A program, in the binary or the text format of WebAssembly. This can be a path, a `file:` URL,
 * an `ArrayBuffer` or a view of one, or an object with an `arrayBuffer()` method, such as a
 * `Blob` or the `Response` of `fetch()`.
 */
export type Source =
  | string
  | { readonly href: string; readonly protocol: string }
  | ArrayBufferLike
  | ArrayBufferView
  | { arrayBuffer(): Promise<ArrayBuffer> };

/** The encodings of `Buffer`. */
export type Encoding =
  | 'ascii' | 'utf8' | 'utf-8' | 'utf16le' | 'utf-16le' | 'ucs2' | 'ucs-2'
  | 'base64' | 'base64url' | 'latin1' | 'binary' | 'hex';

/**
 * Options of {@link compile}. See {@link RunOptions} for the rules on unknown and inherited
 * properties, which are errors.
 */
export interface CompileOptions {
  /**
   * Where compiled code is kept, so that the next process doesn't have to compile the program
   * again. `true` means `$XDG_CACHE_HOME/wasi-rs` or, if that variable is not set,
   * `~/.cache/wasi-rs`. A string is the path of a directory, which is created if it doesn't
   * exist. With `false`, nothing is read or kept.
   *
   * Code from the cache is only used if it belongs to the user of this process and no other user
   * can write to it. If the files in the directory exceed 1 GiB in total, the least recently used ones are
   * deleted. A cache that can't be read or written, or that Node's permission model forbids,
   * is not an error: the program is compiled instead.
   *
   * Rejects with `ERR_INVALID_ARG_TYPE` if this is neither a boolean nor a string, and with
   * `ERR_INVALID_ARG_VALUE` if it is empty or contains null bytes.
   *
   * @default true
   * @example
   * ```js
   * import { compile } from 'wasi-rs';
   *
   * await compile('tool.wasm', { cache: './compiled' }); // in a directory of your own
   * await compile('tool.wasm', { cache: false }); // not at all
   * ```
   */
  cache?: boolean | string | undefined;

  /**
   * Whether the source may be code that {@link Program.serialize} returned. The code is not
   * checked and can do anything in this process, so set this option to `true` only for code
   * that you compiled yourself and that no one else could have changed.
   *
   * Rejects with `ERR_INVALID_ARG_TYPE` if this is not a boolean.
   *
   * @default false
   * @example
   * ```js
   * import { readFile, writeFile } from 'node:fs/promises';
   * import { compile, run } from 'wasi-rs';
   *
   * const program = await compile('demo.wasm');
   * await writeFile('demo.cwasm', await program.serialize());
   *
   * // Later, on the same machine:
   * await run(await readFile('demo.cwasm'), { allowPrecompiled: true });
   * ```
   */
  allowPrecompiled?: boolean | undefined;

  /**
   * An `AbortSignal` that cancels compiling. When it is aborted, the promise rejects with an
   * `AbortError` whose `cause` is the signal's reason. Compiling stops, unless another call is
   * waiting for the same program.
   *
   * Rejects with `ERR_INVALID_ARG_TYPE` if this is not an `AbortSignal`.
   */
  signal?: AbortSignalLike | undefined;

  /**
   * The maximum time that compiling can take, in milliseconds. After that, the promise rejects
   * with `ERR_WASI_COMPILE_TIMEOUT` and compiling stops. `0` and `Infinity` mean no limit. The
   * time starts when the source has been read. Time spent waiting for other compilations counts.
   * Code from the cache is loaded regardless of the limit. The limit also applies if the program
   * is compiled again later, which happens when it is first run with `fuel`.
   *
   * A program that is certain to compile in a fraction of a second is compiled on a thread of
   * this process, where compiling can't be stopped. If compiling such a program exceeds the
   * limit, the promise rejects when compiling has finished.
   *
   * Rejects with `ERR_INVALID_ARG_TYPE` if this is not a number, and with `ERR_OUT_OF_RANGE` if
   * it is negative or `NaN`.
   *
   * @default 600_000
   * @example
   * ```js
   * import { compile } from 'wasi-rs';
   *
   * await compile('plugin.wasm', { timeout: 10_000, memoryLimit: 512 * 1024 * 1024 });
   * ```
   */
  timeout?: number | undefined;

  /**
   * The maximum amount of memory that compiling can use, in bytes. Beyond that, the promise
   * rejects with `ERR_WASI_COMPILE_MEMORY_LIMIT`. Compiling a program of 30 MB takes about
   * 700 MB. `Infinity` means no limit. The limit also applies if the program is compiled again
   * later, as for `timeout`.
   *
   * This limits the child process that compiles. A program that is certain to need less than
   * about 150 MB is compiled in this process, where the limit doesn't apply.
   *
   * Rejects with `ERR_INVALID_ARG_TYPE` if this is not a number, and with `ERR_OUT_OF_RANGE` if
   * it is neither a non-negative integer nor `Infinity`.
   *
   * @default 2 ** 31
   */
  memoryLimit?: number | undefined;
}

/**
 * Options of {@link run} for a program that has not been compiled yet. They are the options of
 * {@link compile}, but its limits have other names, because `timeout` and `memoryLimit` limit
 * the guest.
 */
export interface SourceOptions extends Omit<CompileOptions, 'timeout' | 'memoryLimit'> {
  /**
   * The maximum time that compiling can take, in milliseconds. See
   * {@link CompileOptions.timeout}.
   *
   * @default 600_000
   */
  compileTimeout?: number | undefined;

  /**
   * The maximum amount of memory that compiling can use, in bytes. See
   * {@link CompileOptions.memoryLimit}.
   *
   * @default 2 ** 31
   */
  compileMemoryLimit?: number | undefined;
}

/**
 * Options of {@link run}, {@link Program.run} and {@link Program.instantiate}. The synchronous kinds
 * take {@link SyncRunOptions}.
 *
 * By default, the guest has no directories, an empty environment and no input, and its output
 * is captured. `timeout`, `memoryLimit` and `fuel` are off unless you set them. `maxBuffer`,
 * `maxStack` and `maxFiles` have defaults.
 *
 * The options of these functions, {@link compile} and {@link configure} are own properties of an
 * object, enumerable or not. Each is read once, and `undefined` means the default. So that
 * no limit is silently ignored, a property that is not an option of the function, such as
 * `memorylimit`, is an error with the code `ERR_INVALID_ARG_VALUE`. So is an option that is
 * inherited, such as a getter of a class. Properties of `Object.prototype` are never read.
 */
export interface RunOptions {
  /**
   * The command line arguments of the guest. The first one is the name of the program. Elements
   * are converted with `String()`.
   *
   * Rejects with `ERR_INVALID_ARG_TYPE` if this is not an array, and with
   * `ERR_INVALID_ARG_VALUE` if it has holes.
   *
   * @default the last component of the program's path, or `['wasi']` if the program is not a file
   */
  args?: readonly string[] | undefined;

  /**
   * The environment variables of the guest, as in {@link WASIOptions.env}.
   *
   * Rejects with `ERR_INVALID_ARG_TYPE` if this is not an object, and with a `TypeError` if a
   * value is a symbol.
   *
   * @default {}
   */
  env?: object | undefined;

  /**
   * The directories that the guest can use. Keys are paths as the guest sees them. Values are
   * paths on the host, or objects such as `{ path, readonly: true }`. Relative paths are
   * resolved against the working directory at the time of the call. The guest can't reach any
   * other directory. An entry whose value is `undefined` is left out.
   *
   * Rejects with `ERR_INVALID_ARG_TYPE` if this, a value, or a property of a value has the
   * wrong type. Rejects with an `Error` with a `code` such as `'UVWASI_ENOENT'` and the
   * `syscall` `'uvwasi_init'` if a directory can't be opened.
   *
   * @default {}
   * @example
   * ```js
   * import { run } from 'wasi-rs';
   *
   * const { stdout } = await run('wordcount.wasm', {
   *   args: ['wordcount', '/in/input.txt', '/out/words.txt'],
   *   preopens: { '/in': { path: './data', readonly: true }, '/out': '.' },
   * });
   * console.log(stdout); // 2 words
   * ```
   */
  preopens?: { [guestPath: string]: string | Preopen | undefined } | undefined;

  /**
   * What the guest reads from its standard input:
   *
   * - `'ignore'`: nothing. The guest immediately reads the end of the input.
   * - `'inherit'`: the standard input of the process.
   * - any other string: this text, encoded as UTF-8. Pass text that doesn't come from you as a
   *   `Buffer`, because it could happen to be one of the words that have a special meaning.
   * - a `Buffer` or another view: these bytes.
   * - a number: this file descriptor of the process.
   * - a `stream.Readable` or a Web `ReadableStream`: what the stream delivers.
   * - an async iterable or a generator: the strings and bytes that it yields.
   *
   * The guest can only read a descriptor, regardless of the mode in which it was opened. It reads
   * a file from its current position on, as it would read a pipe, and can neither seek in the
   * file nor change it. If the descriptor is a listening socket, the guest can accept
   * connections.
   *
   * A stream is read as fast as the guest reads, and slightly ahead. If the guest ends without
   * reading all of it, the stream is destroyed (see {@link RunOptions.end}). If the stream fails,
   * the guest is terminated and the promise rejects with the stream's error. If the stream closes
   * before its end, the promise rejects with `ERR_STREAM_PREMATURE_CLOSE`.
   *
   * The words `'pipe'`, `'overlapped'` and `'ipc'` are errors, because they have a different meaning
   * in `child_process`. To write to a guest while it runs, use {@link spawn}.
   *
   * Rejects with `ERR_INVALID_ARG_TYPE` if this is anything else, and with `ERR_INVALID_ARG_VALUE`
   * if the stream is destroyed or locked, or the string is one of these three words. Rejects with
   * `ERR_OUT_OF_RANGE` if a descriptor is not an integer from 0 to 2147483647, and with an `Error`
   * with the code `'UVWASI_EBADF'` if the descriptor is not open.
   *
   * @default 'ignore'
   * @example
   * ```js
   * import { createReadStream } from 'node:fs';
   * import { run } from 'wasi-rs';
   *
   * const text = await run('tool.wasm', { stdin: 'some text' });
   * console.log(text.stdout); // some text
   *
   * const file = await run('tool.wasm', { stdin: createReadStream('notes.txt') });
   * ```
   */
  stdin?: GuestInput | undefined;

  /**
   * Where the guest's standard output goes:
   *
   * - `'pipe'`: it is captured, and the result has it as `stdout`.
   * - `'inherit'`: to the standard output of the process.
   * - `'ignore'`: nowhere.
   * - a number: to this file descriptor of the process.
   * - a `stream.Writable` or a Web `WritableStream`: to this stream.
   *
   * The guest can only write to a descriptor, regardless of the mode in which it was opened. It
   * writes to a file at its current position, or at its end if the file was opened for
   * appending. It can't read the file, seek in it, truncate it, or change its times.
   *
   * Writes to a stream respect backpressure. When the guest has ended, the stream is ended (see
   * {@link RunOptions.end}), and the promise of a run is fulfilled when the stream has finished. If
   * the stream fails, the guest is terminated and the promise rejects with the stream's error. If it
   * is closed, the guest gets `EPIPE`, as for a pipe that no one reads. You can pass one stream as
   * both `stdout` and `stderr`. The order of the output is then kept.
   *
   * Rejects with the same errors as {@link RunOptions.stdin}, and with `ERR_INVALID_ARG_VALUE` if
   * this is any other string.
   *
   * @default 'pipe'
   * @example
   * ```js
   * import { createWriteStream } from 'node:fs';
   * import { run } from 'wasi-rs';
   *
   * await run('hello.wasm', { stdout: 'inherit' });
   *
   * const log = createWriteStream('hello.log');
   * await run('hello.wasm', { stdout: log, stderr: log }); // ends and closes the log
   * ```
   */
  stdout?: GuestOutput | undefined;

  /**
   * Where the guest's standard error goes, as for {@link RunOptions.stdout}.
   *
   * @default 'pipe'
   */
  stderr?: GuestOutput | undefined;

  /**
   * Whether the streams that you pass are ended or destroyed with the guest, as `stream.pipeline()`
   * does:
   *
   * - When the guest has ended, with any exit code, each `Writable` is ended. The promise of a run
   *   is fulfilled when it has finished. A `Readable` that the guest hasn't read to its end is
   *   destroyed. A Web stream is closed or canceled, and `return()` of an iterator is called.
   * - When the promise rejects, all streams are destroyed with the error. A `Writable` first
   *   processes what the guest has written, but the rejection doesn't wait for that.
   *
   * A `Writable` that several guests use at the same time is ended when the last of them has ended.
   * The streams of an instance are ended when you close it.
   *
   * These streams are left as they are: `process.stdin`, `process.stdout` and `process.stderr`; a
   * socket or another `Duplex` that you passed only as `stdin`, while you can still write to it;
   * and all streams if an option of the call is invalid. The rest of an HTTP request that a server
   * has received is discarded, so that the response can be sent. So is the rest of what a socket
   * receives that is both `stdin` and `stdout`, for up to 30 seconds.
   *
   * With `false`, no stream is ended or destroyed. Set it to `false` for a log to which several
   * guests write one after the other, and for an HTTP response if you want to write to it yourself,
   * for example after an error. A Web stream stays locked in any case.
   *
   * Rejects with `ERR_INVALID_ARG_TYPE` if this is not a boolean.
   *
   * @default true
   * @example
   * ```js
   * import { createWriteStream } from 'node:fs';
   * import { run } from 'wasi-rs';
   *
   * const log = createWriteStream('both.log');
   * await run('hello.wasm', { stdout: log, end: false });
   * await run('demo.wasm', { stdout: log }); // ends the log
   * ```
   */
  end?: boolean | undefined;

  /**
   * How captured output is decoded: one of the encodings of `Buffer`, or `'buffer'` or `null` to
   * get it as a `Buffer`.
   *
   * Rejects with `ERR_INVALID_ARG_VALUE` if this is anything else.
   *
   * @default 'utf8'
   * @example
   * ```js
   * import { run } from 'wasi-rs';
   *
   * const { stdout } = await run('tool.wasm', { stdin: 'abc', encoding: 'buffer' });
   * console.log(stdout.length); // 3
   * ```
   */
  encoding?: Encoding | 'buffer' | null | undefined;

  /**
   * The maximum number of bytes that are captured from each of `stdout` and `stderr`: a
   * non-negative integer or `Infinity`. A guest that writes more is terminated, and the promise
   * rejects with `ERR_WASI_MAX_BUFFER`. For an instance, the limit applies to the total output of
   * all its calls. Output that is not captured is not limited.
   *
   * Rejects with `ERR_INVALID_ARG_TYPE` or `ERR_OUT_OF_RANGE` if this is anything else.
   *
   * @default 1048576
   */
  maxBuffer?: number | undefined;

  /**
   * The maximum time that the guest can run, in milliseconds. After that it is terminated, whether
   * it is computing or waiting, and the promise rejects with `ERR_WASI_TIMEOUT`. `0` and
   * `Infinity` mean no limit, which is the default.
   *
   * The time starts when the guest starts, so compiling and waiting for a turn don't count.
   * Instantiating the module counts, including its start function. For an instance, the limit
   * applies separately to instantiating it and to each call. A guest that exceeds its time never
   * produces a result, even if it reaches its own end a moment later.
   *
   * The timeout doesn't limit how long a slow stream takes to process the output of a guest that
   * has ended. Use {@link RunOptions.signal} for that.
   *
   * Rejects with `ERR_INVALID_ARG_TYPE` if this is not a number, and with `ERR_OUT_OF_RANGE` if it
   * is negative or `NaN`.
   *
   * @default 0
   * @example
   * ```js
   * import { run } from 'wasi-rs';
   *
   * try {
   *   await run('untrusted.wasm', { timeout: 100 });
   * } catch (error) {
   *   console.log(error.code); // ERR_WASI_TIMEOUT
   * }
   * ```
   */
  timeout?: number | undefined;

  /**
   * An `AbortSignal` that terminates the guest, or keeps it from starting. When it is aborted, the
   * promise rejects with an `AbortError` whose `cause` is the signal's reason. For an instance, the
   * signal applies to all calls. Compiling with {@link run} is canceled, too.
   *
   * Rejects with `ERR_INVALID_ARG_TYPE` if this is not an `AbortSignal`.
   *
   * @example
   * ```js
   * import { run } from 'wasi-rs';
   *
   * const controller = new AbortController();
   * setTimeout(() => controller.abort(new Error('no longer needed')), 100);
   * try {
   *   await run('untrusted.wasm', { signal: controller.signal });
   * } catch (error) {
   *   console.log(error.code); // ABORT_ERR
   *   console.log(error.cause.message); // no longer needed
   * }
   * ```
   */
  signal?: AbortSignalLike | undefined;

  /**
   * The maximum amount of memory that the guest can have, in bytes: a non-negative integer or
   * `Infinity`. The limit applies to the sum of its linear memories, its tables (16 bytes for each
   * element), and its heap of garbage-collected objects and exceptions (in steps of 64 KiB). A
   * guest that asks for more is terminated, and the promise rejects with `ERR_WASI_MEMORY_LIMIT`.
   *
   * Regardless of this option, a table can have at most 10,000,000 elements, and a 64-bit memory
   * can't grow beyond 4 GiB.
   *
   * Rejects with `ERR_INVALID_ARG_TYPE` or `ERR_OUT_OF_RANGE` if this is anything else.
   *
   * @default Infinity
   * @example
   * ```js
   * import { run } from 'wasi-rs';
   *
   * const { memoryPeak } = await run('hello.wasm', { memoryLimit: 64 * 1024 * 1024 });
   * console.log(memoryPeak <= 64 * 1024 * 1024); // true
   * ```
   */
  memoryLimit?: number | undefined;

  /**
   * The maximum amount of computation. An instruction uses about one unit of fuel, and the same
   * program with the same input uses the same amount each time. This is an integer from 1 to
   * `Number.MAX_SAFE_INTEGER`, or a bigint from 1 to 2^64 - 1. A guest that needs more is
   * terminated, and the promise rejects with `ERR_WASI_OUT_OF_FUEL`. For an instance, the limit
   * applies to all its calls together.
   *
   * Counting fuel makes the guest slower. The program is compiled again when it is first run with
   * this option. You can't use this option with precompiled code: the promise rejects with
   * `ERR_INVALID_ARG_VALUE`.
   *
   * Rejects with `ERR_INVALID_ARG_TYPE` or `ERR_OUT_OF_RANGE` if this is anything else.
   *
   * @default no limit, and nothing is counted
   * @example
   * ```js
   * import { run } from 'wasi-rs';
   *
   * const first = await run('hello.wasm', { fuel: 1_000_000 });
   * const second = await run('hello.wasm', { fuel: 1_000_000 });
   * console.log(first.fuelUsed === second.fuelUsed); // true
   * ```
   */
  fuel?: number | bigint | undefined;

  /**
   * The size of the guest's call stack, in bytes: an integer from 65536 to 67108864, rounded up to
   * a power of two. A guest that exceeds it traps: the promise rejects with `ERR_WASI_TRAP`, and
   * the error's `trap` is `'stack-overflow'`. With more than 8 MiB, errors have no `backtrace`,
   * because walking such a stack takes too long.
   *
   * Rejects with `ERR_INVALID_ARG_TYPE` or `ERR_OUT_OF_RANGE` if this is anything else.
   *
   * @default 1048576
   */
  maxStack?: number | undefined;

  /**
   * The maximum number of descriptors that the guest can have open at once, as in
   * {@link SandboxOptions.maxFiles}. The promise rejects with the errors that are listed there.
   */
  maxFiles?: number | undefined;

  /**
   * A seed for the guest's random bytes, which makes them the same each time. It can be any finite
   * number, bigint, string or view of bytes. A number and the bigint of the same value are the same
   * seed.
   *
   * Rejects with `ERR_INVALID_ARG_TYPE` or `ERR_OUT_OF_RANGE` if this is anything else.
   *
   * @default random bytes of the operating system
   * @example
   * ```js
   * import { run } from 'wasi-rs';
   *
   * // The same random bytes and the same time, and so the same output, each time:
   * await run('tool.wasm', { seed: 'test 1', clock: new Date('2026-01-01') });
   * ```
   */
  seed?: number | bigint | string | ArrayBufferView | undefined;

  /**
   * The time at which the guest's clocks start: a `Date`, or milliseconds since 1970 from 0 to
   * 9223372036854. The clocks don't run by themselves. Each time the guest reads one, they advance
   * by a microsecond. If the guest waits, they advance by the time it waits for, without taking
   * any real time.
   *
   * Rejects with `ERR_INVALID_ARG_TYPE` or `ERR_OUT_OF_RANGE` if this is anything else.
   *
   * @default the clocks of the operating system
   * @example
   * ```js
   * import { run } from 'wasi-rs';
   *
   * await run('tool.wasm', { clock: new Date('2000-01-01T00:00:00Z') });
   * await run('tool.wasm', { clock: 946_684_800_000 }); // the same
   * ```
   */
  clock?: Date | number | undefined;

  /**
   * Whether each WASI call is written as a line to the standard error of the process.
   *
   * Rejects with `ERR_INVALID_ARG_TYPE` if this is not a boolean.
   *
   * @default `true` if the environment variable `WASI_RS_STRACE` is set to anything but `0` or the empty string
   */
  strace?: boolean | undefined;

  /**
   * What the guest imports besides WASI: functions of the host, and numbers for imported globals. The
   * keys are the names of the modules and functions as the guest imports them. Only these names are
   * looked up, so the objects can have other properties, and inherited properties count.
   *
   * A function runs on the thread that called `run()`, `spawn()` or `instantiate()`, while the guest
   * waits. Its `this` is the {@link Caller}, which has the memory and the exports of the guest. If it
   * returns a promise, the guest waits until the promise is settled. See {@link HostFunction} for how
   * arguments and results are converted.
   *
   * If a function throws, or its promise rejects, the guest ends and the caller gets an error with the
   * code `ERR_WASI_HOST_FUNCTION`, whose `cause` is what was thrown. All limits apply while a function
   * runs. If the guest is ended meanwhile, for example by its timeout, the function continues but its
   * result is ignored.
   *
   * An imported global is a number, or a bigint if its type is `i64`. Imported memories and tables are
   * created by wasi-rs, as the module declares them, and count towards `memoryLimit`.
   *
   * Rejects with `ERR_INVALID_ARG_TYPE` if this is not an object, or if a function or a global has
   * the wrong type. Rejects with `ERR_WASI_LINK` if something that the guest imports is missing, or
   * if the parameters or results of an imported function are not `i32`, `i64`, `f32` or `f64`. Rejects with
   * `ERR_INVALID_ARG_VALUE` if a function would replace a function of WASI.
   *
   * @default {}
   * @example
   * ```js
   * import { run } from 'wasi-rs';
   *
   * const plugin = Buffer.from(`(module
   *   (import "env" "log" (func $log (param i32 i32)))
   *   (memory (export "memory") 1)
   *   (data (i32.const 16) "some text")
   *   (func (export "_start") (call $log (i32.const 16) (i32.const 9))))`);
   *
   * await run(plugin, {
   *   timeout: 1000,
   *   imports: {
   *     env: {
   *       log(pointer, length) {
   *         console.log(this.memory.text(pointer, length)); // some text
   *       },
   *     },
   *   },
   * });
   * ```
   */
  imports?: Imports | undefined;
}

/** {@link RunOptions} that return captured output as text. */
export interface TextRunOptions extends RunOptions {
  encoding?: Encoding | undefined;
}

/** {@link RunOptions} that return captured output as a `Buffer`. */
export interface BytesRunOptions extends RunOptions {
  encoding: 'buffer' | null;
}

/**
 * Options of {@link Program.runSync} and {@link Program.instantiateSync}. They are {@link RunOptions},
 * with the differences that are listed here. Where an option rejects with an error, these functions
 * throw it. They throw `ERR_INVALID_ARG_VALUE` if `stdin`, `stdout` or `stderr` is a stream.
 *
 * If the program has to be compiled again for {@link RunOptions.fuel}, the thread is blocked until it
 * has been compiled.
 */
export interface SyncRunOptions extends Omit<RunOptions, 'stdin' | 'stdout' | 'stderr' | 'end' | 'signal' | 'imports'> {
  /**
   * What the guest reads from its standard input, as for {@link RunOptions.stdin}, except that this
   * can't be a stream, an iterable or a generator. The event loop would have to run to read them.
   *
   * @default 'ignore'
   */
  stdin?: 'ignore' | 'inherit' | (string & {}) | number | ArrayBufferView | undefined;

  /**
   * Where the guest's standard output goes, as for {@link RunOptions.stdout}, except that this can't
   * be a stream.
   *
   * @default 'pipe'
   */
  stdout?: 'pipe' | 'inherit' | 'ignore' | number | undefined;

  /**
   * Where the guest's standard error goes, as for {@link SyncRunOptions.stdout}.
   *
   * @default 'pipe'
   */
  stderr?: 'pipe' | 'inherit' | 'ignore' | number | undefined;

  /**
   * An `AbortSignal`, as for {@link RunOptions.signal}. While the guest runs, only a host function can
   * abort it, because timers and events have to wait. To limit the time, use
   * {@link RunOptions.timeout}.
   */
  signal?: AbortSignalLike | undefined;

  /**
   * What the guest imports besides WASI, as for {@link RunOptions.imports}. The functions are called
   * directly and can't return promises. The `this` of a function is a {@link SyncCaller}.
   *
   * @default {}
   */
  imports?: SyncImports | undefined;
}

/** {@link SyncRunOptions} that return captured output as text. */
export interface TextSyncRunOptions extends SyncRunOptions {
  encoding?: Encoding | undefined;
}

/** {@link SyncRunOptions} that return captured output as a `Buffer`. */
export interface BytesSyncRunOptions extends SyncRunOptions {
  encoding: 'buffer' | null;
}

/** How much of its limits a guest has used. */
export interface Usage {
  /** The time that the guest ran, in milliseconds, with a fraction. */
  duration: number;

  /** The fuel that the guest used, if the option {@link RunOptions.fuel} was given. */
  fuelUsed: number | undefined;

  /**
   * The largest amount of memory that the guest had at any time, in bytes, counted in the same way
   * as for {@link RunOptions.memoryLimit}.
   */
  memoryPeak: number;
}

/** The result of {@link run} and {@link Program.run}. */
export interface RunResult<Output = string> extends Usage {
  /**
   * The exit code that the guest passed to `proc_exit()`, as a signed 32-bit integer, or 0 if
   * `_start` returned. A nonzero exit code is not an error.
   */
  exitCode: number;

  /** What the guest wrote to its standard output. Empty if it was not captured. */
  stdout: Output;

  /** What the guest wrote to its standard error. Empty if it was not captured. */
  stderr: Output;
}

/**
 * The errors that {@link compile}, {@link run} and calls of an {@link Instance} reject with, other
 * than those for invalid arguments. {@link Program.runSync} and calls of a {@link SyncInstance} throw
 * them. If the guest had started, the error also has the members of the result that are known, such
 * as the output so far.
 *
 * The property `code` says what happened:
 *
 * - `ABORT_ERR`: the signal was aborted. The error is an `AbortError`, and its `cause` is the
 *   signal's reason.
 * - `ERR_WASI_TIMEOUT`, `ERR_WASI_OUT_OF_FUEL`, `ERR_WASI_MEMORY_LIMIT`, `ERR_WASI_MAX_BUFFER`: the
 *   guest exceeded the limit that you set with `timeout`, `fuel`, `memoryLimit` or `maxBuffer`.
 * - `ERR_WASI_TRAP`: the guest trapped, for example because it accessed memory out of bounds. See
 *   `trap` and `backtrace`.
 * - `ERR_WASI_COMPILE`: the source is not a valid program. See `offset`.
 * - `ERR_WASI_COMPILE_TIMEOUT`, `ERR_WASI_COMPILE_MEMORY_LIMIT`: compiling exceeded its limit.
 * - `ERR_WASI_COMPILE_PROCESS`: the program must be compiled in a child process, which could not be
 *   started. The message says why and what to do.
 * - `ERR_WASI_LINK`: the program imports something that is neither part of WASI nor in the option
 *   {@link RunOptions.imports} (see `module` and `import`), or {@link run} was called for a program that
 *   doesn't export `_start`.
 * - `ERR_WASI_HOST_FUNCTION`: a function in {@link RunOptions.imports} threw an error, or its promise
 *   was rejected. The `cause` is what was thrown, whatever its type. If the `code` of the `cause` is
 *   `ERR_INVALID_RETURN_VALUE`, the function returned a value that can't be converted to its result.
 * - `ERR_WASI_EXIT`: the guest called `proc_exit()` during a call of an instance. See `exitCode`.
 * - `ERR_WASI_CLOSED`: the instance is closed.
 * - `ERR_WASI_STACK`: the thread that called {@link Program.runSync} or a function of a
 *   {@link SyncInstance} has too little stack left. See {@link Program.instantiateSync}.
 * - `ERR_INVALID_STATE`: the guest can't be reached at the moment: its memory or a global was used
 *   during a call, or an export was called through the {@link Caller} of a host function that had
 *   returned.
 * - `ERR_OUT_OF_RANGE`: the memory doesn't have the bytes that were read or written through
 *   {@link GuestMemory}, or can't grow that much. The error is a `RangeError`.
 * - `ERR_WASI_TOO_MANY_INSTANCES`: the operating system has no more memory maps or address space for instances. Close some.
 * - `ENOENT` and others: the file of the program can't be read. See `errno`, `syscall` and `path`.
 * - `ERR_ACCESS_DENIED`: Node's permission model forbids WASI, the file or a preopen. See
 *   `permission` and `resource`.
 * - `UVWASI_ENOENT` and others: a preopen or a descriptor can't be used. See `errno` and `syscall`
 *   and, for a preopen, `path` and `dest`.
 *
 * @example
 * ```js
 * import { run } from 'wasi-rs';
 *
 * async function runPlugin() {
 *   try {
 *     const { exitCode, stdout } = await run('untrusted.wasm', { timeout: 100 });
 *     return exitCode === 0 ? stdout : `failed with exit code ${exitCode}`;
 *   } catch (error) {
 *     switch (error.code) {
 *       case 'ERR_WASI_TIMEOUT':
 *         return `took too long; its output so far: '${error.stdout}'`;
 *       case 'ERR_WASI_TRAP':
 *         return `crashed (${error.trap})\n${error.backtrace}`;
 *       case 'ERR_WASI_MEMORY_LIMIT':
 *       case 'ERR_WASI_MAX_BUFFER':
 *         return 'used too much memory, or wrote too much';
 *       default:
 *         throw error; // not the guest's fault
 *     }
 *   }
 * }
 *
 * console.log(await runPlugin()); // took too long; its output so far: ''
 * ```
 */
export interface RunError extends Error, Partial<Usage> {
  /** Identifies the error. See the list above. */
  code: string;
  /**
   * What a host function threw, if the code is `ERR_WASI_HOST_FUNCTION`, or the reason of the signal, if
   * the code is `ABORT_ERR`.
   */
  cause?: any;
  /** What the guest had written until then, as in {@link RunResult.stdout}. */
  stdout?: string | Bytes;
  /** What the guest had written until then, as in {@link RunResult.stderr}. */
  stderr?: string | Bytes;
  /**
   * The kind of the trap: `'unreachable'`, `'memory-out-of-bounds'`, `'table-out-of-bounds'`,
   * `'stack-overflow'`, `'integer-divide-by-zero'`, `'integer-overflow'`,
   * `'invalid-conversion-to-integer'`, `'indirect-call-to-null'`,
   * `'indirect-call-type-mismatch'`, `'allocation-too-large'` (an array of more than 256 MiB or
   * 32 Mi elements), `'heap-out-of-memory'`, and others for rarer instructions.
   */
  trap?: string;
  /** The guest's functions on the stack at the time of the trap, one on each line. */
  backtrace?: string;
  /** The position of the error in the source, in bytes. */
  offset?: number;
  /** The module of the missing import. */
  module?: string;
  /** The name of the missing import. */
  import?: string;
  /** The exit code that the guest passed to `proc_exit()` during a call of an instance. */
  exitCode?: number;
  /** The number of the error: negative as in Node.js, or a WASI `errno` if the code is `UVWASI_…`. */
  errno?: number;
  /** The operation that failed, such as `'open'` or `'uvwasi_init'`. */
  syscall?: string;
  /** The file that can't be read, or the path on the host of the preopen that can't be opened. */
  path?: string;
  /** The path, as the guest would see it, of the preopen that can't be opened. */
  dest?: string;
  /** The missing permission: `'WASI'`, `'FileSystemRead'` or `'FileSystemWrite'`. */
  permission?: string;
  /** The path for which the permission is needed. Empty for WASI. */
  resource?: string;
}

/** The kinds of imports and exports, as in `WebAssembly.Module.imports()`. */
export type Kind = 'function' | 'memory' | 'table' | 'global' | 'tag';

/** An import of a program. */
export interface ImportDescriptor {
  /** The module, such as `'wasi_snapshot_preview1'`. */
  readonly module: string;
  /** The name, such as `'fd_write'`. */
  readonly name: string;
  /** The kind. */
  readonly kind: Kind;
}

/** An export of a program. Types are written as `'i32'`, `'i64'`, `'f32'`, `'f64'` and others. */
export interface ExportDescriptor {
  /** The name, such as `'_start'`. */
  readonly name: string;
  /** The kind. */
  readonly kind: Kind;
  /** The types of the parameters, if this is a function. */
  readonly parameters?: readonly string[];
  /** The types of the results, if this is a function. */
  readonly results?: readonly string[];
}

/**
 * An argument for a guest's function: a `bigint` for `i64`, otherwise a `number`. As in JavaScript,
 * integers are wrapped to the number of bits of the guest's type.
 */
export type Argument = number | bigint;

/**
 * An exported function of an instance. It runs on another thread, so calls don't block the event
 * loop. The promise is fulfilled with `undefined`, a number or a bigint, or with an array
 * if the function has several results.
 *
 * Rejects with `ERR_INVALID_ARG_TYPE` if the arguments don't match the function's type, and with a
 * {@link RunError} if the call fails.
 */
export type AsyncFunction = (...args: Argument[]) => Promise<any>;

/**
 * An exported function of a {@link SyncInstance}. It runs on the thread that calls it and returns
 * `undefined`, a number or a bigint, or an array if the function has several results. Arguments are
 * converted as for any WebAssembly function: missing ones are `undefined`, and additional ones are
 * ignored.
 *
 * Throws `ERR_INVALID_ARG_TYPE` if an argument for an `i64` is not a bigint, and a {@link RunError} if the
 * call fails.
 */
export type SyncFunction = (...args: any[]) => any;

/** What a host function can return for each of its results. See {@link HostFunction}. */
export type HostResult = number | bigint | boolean | undefined | void;

/**
 * A function of the host that a guest can call. See {@link RunOptions.imports}.
 *
 * Arguments are numbers, or bigints for `i64`. Integers are signed. The result is converted as in
 * JavaScript's own interface for WebAssembly:
 *
 * - For `i64`, return a bigint or a boolean. It is wrapped to 64 bits.
 * - For `i32`, `f32` and `f64`, return a number or a boolean. Integers are wrapped to 32 bits.
 *   `undefined` means 0 for `i32` and `NaN` for `f32` and `f64`.
 * - If there are several results, return an array of them.
 * - If there is no result, whatever is returned is ignored.
 *
 * If the value can't be converted, the guest ends, as if the function had thrown an error with the code
 * `ERR_INVALID_RETURN_VALUE`.
 *
 * Use a method or a `function`, not an arrow function, if you need `this`.
 */
export type HostFunction =
  (this: Caller<any>, ...args: any[]) => HostResult | readonly HostResult[] | PromiseLike<HostResult | readonly HostResult[]>;

/**
 * A {@link HostFunction} of the synchronous kind. If it returns a promise, the guest ends, as if the
 * function had thrown an error with the code `ERR_INVALID_STATE`.
 */
export type SyncHostFunction = (this: SyncCaller<any>, ...args: any[]) => HostResult | readonly HostResult[];

/**
 * Host functions and the values of imported globals, by the name of the module and by their own name.
 * See {@link RunOptions.imports}.
 */
export interface Imports {
  readonly [module: string]: { readonly [name: string]: HostFunction | number | bigint | undefined } | undefined;
}

/** {@link Imports} of the synchronous kind. */
export interface SyncImports {
  readonly [module: string]: { readonly [name: string]: SyncHostFunction | number | bigint | undefined } | undefined;
}

/**
 * The guest that called a host function, which is the `this` of the function. Use it until the
 * function returns or, if it returns a promise, until the promise is settled.
 *
 * @example
 * ```js
 * import { compile } from 'wasi-rs';
 *
 * const program = await compile(Buffer.from(`(module
 *   (import "env" "lookup" (func $lookup (param i32 i32) (result i32)))
 *   (memory (export "memory") 1)
 *   (func (export "alloc") (param i32) (result i32) (i32.const 1024))
 *   (func (export "find") (param i32 i32) (result i32) (call $lookup (local.get 0) (local.get 1))))`));
 *
 * const instance = await program.instantiate({
 *   timeout: 1000,
 *   imports: {
 *     env: {
 *       async lookup(pointer, length) {
 *         const value = Buffer.from(`${this.memory.text(pointer, length)} is 42\0`);
 *         const place = await this.exports.alloc(value.length);
 *         this.memory.write(place, value);
 *         return place;
 *       },
 *     },
 *   },
 * });
 * instance.memory.write(16, 'answer');
 * console.log(instance.memory.text(await instance.exports.find(16, 6))); // answer is 42
 * instance.close();
 * ```
 */
export interface Caller<Exports = AnyExports> {
  /**
   * The exports of the guest. Functions return promises. They run immediately, within the call that the
   * guest is in, so that a host function can call an allocator of the guest, for example.
   *
   * Calls through {@link Instance.exports} wait until that call has ended. If a host function awaits
   * such a call, neither of them ever ends, unless there is a timeout.
   *
   * A call rejects with `ERR_INVALID_STATE` if the host function has returned or the guest has ended.
   */
  readonly exports: AsyncExports<Exports>;

  /** The memory of the guest, as for {@link Instance.memory}. */
  readonly memory: GuestMemory;
}

/** The guest that called a host function of the synchronous kind. See {@link Caller}. */
export interface SyncCaller<Exports = AnySyncExports> {
  /**
   * The exports of the guest. Functions return their results. They run immediately, within the call
   * that the guest is in.
   */
  readonly exports: Readonly<Exports>;

  /** The memory of the guest, as for {@link SyncInstance.memory}. */
  readonly memory: SyncGuestMemory;
}

/**
 * A memory of a guest. You can use it between calls of an instance, and while the guest waits for a
 * host function. At other times, all members throw `ERR_INVALID_STATE`, because the guest could be
 * changing its memory. After the instance has been closed, they throw `ERR_WASI_CLOSED`.
 *
 * A pointer or a length is an integer, as a number or a bigint. Negative numbers down to -2147483648
 * are read as unsigned 32-bit integers, because guests pass pointers above 2 GiB as such numbers. If a
 * pointer or a length is anything else, the methods throw `ERR_INVALID_ARG_TYPE` or
 * `ERR_OUT_OF_RANGE`.
 *
 * @example
 * ```js
 * import { compile } from 'wasi-rs';
 *
 * const program = await compile(Buffer.from('(module (memory (export "memory") 1))'));
 * const { memory } = await program.instantiate();
 * console.log(memory.size); // 65536
 * console.log(memory.write(16, 'some text\0')); // 10
 * console.log(memory.text(16, 4)); // some
 * console.log(memory.text(16)); // some text
 * console.log(memory.read(16, 4).toString('hex')); // 736f6d65
 * ```
 */
export interface GuestMemory {
  /** The size of the memory, in bytes. */
  readonly size: number;

  /**
   * Returns a copy of `length` bytes at `pointer`.
   *
   * Throws a `RangeError` with the code `ERR_OUT_OF_RANGE` if the memory doesn't have all of these
   * bytes.
   */
  read(pointer: Argument, length: Argument): Bytes;

  /**
   * Writes bytes, or a string as UTF-8, at `pointer`. Returns the number of bytes. No NUL is added to a
   * string.
   *
   * Throws `ERR_INVALID_ARG_TYPE` if `data` is anything else. Throws a `RangeError` with the code
   * `ERR_OUT_OF_RANGE` if the data doesn't fit. Nothing is written then.
   */
  write(pointer: Argument, data: string | ArrayBufferView | ArrayBufferLike): number;

  /**
   * Decodes a string from UTF-8: `length` bytes at `pointer`, or the bytes up to the next NUL if you
   * don't pass a length. Invalid bytes become U+FFFD.
   *
   * Throws a `RangeError` with the code `ERR_OUT_OF_RANGE` if the memory doesn't have all of these
   * bytes, or if there is no NUL, and `ERR_STRING_TOO_LONG` if they are more than
   * `buffer.constants.MAX_STRING_LENGTH`.
   */
  text(pointer: Argument, length?: Argument): string;

  /**
   * Adds pages to the memory, usually of 64 KiB each. Returns the number of pages that it had before.
   *
   * Throws `ERR_WASI_MEMORY_LIMIT` if the memory would exceed the option
   * {@link RunOptions.memoryLimit}, and a `RangeError` with the code `ERR_OUT_OF_RANGE` if it would
   * exceed its own maximum.
   */
  grow(pages: Argument): number;
}

/** A memory of a {@link SyncInstance}. */
export interface SyncGuestMemory extends GuestMemory {
  /**
   * The memory itself, not a copy, for code that works with `WebAssembly.Memory`, such as the
   * JavaScript that AssemblyScript and wasm-bindgen generate. When the memory grows, or the instance is
   * closed, this buffer is detached: its `byteLength` is 0. After the memory has grown, the property
   * returns a new buffer. It can't be transferred.
   *
   * Don't pass it to asynchronous functions such as `fs.read()`: if the instance is closed before they
   * are done, they access memory that may belong to another guest by then.
   */
  readonly buffer: ArrayBuffer;
}

/**
 * An exported global of a guest. You can use it whenever you can use its {@link GuestMemory}, and it
 * throws the same errors at other times.
 */
export interface GuestGlobal<Value = any> {
  /**
   * The value: a bigint if its type is `i64`, otherwise a number.
   *
   * When you set it, the value is converted as in JavaScript's own interface for WebAssembly: a
   * `TypeError` is thrown if you set an `i64` to a number, or, with the code `ERR_INVALID_STATE`, if the
   * global is constant.
   */
  value: Value;
}

/**
 * An export of an instance whose type is not known: a function, a memory or a global. To have
 * TypeScript know which one it is, name the types, as in the example of {@link Program.instantiate}.
 */
export interface AnyExport extends AsyncFunction, GuestMemory, GuestGlobal {}

/** Exports whose types are not known, by name. */
export interface AnyExports {
  readonly [name: string]: AnyExport;
}

/** An export of a {@link SyncInstance} whose type is not known, as for {@link AnyExport}. */
export interface AnySyncExport extends SyncFunction, SyncGuestMemory, GuestGlobal {}

/** Exports of a {@link SyncInstance} whose types are not known, by name. */
export interface AnySyncExports {
  readonly [name: string]: AnySyncExport;
}

/**
 * Exports of the asynchronous kind: `{ add(a: number, b: number): number }` becomes
 * `{ add: (a: number, b: number) => Promise<number> }`. Memories and globals are left as they are.
 */
export type AsyncExports<Exports> = {
  readonly [Name in keyof Exports]: Exports[Name] extends AnyExport
    ? Exports[Name]
    : Exports[Name] extends (...args: infer Args) => infer Result ? (...args: Args) => Promise<Awaited<Result>> : Exports[Name];
};

/**
 * A compiled program, which {@link compile} returns. You can run it any number of times, even
 * concurrently, without compiling it again.
 */
export interface Program {
  /**
   * The imports of the program, in the order in which it declares them. This includes imports that
   * are not part of WASI. Pass functions and globals among them as {@link RunOptions.imports}.
   */
  readonly imports: readonly ImportDescriptor[];

  /**
   * The exports of the program, in the order in which it declares them.
   *
   * @example
   * ```js
   * import { compile } from 'wasi-rs';
   *
   * const program = await compile('sums.wasm');
   * const add = program.exports.find(({ name }) => name === 'add');
   * console.log(add?.parameters?.join()); // i32,i32
   * ```
   */
  readonly exports: readonly ExportDescriptor[];

  /** The size of the source, in bytes. */
  readonly size: number;

  /**
   * Runs the program as a command: calls its `_start` export. The guest runs on another thread and
   * doesn't block the event loop. A nonzero exit code is a result, not an error.
   *
   * Rejects with a {@link RunError}, and with the errors that are listed for each option.
   *
   * @example
   * ```js
   * import { compile } from 'wasi-rs';
   *
   * const program = await compile('tool.wasm');
   * const texts = ['one', 'two', 'three'];
   * const results = await Promise.all(texts.map((text) => (
   *   program.run({ stdin: Buffer.from(text), timeout: 1000 })
   * )));
   * console.log(results.map(({ stdout }) => stdout).join()); // one,two,three
   * ```
   */
  run(options?: TextRunOptions): Promise<RunResult<string>>;
  run(options: BytesRunOptions): Promise<RunResult<Bytes>>;
  run(options?: RunOptions): Promise<RunResult<string | Bytes>>;

  /**
   * Runs the program as a command on the current thread, and returns when it has ended. This blocks the
   * event loop, so use it for short runs and in scripts. See {@link Program.instantiateSync} for how
   * limits apply.
   *
   * Throws the errors that {@link Program.run} rejects with.
   *
   * @example
   * ```js
   * import { compile } from 'wasi-rs';
   *
   * const program = await compile('tool.wasm');
   * const { exitCode, stdout } = program.runSync({ stdin: 'some text', timeout: 100 });
   * console.log(exitCode, stdout); // 0 some text
   * ```
   */
  runSync(options?: TextSyncRunOptions): RunResult<string>;
  runSync(options: BytesSyncRunOptions): RunResult<Bytes>;
  runSync(options?: SyncRunOptions): RunResult<string | Bytes>;

  /**
   * Starts the program as a command and returns immediately, so that you can write to the guest and
   * read from it while it runs. See {@link spawn}, which also says which errors are thrown.
   *
   * @example
   * ```js
   * import { compile } from 'wasi-rs';
   *
   * const program = await compile('tool.wasm');
   * const guest = program.spawn({ timeout: 1000 });
   * guest.stdin.end('some text');
   * for await (const chunk of guest.stdout.setEncoding('utf8')) console.log(chunk); // some text
   * await guest.exit;
   * ```
   */
  spawn<
    Stdin extends GuestInput | undefined = undefined,
    Stdout extends GuestOutput | undefined = undefined,
    Stderr extends GuestOutput | undefined = undefined,
  >(options?: SpawnOptions<Stdin, Stdout, Stderr>): GuestWith<Stdin, Stdout, Stderr>;

  /**
   * Creates an instance of the program, whose exported functions you can call. The instance keeps
   * its memory between calls. If the program exports `_initialize`, that function is called first.
   *
   * Close the instance when you no longer need it. Until then, it holds its memory, its
   * descriptors, and the streams that you passed.
   *
   * In TypeScript, you can name the types of the exports as a type argument, for example
   * `program.instantiate<{ add(a: number, b: number): number }>()`. The types of functions are those of
   * the guest: `exports.add(2, 3)` then returns a `Promise<number>`. They are not checked when the
   * program runs.
   *
   * Rejects with a {@link RunError}, and with the errors that are listed for each option.
   *
   * @example
   * ```js
   * import { compile } from 'wasi-rs';
   *
   * const program = await compile('sums.wasm');
   * const instance = await program.instantiate({ timeout: 1000, memoryLimit: 64 * 1024 * 1024 });
   * try {
   *   console.log(await instance.exports.add(2, 3)); // 5
   * } finally {
   *   instance.close();
   * }
   * ```
   */
  instantiate<Exports extends object = AnyExports>(options?: TextRunOptions): Promise<Instance<string, Exports>>;
  instantiate<Exports extends object = AnyExports>(options: BytesRunOptions): Promise<Instance<Bytes, Exports>>;
  instantiate<Exports extends object = AnyExports>(options?: RunOptions): Promise<Instance<string | Bytes, Exports>>;

  /**
   * Creates an instance of the program on the current thread. Its exported functions are plain
   * functions, which run on the thread that calls them. No other thread has to be woken, which is most
   * of the time that a short call takes otherwise, but the event loop is blocked until the guest
   * returns.
   *
   * All limits apply, as for {@link Program.instantiate}. A guest that exceeds its `timeout` is
   * ended even if it computes without end, so always set a `timeout`, especially in Workers:
   * `worker.terminate()` doesn't end a guest of this kind while it computes, and `process.exit()` in
   * the main thread waits for it.
   *
   * The guest runs on the stack of the thread that calls it. If the thread has less than
   * {@link RunOptions.maxStack} and 512 KiB left, calls throw `ERR_WASI_STACK`.
   *
   * Throws the errors that {@link Program.instantiate} rejects with.
   *
   * @example
   * ```js
   * import { compile } from 'wasi-rs';
   *
   * const program = await compile('sums.wasm');
   * const instance = program.instantiateSync({ timeout: 100, memoryLimit: 64 * 1024 * 1024 });
   * try {
   *   console.log(instance.exports.add(2, 3)); // 5
   * } finally {
   *   instance.close();
   * }
   * ```
   */
  instantiateSync<Exports extends object = AnySyncExports>(options?: TextSyncRunOptions): SyncInstance<string, Exports>;
  instantiateSync<Exports extends object = AnySyncExports>(options: BytesSyncRunOptions): SyncInstance<Bytes, Exports>;
  instantiateSync<Exports extends object = AnySyncExports>(options?: SyncRunOptions): SyncInstance<string | Bytes, Exports>;

  /**
   * Calls an exported function on an instance that the program keeps for this method. The instance
   * is created by the first call and lives as long as the program. It has no directories, no
   * environment, no input and no host functions, and its output is discarded. It has no limits on time, memory or
   * fuel: for untrusted programs, use {@link Program.instantiate}.
   *
   * Rejects with `ERR_INVALID_ARG_TYPE` if `name` is not a string, with `ERR_INVALID_ARG_VALUE` if
   * the program exports no function of that name, and with the same errors as an {@link AsyncFunction}.
   *
   * @example
   * ```js
   * import { compile } from 'wasi-rs';
   *
   * const program = await compile('sums.wat');
   * console.log(await program.call('add', 2, 3)); // 5
   * ```
   */
  call(name: string, ...args: Argument[]): Promise<any>;

  /**
   * Returns the compiled code, which can be loaded without compiling it again. Pass it to {@link compile} or
   * {@link run} with {@link CompileOptions.allowPrecompiled}. The code is for this version of the
   * package and for processors like this one. With any other version or processor, loading it fails
   * with `ERR_WASI_COMPILE`.
   *
   * @example
   * ```js
   * import { compile } from 'wasi-rs';
   *
   * const program = await compile('sums.wasm');
   * const code = await program.serialize();
   * const same = await compile(code, { allowPrecompiled: true });
   * console.log(await same.call('add', 2, 3)); // 5
   * ```
   */
  serialize(): Promise<Bytes>;
}

/**
 * An instance of a program that stays in memory, so that you can call its functions.
 * {@link Program.instantiate} returns it. Calls run one after the other, on another thread. If a call
 * fails, the instance stays as it was at that moment, and you can call it again.
 *
 * Close each instance when you no longer need it, with {@link Instance.close} or `using`.
 *
 * @example
 * ```js
 * import { compile } from 'wasi-rs';
 *
 * const program = await compile('sums.wasm');
 * const instance = await program.instantiate();
 * try {
 *   const sums = await Promise.all([instance.exports.add(1, 2), instance.exports.add(3, 4)]);
 *   console.log(sums.join()); // 3,7
 * } finally {
 *   instance.close();
 * }
 * ```
 */
export interface Instance<Output = string, Exports = AnyExports> {
  /**
   * The exports, by name: an {@link AsyncFunction}, a {@link GuestMemory} or a {@link GuestGlobal} each.
   * Other exports, such as tables, are left out.
   */
  readonly exports: AsyncExports<Exports>;

  /**
   * The memory of the guest: the export `memory`, or the only memory that the guest exports or
   * imports. It is `undefined` if there is none.
   */
  readonly memory: GuestMemory;

  /**
   * What the guest has written to its standard output so far. Empty if it is not captured.
   */
  readonly stdout: Output;

  /**
   * What the guest has written to its standard error so far. Empty if it is not captured.
   */
  readonly stderr: Output;

  /**
   * Frees the instance. Calls that have not finished, and all later calls, reject with
   * `ERR_WASI_CLOSED`. You can call `close()` more than once.
   */
  close(): void;

  /** The same as {@link Instance.close}, for `using instance = await …`. */
  [Symbol.dispose](): void;
}

/**
 * An instance of a program whose functions run on the thread that calls them.
 * {@link Program.instantiateSync} returns it. If a call fails, the instance stays as it was at that
 * moment, and you can call it again.
 *
 * Close each instance when you no longer need it, with {@link SyncInstance.close} or `using`.
 */
export interface SyncInstance<Output = string, Exports = AnySyncExports> {
  /**
   * The exports, by name: a {@link SyncFunction}, a {@link SyncGuestMemory} or a {@link GuestGlobal}
   * each. Other exports, such as tables, are left out.
   *
   * Host functions can also call these functions while the guest waits for them.
   */
  readonly exports: Readonly<Exports>;

  /**
   * The memory of the guest: the export `memory`, or the only memory that the guest exports or
   * imports. It is `undefined` if there is none.
   */
  readonly memory: SyncGuestMemory;

  /** What the guest has written to its standard output so far. Empty if it is not captured. */
  readonly stdout: Output;

  /** What the guest has written to its standard error so far. Empty if it is not captured. */
  readonly stderr: Output;

  /**
   * Frees the instance. All later calls throw `ERR_WASI_CLOSED`. You can call `close()` more than once.
   */
  close(): void;

  /** The same as {@link SyncInstance.close}, for `using instance = …`. */
  [Symbol.dispose](): void;
}

/**
 * Options of {@link spawn} and {@link Program.spawn}. They are the options of {@link run}, except
 * `encoding` and `maxBuffer`: nothing is captured. To read text, call `guest.stdout.setEncoding()`.
 */
export interface SpawnOptions<
  Stdin extends GuestInput | undefined = GuestInput | undefined,
  Stdout extends GuestOutput | undefined = GuestOutput | undefined,
  Stderr extends GuestOutput | undefined = GuestOutput | undefined,
> extends Omit<RunOptions, 'stdin' | 'stdout' | 'stderr' | 'encoding' | 'maxBuffer'> {
  /**
   * What the guest reads from its standard input. With `'pipe'`, it reads what you write to
   * {@link Guest.stdin}. For the other values, see {@link RunOptions.stdin}.
   *
   * @default 'pipe'
   */
  stdin?: Stdin | undefined;

  /**
   * Where the guest's standard output goes. With `'pipe'`, you can read it from
   * {@link Guest.stdout}. For the other values, see {@link RunOptions.stdout}.
   *
   * @default 'pipe'
   */
  stdout?: Stdout | undefined;

  /**
   * Where the guest's standard error goes. With `'pipe'`, you can read it from
   * {@link Guest.stderr}. For the other values, see {@link RunOptions.stdout}.
   *
   * @default 'pipe'
   */
  stderr?: Stderr | undefined;
}

/** The stream of a {@link Guest} for the value of an option, or `null` if it is not `'pipe'`. */
export type StreamFor<Value, Stream> =
  [Value] extends ['pipe' | undefined] ? Stream : 'pipe' extends Value ? Stream | null : null;

/** A {@link Guest} with the streams that these values of the options `stdin`, `stdout` and `stderr` give it. */
export type GuestWith<Stdin, Stdout, Stderr> =
  Guest<StreamFor<Stdin, NodeWritable>, StreamFor<Stdout, NodeReadable>, StreamFor<Stderr, NodeReadable>>;

/**
 * A running guest, which {@link spawn} returns. You use it like a child process: you write to
 * its `stdin`, read its `stdout` and `stderr`, and wait for its `exit`.
 *
 * @example
 * ```js
 * import { once } from 'node:events';
 * import { spawn } from 'wasi-rs';
 *
 * const guest = spawn('tool.wasm', { timeout: 5000 });
 * guest.stdout.setEncoding('utf8');
 * guest.stdin.write('a question');
 * console.log((await once(guest.stdout, 'data')).join()); // a question
 * guest.stdin.end();
 * console.log((await guest.exit).exitCode); // 0
 * ```
 */
export interface Guest<
  Stdin = NodeWritable | null, Stdout = NodeReadable | null, Stderr = NodeReadable | null,
> {
  /**
   * A `stream.Writable` for the guest's standard input, or `null` if the option `stdin` is not
   * `'pipe'`. Call `end()` when there is no more input: a guest that reads waits until then.
   *
   * If the guest doesn't read, `write()` returns `false`, and the stream emits `drain` when you can
   * write again. If the guest ends or closes its input, the stream is destroyed without an `error`
   * event. Later writes only report an error to their callback.
   */
  readonly stdin: Stdin;

  /**
   * A `stream.Readable` for the guest's standard output, or `null` if the option `stdout` is not
   * `'pipe'`. The stream ends when the guest ends, for whatever reason. You can still read what the
   * guest has written after it has ended.
   *
   * If you don't read, the guest waits when the buffers are full, after 100 to 250 KiB. If you destroy
   * the stream, the guest's next write fails with `EPIPE`.
   */
  readonly stdout: Stdout;

  /** A `stream.Readable` for the guest's standard error, as for {@link Guest.stdout}. */
  readonly stderr: Stderr;

  /**
   * A promise of the result. It is fulfilled and rejects like the promise of {@link run}, except that
   * the result has no output. It doesn't wait for you to read `stdout` and `stderr`.
   *
   * Always await it, because errors are only reported here. An error that you don't handle doesn't
   * end the process. Otherwise, a guest could end it while you are still reading its output.
   */
  readonly exit: Promise<RunResult<string>>;

  /**
   * Ends the guest, even if it hasn't started yet. {@link Guest.exit} rejects with an `AbortError`
   * whose `cause` is `reason`. By default, the `cause` is a `DOMException` whose name is `'AbortError'`.
   * Returns `false` if the guest has already ended, and otherwise `true`.
   *
   * @example
   * ```js
   * import { spawn } from 'wasi-rs';
   *
   * const guest = spawn('untrusted.wasm');
   * setTimeout(() => guest.kill(new Error('no longer needed')), 100);
   * try {
   *   await guest.exit;
   * } catch (error) {
   *   console.log(error.code, error.cause.message); // ABORT_ERR no longer needed
   * }
   * ```
   */
  kill(reason?: unknown): boolean;

  /**
   * Kills the guest and waits until it has ended and its descriptors are closed, for
   * `await using guest = spawn(…)`. The promise never rejects.
   */
  [Symbol.asyncDispose](): Promise<void>;
}

/** Options of {@link configure}. */
export interface Configuration {
  /**
   * The maximum number of guests that compute at once: an integer from 1 to 1024. Other guests
   * wait for their turn, in order. A guest that waits, for example for input or in a sleep,
   * doesn't count. Up to 4,000 guests can be in progress at once.
   *
   * Throws `ERR_INVALID_ARG_TYPE` or `ERR_OUT_OF_RANGE` if this is anything else.
   *
   * The default is larger than the number of processors, so that guests that compute for a long
   * time don't delay others. No more guests than processors start to compute at the same time.
   * If a guest computes for longer than a millisecond, the next one starts beside it, and the
   * operating system shares the processors between them.
   *
   * @default the environment variable `WASI_RS_CONCURRENCY` if it is set, otherwise 16 for each processor that the process can use, which includes CPU affinity and container quotas on Linux
   */
  concurrency?: number | undefined;
}

/**
 * Compiles a program without blocking the event loop, so that you can run it many times.
 *
 * By default, compiling can take up to 10 minutes and 2 GiB of memory, and the compiled code is
 * cached on disk for the next process. See {@link CompileOptions}.
 *
 * A program that is certain to be cheap to compile is compiled on another thread. Any other program
 * is compiled in a child process. Calls for the same program at the same time share one compilation if they have
 * the same memory limit and cache directory. Code that counts `fuel` is compiled separately, when
 * the program is first run with that option.
 *
 * Rejects with a {@link RunError}, and with the errors that are listed for each option. Rejects with
 * `ERR_INVALID_ARG_TYPE` if `source` is not a {@link Source}, with `ERR_INVALID_URL_SCHEME` if it
 * is a URL that is not a `file:` URL, and with `ERR_INVALID_ARG_VALUE` if it is a `Response` whose
 * `ok` is `false`, a path that contains null bytes, or the path of a device or a socket.
 *
 * @example
 * ```js
 * import { compile } from 'wasi-rs';
 *
 * const program = await compile('tool.wasm');
 * const { stdout } = await program.run({ stdin: 'some text', timeout: 1000 });
 * console.log(stdout); // some text
 * ```
 */
export function compile(source: Source, options?: CompileOptions): Promise<Program>;

/**
 * Compiles and runs a program as a command, with limits. Use it for untrusted programs. The options
 * are {@link RunOptions} for the guest and {@link SourceOptions} for compiling.
 *
 * The guest runs on a thread that the package manages, so the event loop is not blocked and you
 * don't need a Worker. The limits on time, memory and fuel are off unless you set them: for
 * untrusted programs, set at least {@link RunOptions.timeout} and {@link RunOptions.memoryLimit}.
 * WASI preview1 has no network access: a guest can't open connections.
 *
 * A nonzero exit code is a result, not an error. If anything else ends the guest, the promise
 * rejects with a {@link RunError}, whose `code` says what happened and which has the output so far.
 *
 * A program can call functions of yours that you pass as {@link RunOptions.imports}. Programs that share
 * memory between threads only run with {@link WASI}.
 *
 * If `source` is a {@link Program}, it is already compiled. Options for compiling, except `signal`,
 * are then errors with the code `ERR_INVALID_ARG_VALUE`.
 *
 * Rejects with the same errors as {@link compile} and {@link Program.run}. All options are checked
 * before anything is read.
 *
 * @example
 * ```js
 * import { run } from 'wasi-rs';
 *
 * const { exitCode, stdout } = await run('tool.wasm', {
 *   args: ['tool', '/data/notes.txt'],
 *   preopens: { '/data': { path: './data', readonly: true } },
 *   timeout: 1000,
 *   memoryLimit: 64 * 1024 * 1024,
 * });
 * console.log(exitCode); // 0
 * console.log(stdout); // some notes
 * ```
 */
export function run(source: Source | Program, options?: TextRunOptions): Promise<RunResult<string>>;
export function run(source: Source | Program, options: BytesRunOptions): Promise<RunResult<Bytes>>;
export function run(source: Source | Program, options?: RunOptions): Promise<RunResult<string | Bytes>>;
export function run(source: Source, options?: SourceOptions & TextRunOptions): Promise<RunResult<string>>;
export function run(source: Source, options: SourceOptions & BytesRunOptions): Promise<RunResult<Bytes>>;
export function run(source: Source, options?: SourceOptions & RunOptions): Promise<RunResult<string | Bytes>>;

/**
 * Starts a program as a command and returns immediately. It is the counterpart of {@link run} for
 * guests that you talk to while they run, and works like `child_process.spawn()`. Compiling, limits
 * and errors are the same as for `run()`.
 *
 * The streams `stdin`, `stdout` and `stderr` of the {@link Guest} are pipes, unless you pass something
 * else as an option. Backpressure works in both directions, so the memory that they use is bounded.
 *
 * The guest runs until it ends, reaches a limit or is killed. It isn't killed when the `Guest` is
 * garbage-collected.
 *
 * Throws `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE` or `ERR_OUT_OF_RANGE` if an option is
 * invalid. Everything else rejects {@link Guest.exit}: for example, if the file doesn't exist, or if
 * a stream that you pass is already destroyed.
 *
 * @example
 * ```js
 * import { spawn } from 'wasi-rs';
 *
 * const guest = spawn('tool.wasm', { timeout: 1000, memoryLimit: 64 * 1024 * 1024 });
 * guest.stdin.end('some text');
 * let text = '';
 * for await (const chunk of guest.stdout) text += chunk;
 * const { exitCode } = await guest.exit;
 * console.log(exitCode, text); // 0 some text
 * ```
 */
export function spawn<
  Stdin extends GuestInput | undefined = undefined,
  Stdout extends GuestOutput | undefined = undefined,
  Stderr extends GuestOutput | undefined = undefined,
>(
  source: Source | Program,
  options?: SpawnOptions<Stdin, Stdout, Stderr>,
): GuestWith<Stdin, Stdout, Stderr>;
export function spawn<
  Stdin extends GuestInput | undefined = undefined,
  Stdout extends GuestOutput | undefined = undefined,
  Stderr extends GuestOutput | undefined = undefined,
>(
  source: Source,
  options?: SourceOptions & SpawnOptions<Stdin, Stdout, Stderr>,
): GuestWith<Stdin, Stdout, Stderr>;

/**
 * Changes settings of the whole process, including its Workers.
 *
 * Throws `ERR_INVALID_ARG_TYPE` if `options` is not an object, and the errors that are listed for
 * each option.
 *
 * @example
 * ```js
 * import { configure } from 'wasi-rs';
 *
 * configure({ concurrency: 4 }); // at most 4 guests compute at once
 * ```
 */
export function configure(options: Configuration): void;
