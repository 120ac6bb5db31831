// Compiled only, never run: `using`, which TypeScript has from 5.2 on.

import { MemoryFile, WASI } from 'wasi-rs';

export function output(): string {
  using stdout = new MemoryFile();
  using wasi = new WASI({ version: 'preview1', stdout: stdout.fd });
  wasi.getImportObject();
  return stdout.text();
}
