// Compiled only, never run: a program in the syntax of the oldest TypeScript that works.

import { MemoryFile, WASI, compile, configure, run, spawn } from 'wasi-rs';
import type { Guest, Instance, Preopen, Program, RunError, RunOptions, RunResult, WASIOptions } from 'wasi-rs';
import 'wasi-rs/register';

const options: WASIOptions = { version: 'preview1', args: ['tool'], preopens: { '/data': './data' } };
const preopen: Preopen = { path: '.', readonly: true };
const limits: RunOptions = { timeout: 1000, memoryLimit: 1024, preopens: { '/data': preopen } };

async function* words(): AsyncGenerator<string> {
  yield 'text';
}

export async function main(): Promise<number | undefined> {
  configure({ concurrency: 2 });
  const wasi = new WASI({ ...options, maxFiles: 16 });
  const file = new MemoryFile('text');
  const text: string = file.text();
  file[Symbol.dispose]();
  wasi.close();
  wasi[Symbol.dispose]();
  const result: RunResult<string> = await run('tool.wasm', { timeout: 1000, preopens: limits.preopens });
  const bytes = await run('tool.wasm', { ...limits, encoding: 'buffer' });
  const size: number = bytes.stdout.byteLength;
  const program: Program = await compile('sums.wasm', { timeout: 1000 });
  const instance: Instance = await program.instantiate({ memoryLimit: 1024 });
  const sum: unknown = await instance.exports.add!(2, 3);
  await instance.close();
  const named = await program.instantiate<{ add(a: number, b: number): number }>({
    imports: { env: { async log(pointer: number) { this.memory.text(pointer); return this.exports.alloc(5); }, base: 5 } },
  });
  const typed: number = (await named.exports.add(2, 3)) + named.memory.read(0, 4).byteLength;
  const direct = program.instantiateSync<{ add(a: number, b: number): number }>({ imports: { env: { log() {} } } });
  const plain: number = direct.exports.add(typed, program.runSync().exitCode) + direct.memory.buffer.byteLength;
  named.memory.write(plain, text);
  try {
    const guest = spawn('tool.wasm', { timeout: 1000 });
    guest.stdin.end(text);
    for await (const chunk of guest.stdout) String(chunk);
    const quiet: Guest<null, null, null> = program.spawn({ stdin: 'ignore' as const, stdout: 1, stderr: 'ignore' });
    await (guest.kill() ? guest[Symbol.asyncDispose]() : quiet.exit);
    await program.run({ stdin: text });
    await program.run({ stdin: words(), end: false });
  } catch (error) {
    const { code, stdout } = error as RunError;
    return code === 'ERR_WASI_TIMEOUT' ? size : Number(stdout) + Number(sum);
  }
  return result.exitCode;
}
