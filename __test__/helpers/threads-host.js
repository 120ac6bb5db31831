'use strict';

// What the Workers of threads-end.js get, and starting them. As a program, it ends with exit code
// 7 once Workers are in all of the places given: `threads-host.js own|shared DIRECTORY PLACE...`.

const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { Worker } = require('node:worker_threads');
const { Calls } = require('./calls');
const { sleep } = require('./threads');
const { WASI } = require('../..');

class Host {
  #fifos;
  #options;

  // Standard streams are FIFOs, one that stays empty and one that nobody empties.
  constructor(directory, isShared) {
    const root = path.join(directory, 'root');
    fs.mkdirSync(path.join(root, 'directory'), { recursive: true });
    for (let name = 0; name < 60; name++) fs.writeFileSync(path.join(root, 'directory', `${name}`), '');
    this.#fifos = ['stdin', 'stdout'].map((name) => {
      execFileSync('mkfifo', [path.join(directory, name)]);
      return fs.openSync(path.join(directory, name), 'r+');
    });
    const [stdin, stdout] = this.#fifos;
    this.#options = { preopens: { '/': root }, stdin, stdout };
    this.wasi = new WASI({ version: 'preview1', ...this.#options });
    this.calls = new Calls(this.wasi);
    if (isShared) this.#options = { share: this.wasi.share() };
  }

  start(data) {
    const alive = new Int32Array(new SharedArrayBuffer(8));
    const worker = new Worker(path.join(__dirname, 'threads-end.js'), {
      workerData: { ...data, alive, options: this.#options },
    });
    const exited = new Promise((resolve) => { worker.on('exit', resolve); });
    const state = { worker, alive, error: undefined, exited };
    worker.on('error', (error) => { state.error = error; });
    return state;
  }

  close() {
    this.wasi.close();
    this.#fifos.forEach((fd) => fs.closeSync(fd));
  }
}

// Waits until a Worker has been in its place so many times, or has ended.
async function hasBeen({ worker, alive }, times) {
  while (Atomics.load(alive, 0) < times && worker.threadId !== -1) await sleep(1);
}

async function exitWhileInCalls(kind, directory, places) {
  const host = new Host(directory, kind === 'shared');
  await Promise.all(places.map((place) => hasBeen(host.start({ place }), 1)));
  process.exit(7);
}

module.exports = { Host, hasBeen };

if (require.main === module) exitWhileInCalls(process.argv[2], process.argv[3], process.argv.slice(4));
