// The client of the section `server`:
//
//   node load.mjs PORT LOOPING CONNECTIONS
//
// Prints one line of JSON about the requests that don't loop: the 50th and the 99th percentile of
// their latency, and the time for each, in nanoseconds.

import http from 'node:http';
import { elapsed } from './guests.mjs';

const WARM_UP_MS = 500;
const MEASURE_MS = 2000;

// Which requests loop, by the number of the connection and of the request: a tenth of one or the other.
const loops = {
  none: () => false,
  connections: (connection) => connection % 10 === 0,
  requests: (connection, request) => request % 10 === 0,
};
const [port, looping, connections] = process.argv.slice(2);
const isLoop = loops[looping];

function get(agent, path) {
  return new Promise((resolve, reject) => {
    http.get({ agent, port, path, host: '127.0.0.1' }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text) => (body += text));
      response.on('end', () => resolve(`${response.statusCode} ${body}`)).on('error', reject);
    }).on('error', reject);
  });
}

async function timed(agent, path, expected) {
  const start = performance.now();
  const answer = await get(agent, path);
  if (answer !== expected) throw new Error(`${path} was answered with ${answer}`);
  return elapsed(start);
}

const begin = performance.now();
const sinceBegin = () => performance.now() - begin;
const latencies = [];
let requests = 0;

async function connect(connection) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  while (sinceBegin() < WARM_UP_MS + MEASURE_MS) {
    const warm = sinceBegin() >= WARM_UP_MS;
    requests += 1;
    if (isLoop(connection, requests)) await timed(agent, '/loop', '504 ERR_WASI_TIMEOUT');
    else {
      const ns = await timed(agent, '/hello', '200 hello\n');
      if (warm) latencies.push(ns);
    }
  }
  agent.destroy();
}

await Promise.all(Array.from({ length: Number(connections) }, (_, connection) => connect(connection)));
latencies.sort((a, b) => a - b);
const quantile = (share) => latencies[Math.floor(latencies.length * share)];
const result = { median: quantile(0.5), slow: quantile(0.99), each: (MEASURE_MS * 1e6) / latencies.length };
console.log(JSON.stringify(result));
