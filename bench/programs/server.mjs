// A server that answers with what guests print, while some of them never end by themselves.

import { execFile } from 'node:child_process';
import { once } from 'node:events';
import http from 'node:http';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { compile } from './guests.mjs';
import { aim, count, time, times } from './table.mjs';

const CONNECTIONS = 50;
const TIMEOUT_MS = 50;
const load = path.join(path.dirname(fileURLToPath(import.meta.url)), 'load.mjs');

async function listen() {
  const [hello, endless] = [await compile('hello'), await compile('endless')];
  const guests = { '/hello': () => hello.run(), '/loop': () => endless.run({ args: ['compute'], timeout: TIMEOUT_MS }) };
  const server = http.createServer((request, response) => {
    guests[request.url]().then(
      ({ stdout }) => response.end(stdout),
      ({ code }) => response.writeHead(code === 'ERR_WASI_TIMEOUT' ? 504 : 500).end(code),
    );
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return server;
}

const tasks = {
  // `looping` says which requests loop, see load.mjs.
  async serve({ looping }) {
    const server = await listen();
    const args = [load, String(server.address().port), looping, String(CONNECTIONS)];
    const { stdout } = await promisify(execFile)(process.execPath, args);
    server.close();
    return JSON.parse(stdout);
  },
};

const plan = [
  { row: 'none', looping: 'none' },
  { row: 'all of 10 % of the connections', looping: 'connections', aim: '≤ 3×' },
  { row: '10 % of all requests', looping: 'requests', aim: '≤ 3×' },
];

async function measure(run) {
  const [none, ...others] = plan;
  const alone = await run.least('serve', { looping: none.looping });
  const rows = [{ ...none, ...alone }];
  for (const { looping, ...labels } of others) {
    const beside = await run.least('serve', { looping });
    rows.push({ ...labels, ...beside, times: beside.median / alone.median });
  }
  const remark = 'The latency and the rate are those of the requests that do not loop. A client in a separate process ' +
    `measures them on ${CONNECTIONS} keep-alive connections. Each connection sends its next request when it has the ` +
    `answer to the previous one. Loops have timeout: ${TIMEOUT_MS} and are answered with 504.`;
  return { rows, remarks: [remark] };
}

export const server = {
  name: 'server',
  title: 'A server whose guests may never end',
  columns: [
    ['Requests that loop', ({ row }) => row],
    ['p50', ({ median }) => time(median)],
    ['p99', ({ slow }) => time(slow)],
    ['Requests per second', ({ each }) => count(1e9 / each)],
    ['p50 compared to none', ({ times: value }) => times(value)],
    ['Target', aim],
  ],
  tasks,
  measure,
};
