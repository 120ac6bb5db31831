/// <reference lib="esnext.disposable" />

// Drop-in for the typings of `node:wasi`: WASI and WASIOptions are assignable to
// and from those of @types/node, and need neither it nor the DOM library. What
// node:wasi does not have stands in types of its own: SandboxOptions, Closeable.

/** Options of the {@link WASI} constructor. */
export interface WASIOptions {
  /**
   * Command line arguments of the guest. The first one is by convention the name
   * of the program; none is added. Elements are converted with `String()`.
   *
   * Throws `ERR_INVALID_ARG_TYPE` if this is not an array.
   *
   * @default []
   */
  args?: readonly string[] | undefined;

  /**
   * Environment variables of the guest: own enumerable string keys, in the order
   * of `Object.entries()`. Variables set to `undefined` are left out. The
   * environment of the process is not passed on unless you give `process.env`.
   *
   * Throws `ERR_INVALID_ARG_TYPE` if this is not an object (arrays and `null` are
   * not), and a `TypeError` if a value is a symbol.
   *
   * @default {}
   */
  env?: object | undefined;

  /**
   * Directories the guest can use: keys are paths as the guest sees them, values
   * are paths on the host, resolved when the object is constructed. The guest
   * has no access to any other directory.
   *
   * Throws `ERR_INVALID_ARG_TYPE` if this is not an object, and an `Error` with
   * `syscall` `'uvwasi_init'` and a `code` such as `'UVWASI_ENOENT'` or
   * `'UVWASI_ENOTDIR'` if a host path cannot be opened as a directory.
   *
   * @default {}
   */
  preopens?: { [guestPath: string]: string | undefined } | undefined;

  /**
   * What `proc_exit()` does: if true, `start()` returns the exit code; if false,
   * `process.exit()` is called with it, which in a Worker ends that thread only.
   *
   * Throws `ERR_INVALID_ARG_TYPE` if this is not a boolean.
   *
   * @default true
   */
  returnOnExit?: boolean | undefined;

  /**
   * Descriptor of the process that is the guest's standard input.
   *
   * Throws `ERR_INVALID_ARG_TYPE` if this is not a number, `ERR_OUT_OF_RANGE` if
   * it is not an integer from 0 to 2147483647, and an `Error` with the code
   * `'UVWASI_EBADF'` if it is not open.
   *
   * @default 0
   */
  stdin?: number | undefined;

  /**
   * Descriptor of the process that is the guest's standard output. Errors are
   * those of `stdin`.
   *
   * @default 1
   */
  stdout?: number | undefined;

  /**
   * Descriptor of the process that is the guest's standard error. Errors are
   * those of `stdin`.
   *
   * @default 2
   */
  stderr?: number | undefined;

  /**
   * Version of WASI, which decides the module name the guest imports from:
   * `wasi_unstable` or `wasi_snapshot_preview1`. There is no default.
   *
   * Throws `ERR_INVALID_ARG_TYPE` if this is not a string, and
   * `ERR_INVALID_ARG_VALUE` if it is another string.
   */
  version: 'unstable' | 'preview1';
}

/** A directory for the guest. */
export interface Preopen {
  /**
   * Path on the host.
   *
   * Throws `ERR_INVALID_ARG_TYPE` if this is not a string.
   */
  path: string;

  /**
   * If true, nothing in the directory can be changed: calls that would give
   * `ENOTCAPABLE`. Hard links and renames out of it are refused too.
   *
   * Throws `ERR_INVALID_ARG_TYPE` if this is not a boolean.
   *
   * @default false
   */
  readonly?: boolean | undefined;
}

/** {@link WASIOptions}, and what `node:wasi` does not have. */
export interface SandboxOptions extends Omit<WASIOptions, 'preopens'> {
  /**
   * As in {@link WASIOptions}, where values can be objects as well.
   *
   * @default {}
   */
  preopens?: { [guestPath: string]: string | Preopen | undefined } | undefined;

