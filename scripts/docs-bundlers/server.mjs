// Starts a bundle, sends one request, and ends it.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

const patience = 30_000;

async function freePort() {
  const server = createServer().listen(0);
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

async function askWhenUp(child, port, body) {
  const end = Date.now() + patience;
  while (Date.now() < end && child.exitCode === null) {
    try {
      const response = await fetch(`http://127.0.0.1:${port}`, { method: 'POST', body });
      return await response.text();
    } catch {
      await sleep(50); // it does not listen yet
    }
  }
  return undefined;
}

// The answer to `body`, or what the process said if it ended.
export async function ask(folder, body, flags = []) {
  const port = await freePort();
  const child = spawn(process.execPath, [...flags, 'dist/app.mjs'], {
    cwd: folder, env: { ...process.env, PORT: port, NODE_OPTIONS: '' }, stdio: ['ignore', 'inherit', 'pipe'],
  });
  const exit = once(child, 'close');
  let stderr = '';
  child.stderr.on('data', (chunk) => (stderr += chunk));
  const answer = await askWhenUp(child, port, body);
  child.kill('SIGKILL');
  await exit;
  return { answer, stderr };
}
