'use strict';

// wasi-rs alone, with every function and faster: no second implementation, but an
// oracle that says what must never happen.

const path = require('node:path');
const { fork } = require('node:child_process');
const { withWork } = require('./campaign');
const { generate, sequenceSeed } = require('./generator');
const { shrink } = require('./shrink');
const { stop } = require('./stop');

// Sequences that a child runs between two looks at what must not change.
const BATCH = 40;
const PATIENCE = 60_000;

// Runs sequences in a child of its own; gives what is wrong, or undefined.
class Keeper {
  constructor(work) {
    this.work = work;
    this.starts = 0;
  }

  async start() {
    this.child = fork(path.join(__dirname, 'alone-child.js'), [path.join(this.work, String(this.starts++))], {
      execArgv: ['--expose-gc', '--no-warnings'], stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    this.errors = '';
    this.child.stderr.on('data', (text) => {
      this.errors = (this.errors + text).slice(-2000);
    });
    await this.answer();
  }

  answer() {
    const { child } = this;
    return new Promise((resolve) => {
      const timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE);
      const done = (answer) => {
        clearTimeout(timer);
        child.removeAllListeners('message');
        child.removeAllListeners('exit');
        resolve(answer);
      };
      child.once('message', done);
      child.once('exit', (code, signal) => {
        this.child = undefined;
        done({ what: `wasi-rs crashed or hung: ${signal ?? `exit code ${code}`}`, errors: this.errors });
      });
    });
  }

  async run(sequences) {
    if (this.child === undefined) await this.start();
    const answer = this.answer();
    this.child.send(sequences);
    const { what, ...rest } = await answer;
    if (what === undefined) return undefined;
    await this.stop();
    return { what, ...rest };
  }

  async stop() {
    const { child } = this;
    if (child === undefined) return;
    this.child = undefined;
    await stop(child);
  }
}

// Which of the sequences does it, made as short as possible.
async function narrow(keeper, sequences, finding) {
  for (const steps of sequences) {
    const own = await keeper.run([steps]);
    if (own === undefined) continue;
    const shows = async (shorter) => (await keeper.run([shorter]))?.what === own.what;
    return { ...own, steps: await shrink(steps, shows, 100) };
  }
  return { ...finding, steps: sequences.flat() };
}

// As `campaign` in campaign.js.
function alone({ seed = 1, calls = Infinity, seconds = Infinity, most = 5, sequences: given, report }) {
  return withWork(async (work) => {
    const keeper = new Keeper(work);
    const findings = [];
    const start = Date.now();
    let index = 0;
    let done = 0;
    try {
      while (findings.length < most && (given ? index === 0 : done < calls && Date.now() - start < seconds * 1000)) {
        const first = index;
        const make = () => generate(sequenceSeed(seed, index++), { alone: true });
        const sequences = given ?? Array.from({ length: BATCH }, make);
        if (given) index = given.length;
        const finding = await keeper.run(sequences);
        done += sequences.reduce((sum, { length }) => sum + length, 0);
        if (finding === undefined) continue;
        findings.push({ seed, index: first, ...(await narrow(keeper, sequences, finding)) });
        report?.(findings.at(-1));
      }
    } finally {
      await keeper.stop();
    }
    return { seed, sequences: index, calls: done, seconds: (Date.now() - start) / 1000, findings };
  });
}

module.exports = { alone };