  /**
   * How many descriptors the guest can have at once: standard streams, preopens
   * and what it opens. One more is `EMFILE` for the guest.
   *
   * Throws `ERR_INVALID_ARG_TYPE` if this is not a number, `ERR_OUT_OF_RANGE` if
   * it is not an integer from 0 to 2147483647, and an `Error` with the code
   * `'UVWASI_EMFILE'` if there is no room for what the guest starts with.
   *
   * @default a quarter of what the process can have (`ulimit -n`), at most 65536
   */
  maxFiles?: number | undefined;
}

/** Options of {@link WASI.finalizeBindings}. */
export interface FinalizeBindingsOptions {
  /**
   * The `WebAssembly.Memory` the guest uses.
   *
   * @default instance.exports.memory
   */
  memory?: object | undefined;
}

/** What {@link WASI} objects have that those of `node:wasi` don't. */
export interface Closeable {
  /**
   * Closes all descriptors of the guest now, rather than when the object is
   * collected. Those given as `stdin`, `stdout` and `stderr` stay open. Calls on
   * descriptors give `EBADF` from then on. Can be called again.
   */
  close(): void;

  /** The same as {@link Closeable.close}, for `using wasi = new WASI(…)`. */
  [Symbol.dispose](): void;
}

/**
 * Makes WASI objects.
 *
 * Throws `ERR_INVALID_ARG_TYPE` if `options` is not an object or lacks `version`;
 * see {@link WASIOptions} for the errors of each option. Options are checked in
 * the order version, args, env, preopens, stdin, stdout, stderr, maxFiles;
 * `returnOnExit` comes last, after directories and descriptors were looked at.
 */
export const WASI: {
  new (options?: WASIOptions | SandboxOptions): WASI & Closeable;
  readonly prototype: WASI & Closeable;
};

/**
 * The WASI system calls, and convenience methods to run guests that use them.
 * Each object is an environment of its own, for one guest.
 */
export interface WASI {
  /**
   * A new object to instantiate a guest with that imports from WASI only:
   * `{ wasi_snapshot_preview1: wasi.wasiImport }`, or `{ wasi_unstable:
   * wasi.wasiImport }` if the version is `'unstable'`.
   */
  getImportObject(): object;

  /**
   * Runs `instance` as a command, by calling its export `_start`, and returns the
   * exit code: the one given to `proc_exit()`, or 0 if the guest returned.
   *
   * Calls {@link WASI.finalizeBindings} and throws what it throws. Throws
   * `ERR_INVALID_ARG_TYPE` if `instance.exports._start` is not a function or
   * `instance.exports._initialize` is present; the object counts as started then.
   * What the guest throws, such as a `WebAssembly.RuntimeError`, is passed on.
   */
  start(instance: object): number;

  /**
   * Initializes `instance` as a reactor, by calling its export `_initialize` if
   * there is one.
   *
   * Calls {@link WASI.finalizeBindings} and throws what it throws. Throws
   * `ERR_INVALID_ARG_TYPE` if `instance.exports._start` is present, or
   * `instance.exports._initialize` is neither absent nor a function; the object
   * counts as started then. What the guest throws is passed on.
   */
  initialize(instance: object): void;

  /**
   * Binds this object to `instance` and its memory without running anything, for
   * example in a thread that shares the memory of an initialized guest.
   *
   * Throws `ERR_WASI_ALREADY_STARTED` if this, `start()` or `initialize()` has
   * succeeded in binding before, and `ERR_INVALID_ARG_TYPE` if `instance` or
   * `instance.exports` is not an object or the memory is not a
   * `WebAssembly.Memory`; the object can be bound again then.
   */
  finalizeBindings(instance: object, options?: FinalizeBindingsOptions): void;

  /**
   * The system calls, by name, to be imported by the guest. Members can be
   * replaced before the guest is instantiated.
   *
   * A call before memory is bound throws `ERR_WASI_NOT_STARTED`; otherwise calls
   * return a WASI `errno`, 0 for success.
   */
  readonly wasiImport: { [name: string]: any };
}
