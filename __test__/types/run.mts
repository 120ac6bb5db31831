// Compiled only, never run: compile(), run() and what they give, used as they should be and not.

import * as fs from 'node:fs';
import type { ServerResponse } from 'node:http';
import { PassThrough, Readable, Writable } from 'node:stream';
import * as ours from '../../index.js';
import { compile, configure, run, spawn } from '../../index.js';

type Same<A, B> =
  (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true : false;
function expectTrue<_T extends true>(): void {}

declare const response: ServerResponse;
declare const options: ours.RunOptions;

// Sources.
const sources: ours.Source[] = [
  'tool.wasm', new URL('file:///tool.wasm'), Buffer.from(''), new Uint8Array(1), new DataView(new ArrayBuffer(1)),
  new ArrayBuffer(1), new SharedArrayBuffer(1), new Blob(['']), await fetch('https://example.org/tool.wasm'),
];
const { signal } = new AbortController();
const program: ours.Program = await compile(sources[0]!, { cache: '/tmp', allowPrecompiled: true, signal });
await compile('tool.wasm', { cache: undefined, allowPrecompiled: undefined, signal: undefined });
await compile(await program.serialize(), { cache: false, allowPrecompiled: true });

// Options.
const all: ours.RunOptions = {
  args: ['tool', '-x'] as const,
  env: process.env,
  preopens: { '/data': './data', '/ro': { path: '.', readonly: true }, '/none': undefined },
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: response,
  end: true,
  encoding: 'latin1',
  maxBuffer: Infinity,
  timeout: 0.5,
  signal,
  memoryLimit: 2 ** 30,
  fuel: 10n,
  maxStack: 65536,
  maxFiles: 16,
  seed: 'seed',
  clock: new Date(0),
  strace: false,
  imports: { env: { log() {} } },
};
const streams: ours.RunOptions[] = [
  { stdin: 'ignore', stdout: 'pipe', stderr: 'inherit' },
  { stdin: 'some text', stdout: 1, stderr: 'ignore' },
  { stdin: new Uint8Array(1), stdout: new PassThrough(), stderr: new Writable() },
  { stdin: Readable.from(['text']), stdout: fs.createWriteStream('out') },
  { stdin: fs.createReadStream('in'), seed: 1, clock: Date.now(), fuel: 1 },
  { stdin: 0, seed: 1n },
  { stdin: new Response('text').body!, stdout: new WritableStream(), stderr: new TransformStream().writable, end: false },
  { stdin: (async function* () { yield 'text'; yield Buffer.from('text'); })() },
  { stdin: (function* () { yield new Uint8Array(1); })(), end: undefined },
];
await program.run(all);
await program.run(streams[0]);
await program.run({ args: undefined, stdin: undefined, encoding: undefined, seed: undefined });

// Results: the encoding says of which type the output is.
const result = await run('tool.wasm', { args: ['tool'], cache: false });
expectTrue<Same<typeof result, ours.RunResult<string>>>();
const bytes = await run(program, { encoding: 'buffer' });
const raw = await run('tool.wasm', { encoding: 'buffer', allowPrecompiled: true });
expectTrue<Same<typeof raw, ours.RunResult<ours.Bytes>>>();
declare const both: ours.CompileOptions & ours.RunOptions;
await run('tool.wasm', both);
expectTrue<Same<typeof bytes.stdout, ours.Bytes>>();
const buffer: Buffer = bytes.stderr;
const either = await program.run(options);
expectTrue<Same<typeof either.stdout, string | ours.Bytes>>();
expectTrue<Same<Awaited<ReturnType<typeof program.serialize>>, ours.Bytes>>();
const { exitCode, duration, memoryPeak }: { exitCode: number; duration: number; memoryPeak: number } = result;
expectTrue<Same<typeof result.fuelUsed, number | undefined>>();

// Programs and instances.
const names: string[] = program.imports.map(({ module, name, kind }) => `${module}.${name}: ${kind}`);
const parameters: readonly string[] | undefined = program.exports[0]?.parameters;
const size: number = program.size;
const sum: number = await program.call('add', 1, 2n);
{
  using instance = await program.instantiate({ timeout: 100 });
  const hello: string = await instance.exports['hello']!(1);
  const written: string = instance.stdout + instance.stderr;
  instance.close();
  console.log(hello, written);
}
// What the types of exports are when none are named: any kind of export.
{
  const { exports, memory } = await program.instantiate();
  expectTrue<Same<ReturnType<(typeof exports)['add']>, Promise<any>>>();
  const total: number = exports['counter']!.value + exports['heap']!.size + memory.size;
  const functions: ours.AsyncFunction[] = Object.values(exports);
  console.log(total, functions);
  // @ts-expect-error text is no number
  exports['add']!('1');
}
// Named types: functions return promises, the rest stays as it is.
interface Named { add(a: number, b: number): number; lookup(key: bigint): Promise<string>; memory: ours.GuestMemory; count: ours.GuestGlobal<bigint> }
{
  const named = await program.instantiate<Named>({ timeout: 100, imports: {} });
  expectTrue<Same<typeof named, ours.Instance<string, Named>>>();
  expectTrue<Same<typeof named.exports.add, (a: number, b: number) => Promise<number>>>();
  expectTrue<Same<typeof named.exports.lookup, (key: bigint) => Promise<string>>>();
  expectTrue<Same<typeof named.exports.memory, ours.GuestMemory>>();
  named.exports.count.value += 1n;
  const sum: number = await named.exports.add(1, 2);
  const raw = await program.instantiate<{ add(a: number, b: number): number }>({ encoding: 'buffer' });
  expectTrue<Same<typeof raw, ours.Instance<ours.Bytes, { add(a: number, b: number): number }>>>();
  console.log(sum);
  // @ts-expect-error of another type
  named.exports.add('1', 2);
  // @ts-expect-error it is a bigint
  named.exports.count.value = 1;
  // @ts-expect-error there is no such export
  named.exports.remove();
  // @ts-expect-error read-only
  named.exports.add = named.exports.add;
}
// Memory.
{
  const { memory } = await program.instantiate();
  const copy: Buffer = memory.read(0, 4n);
  const written: number = memory.write(-1, 'text') + memory.write(1n, copy) + memory.write(0, new ArrayBuffer(1));
  const text: string = memory.text(0) + memory.text(0, 4) + memory.grow(written);
  console.log(text);
  // @ts-expect-error a number
  memory.read('0', 4);
  // @ts-expect-error a length is due
  memory.read(0);
  // @ts-expect-error text or bytes
  memory.write(0, [1, 2]);
  // @ts-expect-error read-only
  memory.size = 5;
  // @ts-expect-error only instances of the synchronous kind have it
  memory.buffer;
}
// Functions of the host: `this` is the guest that calls.
const imports: ours.Imports = {
  env: {
    log(pointer, length) { expectTrue<Same<typeof this.memory, ours.GuestMemory>>(); this.memory.text(pointer, length); },
    async lookup(pointer: number) { return await this.exports.alloc(this.memory.text(pointer).length); },
    async typed(this: ours.Caller<{ alloc(length: number): number }>) { const place: number = await this.exports.alloc(5); return place; },
    now: () => BigInt(Date.now()),
    pair: () => [1, 2n, true],
    later: async () => [1, 2],
    nothing: async () => {},
    print: console.log,
    base: 1024,
    large: 1n,
    left: undefined,
  },
  other: undefined,
  ['./more.js']: await import('node:timers/promises').then(() => ({ more() { return false; } })),
};
await program.run({ imports });
await run('tool.wasm', { imports, cache: false });
spawn('tool.wasm', { imports });
await program.instantiate({ imports: { env: { log(pointer: number) { return this.memory.text(pointer).length; } } } });
// @ts-expect-error text can't be converted
program.run({ imports: { env: { name: () => 'text' } } });
// @ts-expect-error the same
program.run({ imports: { env: { name: async () => 'text' } } });
// @ts-expect-error no function
program.run({ imports: { env: { name: 'text' } } });
// @ts-expect-error functions belong to a module
program.run({ imports: { log() {} } });
// @ts-expect-error the guest has no such member
program.run({ imports: { env: { log() { this.instance; } } } });

// The synchronous kind.
{
  const result = program.runSync({ stdin: 'text', timeout: 100, imports: { env: { log() {} } } });
  expectTrue<Same<typeof result, ours.RunResult<string>>>();
  expectTrue<Same<ReturnType<typeof program.runSync>, ours.RunResult<string | ours.Bytes>>>();
  const bytes = program.runSync({ encoding: null });
  expectTrue<Same<typeof bytes.stdout, ours.Bytes>>();
  using instance = program.instantiateSync({ memoryLimit: 2 ** 20, stdout: 1, stderr: 'ignore' });
  expectTrue<Same<typeof instance, ours.SyncInstance<string>>>();
  const view = new Uint8Array(instance.memory.buffer, instance.exports['add']!(1, 2n), instance.exports['heap']!.value);
  const named = program.instantiateSync<Named>();
  expectTrue<Same<typeof named, ours.SyncInstance<string, Named>>>();
  const sum: number = named.exports.add(view.length, 2);
  const host: ours.SyncImports = {
    env: { lookup(pointer: number) { return this.exports.alloc(new Uint8Array(this.memory.buffer)[pointer]); }, base: sum },
  };
  program.instantiateSync({ imports: host, encoding: 'buffer' }).close();
}
// @ts-expect-error promises can't be awaited
program.runSync({ imports: { env: { async lookup() { return 1; } } } });
// @ts-expect-error the event loop is blocked
program.runSync({ stdin: process.stdin });
// @ts-expect-error the same
program.instantiateSync({ stdout: process.stdout });
const ofBytes: ours.Instance<ours.Bytes> = await program.instantiate({ encoding: null });
configure({ concurrency: 4 });
configure({});
export { buffer, duration, exitCode, memoryPeak, names, ofBytes, parameters, size, sum };

// Errors.
const failed: ours.RunError = Object.assign(new Error('trap'), { code: 'ERR_WASI_TRAP', trap: 'unreachable' });
const told: [string, string | undefined, number | undefined] = [failed.code, failed.trap, failed.exitCode];
const cause: string | undefined = failed.cause?.message;
export { cause, told };

// Spawned guests: the options say which streams there are.
const guest = spawn('tool.wasm', { args: ['tool'], cache: false, timeout: 100 });
expectTrue<Same<typeof guest.stdin, Writable>>();
expectTrue<Same<typeof guest.stdout, Readable>>();
const mixed = program.spawn({ stdin: 'some text', stdout: 'pipe', stderr: 'ignore', end: false });
expectTrue<Same<typeof mixed, ours.Guest<null, Readable, null>>>();
const known = spawn(program, { stdin: new PassThrough(), stdout: process.stdout, stderr: undefined });
expectTrue<Same<typeof known, ours.Guest<null, null, Readable>>>();
declare const spawnOptions: ours.SpawnOptions;
const unknown: ours.Guest = spawn('tool.wasm', spawnOptions);
const guests: ours.Guest[] = [guest, mixed, known, unknown];
guest.stdin.write('text', (error) => error?.message);
guest.stdout.pipe(guest.stdin);
for await (const chunk of guest.stdout) chunk.toString();
expectTrue<Same<Awaited<typeof guest.exit>, ours.RunResult<string>>>();
const isKilled: boolean = guest.kill() || guests.every((each) => each.kill(new Error('reason')));
{
  await using disposed = spawn('tool.wasm', { strace: isKilled });
  disposed.stdin.end();
}
// @ts-expect-error nothing is captured
spawn('tool.wasm', { encoding: 'utf8' });
// @ts-expect-error nothing is captured
program.spawn({ maxBuffer: 5 });
// @ts-expect-error misspelled
spawn('tool.wasm', { timout: 5 });
// @ts-expect-error an option of compile(), and the program is compiled
program.spawn({ cache: true });
// @ts-expect-error a boolean is no stream
spawn('tool.wasm', { stdin: true });
// @ts-expect-error there is no stream
known.stdin.write('text');

// @ts-expect-error a source is due
run();
// @ts-expect-error a number is no source
compile(5);
// @ts-expect-error a boolean or a string
compile('tool.wasm', { cache: 1 });
// @ts-expect-error an option of run(), not of compile()
compile('tool.wasm', { args: [] });
// @ts-expect-error an option of compile(), not of run()
program.run({ cache: true });
// @ts-expect-error the same
run(program, { cache: true });
// @ts-expect-error misspelled
run('tool.wasm', { memorylimit: 5 });
// @ts-expect-error misspelled
run('tool.wasm', { preopens: { '/': { path: '.', readOnly: true } } });
// @ts-expect-error arguments are an array
program.run({ args: 'x' });
// @ts-expect-error the environment is an object
program.run({ env: 'A=b' });
// @ts-expect-error a path is due
program.run({ preopens: { '/': { readonly: true } } });
// @ts-expect-error it can only be read
program.run({ stdout: fs.createReadStream('in') });
// @ts-expect-error an unknown word
program.run({ stdout: 'capture' });
// @ts-expect-error a boolean is no stream
program.run({ stdin: true });
// @ts-expect-error numbers are neither text nor bytes
program.run({ stdin: (async function* () { yield 1; })() });
// @ts-expect-error an array is no iterable of input
program.run({ stdin: ['text'] });
// @ts-expect-error it can only be read
program.run({ stdout: new Response('text').body! });
// @ts-expect-error an unknown encoding
program.run({ encoding: 'utf7' });
// @ts-expect-error a number
program.run({ timeout: '1s' });
// @ts-expect-error a signal
program.run({ signal: new AbortController() });
// @ts-expect-error a number
program.run({ memoryLimit: 1n });
// @ts-expect-error a number or bigint
program.run({ fuel: '1' });
// @ts-expect-error a date or a number
program.run({ clock: '2020-01-01' });
// @ts-expect-error an unknown option
program.run({ unknown: true });
// @ts-expect-error text is no number
program.call('add', '1');
// @ts-expect-error read-only
program.exports = [];
// @ts-expect-error it has no constructor for everyone
new ours.Program();
// @ts-expect-error a number
configure({ concurrency: '4' });
// @ts-expect-error options are due
configure();
