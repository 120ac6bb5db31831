'use strict';

// An implementation in a child process, watched: a crash or a hang is an answer.

const { fork } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { stop } = require('./stop');

const modules = { node: 'node', ours: 'ours', walk: 'ours' };

class Target {
  // `name`: node, ours, or walk (ours without openat2). `patience`: milliseconds
  // that a sequence may take.
  constructor(name, work, patience) {
    this.name = name;
    this.patience = patience;
    this.work = path.join(work, name);
    fs.mkdirSync(this.work);
    this.progress = path.join(this.work, 'progress');
    this.starts = 0;
    this.sent = 0;
  }

  start() {
    const directory = path.join(this.work, String(this.starts++));
    fs.mkdirSync(directory);
    this.child = fork(path.join(__dirname, 'child.js'), [modules[this.name], directory, this.progress], {
      execArgv: ['--no-warnings'],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      env: { ...process.env, ...(this.name === 'walk' ? { WASI_RS_NO_OPENAT2: '1' } : {}) },
    });
    this.errors = '';
    this.child.stderr.on('data', (text) => {
      this.errors = (this.errors + text).slice(-2000);
    });
    return this.next('start', 60_000);
  }

  // Waits for a message or the end of the process.
  next(what, patience) {
    const { child } = this;
    return new Promise((resolve) => {
      let timer;
      const done = (answer) => {
        clearTimeout(timer);
        child.removeAllListeners('message');
        child.removeAllListeners('exit');
        if (answer.died) this.child = undefined;
        resolve(answer);
      };
      timer = setTimeout(() => {
        child.removeAllListeners('exit');
        child.once('exit', () => done({ died: `hung for ${patience} ms`, at: this.position() }));
        child.kill('SIGKILL');
      }, patience);
      child.once('message', done);
      child.once('exit', (code, signal) =>
        done({ died: `crashed: ${signal ?? `exit code ${code}`}`, at: this.position(), errors: this.errors }));
    });
  }

  position() {
    const bytes = fs.readFileSync(this.progress);
    return bytes.length < 4 ? -1 : bytes.readInt32LE();
  }

  // { results, files }, or { died, at } with the index of the call that did it.
  async run(steps) {
    if (this.child === undefined) {
      const started = await this.start();
      if (started.died) throw new Error(`${this.name} does not start: ${started.died}\n${started.errors}`);
    }
    const answer = this.next('answer', this.patience);
    this.child.send({ id: this.sent++, steps });
    const { failure, ...rest } = await answer;
    if (failure) throw new Error(`${this.name}: ${failure}`);
    return rest;
  }

  async stop() {
    const { child } = this;
    if (child === undefined) return;
    this.child = undefined;
    await stop(child);
  }
}

module.exports = { Target };
