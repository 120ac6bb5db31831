'use strict';

// Sequences of calls, made from a seed. Each call is plain JSON (see values.js for
// what stands for an argument): { call, args, as? }, where `as` names the
// descriptor that the call opens, for later calls to use.

const { Random, sequenceSeed } = require('./random');
const functions = require('./functions');

// What the generator believes to be open. It need not be right.
class Plan {
  constructor(random, options) {
    this.random = random;
    this.options = options;
    this.files = [];
    this.directories = [];
    this.steps = [];
  }

  opened(list) {
    const name = `${list === this.files ? 'f' : 'd'}${this.steps.length}`;
    list.push(name);
    return name;
  }

  closed(name) {
    for (const list of [this.files, this.directories]) {
      const at = list.indexOf(name);
      if (at >= 0) list.splice(at, 1);
    }
  }

  // A descriptor of a file, mostly; now and then anything else.
  file() {
    const { random, files } = this;
    if (files.length > 0 && !random.once(12)) return { fd: random.pick(files) };
    return random.once(3) ? this.anyDescriptor() : random.pick([0, 1]);
  }

  directory() {
    const { random, directories } = this;
    if (random.once(25)) return this.anyDescriptor();
    if (directories.length > 0 && random.once(3)) return { fd: random.pick(directories) };
    return random.once(8) ? 4 : 3;
  }

  anyDescriptor() {
    const { random } = this;
    const known = [...this.files, ...this.directories];
    if (known.length > 0 && !random.once(3)) return { fd: random.pick(known) };
    return random.pick([0, 1, 2, 3, 4, 5, 6, 7, 9, 50, 99, 1023, 0x7fffffff, -1]);
  }
}

// The calls of one sequence. `dangerous`: also what is known to end or to hang
// the process with node:wasi. `alone`: for wasi-rs only, so all of that and signals.
function generate(seed, { length, dangerous = false, alone = false } = {}) {
  const random = new Random(seed);
  const plan = new Plan(random, { dangerous: dangerous || alone, alone });
  const wanted = length ?? random.between(4, 40);
  while (plan.steps.length < wanted) {
    const make = random.weighted(functions.weighted);
    const step = make(plan);
    // Nothing may bring /dev/null under another number, where times are set.
    if (step !== null && !(step.call === 'fd_renumber' && step.args[0] === 2)) plan.steps.push(step);
  }
  return plan.steps;
}

module.exports = { generate, sequenceSeed };
