// Compiled only, never run: MemoryFile, used as it should be and not.

import * as node from 'node:wasi';
import { MemoryFile, WASI, run } from '../../index.js';

type Same<A, B> =
  (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true : false;
function expectTrue<_T extends true>(): void {}

const files: MemoryFile[] = [
  new MemoryFile(), new MemoryFile(undefined), new MemoryFile('text'), new MemoryFile(Buffer.from('text')),
  new MemoryFile(new Uint8Array(1)), new MemoryFile(new DataView(new ArrayBuffer(1))), new MemoryFile(new ArrayBuffer(1)),
  new MemoryFile(new SharedArrayBuffer(1)), new MemoryFile(new Uint8Array(new SharedArrayBuffer(1))),
];
{
  using stdout = new MemoryFile();
  new WASI({ version: 'preview1', stdout: stdout.fd });
  new node.WASI({ version: 'preview1', stdout: stdout.fd });
  await run('tool.wasm', { stdout: stdout.fd });
  const text: string = stdout.text();
  const bytes: Buffer = stdout.bytes();
  expectTrue<Same<typeof stdout.fd, number>>();
  expectTrue<Same<ReturnType<typeof stdout.clear>, void>>();
  stdout.close();
  console.log(text, bytes, files);
}
class Log extends MemoryFile {
  lines(): string[] {
    return this.text().split('\n');
  }
}
export const lines: string[] = new Log('a\nb').lines();

// @ts-expect-error a number is no content
new MemoryFile(5);
// @ts-expect-error nor is null
new MemoryFile(null);
// @ts-expect-error it is a class
MemoryFile();
// @ts-expect-error a descriptor is asked for
new WASI({ version: 'preview1', stdout: new MemoryFile() });
// @ts-expect-error read-only
files[0]!.fd = 1;
// @ts-expect-error it takes no encoding
files[0]!.text('latin1');
