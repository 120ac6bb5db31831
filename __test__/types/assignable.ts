// Compiled only, never run: our typings against those of @types/node.

import * as node from 'node:wasi';
import * as ours from '../../index.js';

// Assignable both ways.
type Mutual<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;
// The same type, which `any` is to nothing but `any`.
type Same<A, B> =
  (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true : false;
type AllSame<A, B> = { [K in keyof A & keyof B]: Same<A[K], B[K]> }[keyof A & keyof B];

function expectTrue<_T extends true>(): void {}

expectTrue<Mutual<ours.WASI, node.WASI>>();
expectTrue<Mutual<ours.WASIOptions, node.WASIOptions>>();
expectTrue<Mutual<ours.FinalizeBindingsOptions, node.FinalizeBindingsOptions>>();
// Ours makes objects that can do more.
expectTrue<typeof ours.WASI extends typeof node.WASI ? true : false>();

// The same members, each of the same type.
expectTrue<Same<keyof ours.WASI, keyof node.WASI>>();
expectTrue<Same<keyof ours.WASIOptions, keyof node.WASIOptions>>();
expectTrue<AllSame<ours.WASI, node.WASI>>();
expectTrue<AllSame<Required<ours.WASIOptions>, Required<node.WASIOptions>>>();
expectTrue<Same<ours.FinalizeBindingsOptions['memory'], node.FinalizeBindingsOptions['memory']>>();

// Values go where the other type is asked for.
declare function runWithNode(wasi: node.WASI, options: node.WASIOptions): void;
declare function runWithOurs(wasi: ours.WASI, options: ours.WASIOptions): void;
declare const nodeWasi: node.WASI;
declare const nodeOptions: node.WASIOptions;

const options: ours.WASIOptions = {
  version: 'preview1',
  args: ['program', '--flag'] as const,
  env: process.env,
  preopens: { '/sandbox': '/some/real/path', '/none': undefined },
  returnOnExit: false,
  stdin: 0,
  stdout: 1,
  stderr: 2,
};
const allUndefined: ours.WASIOptions = {
  version: 'unstable',
  args: undefined,
  env: undefined,
  preopens: undefined,
  returnOnExit: undefined,
  stdin: undefined,
  stdout: undefined,
  stderr: undefined,
};

const wasi = new ours.WASI(options);
runWithNode(wasi, options);
runWithOurs(nodeWasi, nodeOptions);
new ours.WASI(nodeOptions);
new node.WASI(allUndefined);
new ours.WASI();

const instance: object = { exports: {} };
const exitCode: number = wasi.start(instance);
const nothing: void = wasi.initialize(instance);
wasi.finalizeBindings(instance);
wasi.finalizeBindings(instance, {});
wasi.finalizeBindings(instance, { memory: {} });
wasi.finalizeBindings(instance, { memory: undefined });
const imports: object = wasi.getImportObject();
const call: (fd: number) => number = wasi.wasiImport['fd_close'];
wasi.wasiImport['fd_close'] = (fd: number) => call(fd);
export { exitCode, nothing, imports };

class Subclass extends ours.WASI {
  override getImportObject(): object {
    return { ...super.getImportObject(), env: {} };
  }
}
const replaced: typeof node.WASI = Subclass;
runWithNode(new replaced(nodeOptions), nodeOptions);

// @ts-expect-error the version is mandatory
new ours.WASI({});
// @ts-expect-error an unknown version
new ours.WASI({ version: 'preview2' });
// @ts-expect-error arguments are strings
new ours.WASI({ version: 'preview1', args: [1] });
// @ts-expect-error arguments are an array
new ours.WASI({ version: 'preview1', args: 'text' });
// @ts-expect-error the environment is an object
new ours.WASI({ version: 'preview1', env: 'A=b' });
// @ts-expect-error the environment is not null
new ours.WASI({ version: 'preview1', env: null });
// @ts-expect-error host paths are strings
new ours.WASI({ version: 'preview1', preopens: { '/': 1 } });
// @ts-expect-error a boolean
new ours.WASI({ version: 'preview1', returnOnExit: 1 });
// @ts-expect-error a descriptor is a number
new ours.WASI({ version: 'preview1', stdin: process.stdin });
// @ts-expect-error a descriptor is a number
new ours.WASI({ version: 'preview1', stdout: '1' });
// @ts-expect-error a descriptor is a number
new ours.WASI({ version: 'preview1', stderr: null });
// @ts-expect-error an unknown option
new ours.WASI({ version: 'preview1', unknown: true });
// @ts-expect-error it is a class
ours.WASI({ version: 'preview1' });
// @ts-expect-error an instance is due
wasi.start();
// @ts-expect-error an instance is an object
wasi.initialize(5);
// @ts-expect-error a memory is an object
wasi.finalizeBindings(instance, { memory: 1 });
// @ts-expect-error it takes no arguments
wasi.getImportObject('preview1');
// @ts-expect-error read-only
wasi.wasiImport = {};
// @ts-expect-error initialize() returns nothing
const code: number = wasi.initialize(instance);
// @ts-expect-error there is no such member
wasi.stop();

// What node:wasi does not have.
const sandboxed: ours.SandboxOptions = {
  version: 'preview1',
  preopens: { '/data': { path: './data', readonly: true }, '/tmp': '/tmp', '/more': { path: '.' } },
  maxFiles: 16,
};
new ours.WASI(sandboxed).close();
{
  using closed = new ours.WASI(sandboxed);
  closed.getImportObject();
}
class Derived extends ours.WASI {}
new Derived(sandboxed).close();
// @ts-expect-error a path is due
new ours.WASI({ version: 'preview1', preopens: { '/data': { readonly: true } } });
// @ts-expect-error a number
new ours.WASI({ version: 'preview1', maxFiles: '16' });

// Descriptors of another object.
const token: string = new Derived(sandboxed).share();
const sharing: ours.SharingOptions = { version: 'preview1', args: ['thread'], share: token };
new ours.WASI(sharing).close();
// @ts-expect-error they are those of the other object
new ours.WASI({ version: 'preview1', preopens: { '/': '.' }, share: token });
// @ts-expect-error a string
new ours.WASI({ version: 'preview1', share: 1 });
export { code };
