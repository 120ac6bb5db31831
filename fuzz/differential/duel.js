'use strict';

// A sequence on both implementations, until all that is left is without intended
// differences or shows a mismatch.

const { compare } = require('./compare');
const { rules, walkRules } = require('./intended');
const { shrink } = require('./shrink');
const { Target } = require('./target');

// So many calls are taken out of a sequence before it is given up.
const MOST_REMOVED = 40;
const NODE_PATIENCE = 3_000;
const OUR_PATIENCE = 30_000;

// Which call has ended node:wasi: the one at `at`, unless an earlier one has left a
// lock that this one, or closing everything in the end, waits for. -1 for none.
function suspect(steps, at) {
  const contradict = (flags) => (flags & 3) === 3 || (flags & 12) === 12 || (flags & 0xfff0) !== 0;
  const locks = ({ call, args }) => call === 'path_filestat_set_times' && contradict(args[5]);
  const lock = steps.findIndex((step, index) => index <= at && locks(step));
  if (lock >= 0) return lock;
  return at < steps.length ? at : -1;
}

class Duel {
  // `against`: node, or walk (ours without openat2), which must agree in everything.
  constructor(work, { against = 'node' } = {}) {
    this.against = against;
    this.reference = new Target(against, work, against === 'node' ? NODE_PATIENCE : OUR_PATIENCE);
    this.ours = new Target('ours', work, OUR_PATIENCE);
    this.calls = 0;
    this.used = new Map();
    this.deaths = new Map();
  }

  async stop() {
    await Promise.all([this.reference.stop(), this.ours.stop()]);
  }

  async both(steps) {
    const [reference, ours] = await Promise.all([this.reference.run(steps), this.ours.run(steps)]);
    return { reference, ours };
  }

  // What is wrong with a sequence, or undefined. Counts what it meets.
  async fight(steps) {
    let left = steps;
    for (let removed = 0; removed <= MOST_REMOVED && left.length > 0; removed++) {
      const verdict = await this.judge(left);
      for (const name of verdict.used ?? []) this.used.set(name, (this.used.get(name) ?? 0) + 1);
      if (verdict.finding) return { ...verdict.finding, steps: left };
      if (verdict.remove === undefined) {
        this.calls += steps.length;
        return undefined;
      }
      left = left.filter((_, index) => index !== verdict.remove);
    }
    return undefined;
  }

  async judge(steps) {
    const { reference, ours } = await this.both(steps);
    if (ours.died) return { finding: { what: `wasi-rs ${ours.died}`, at: ours.at, errors: ours.errors } };
    if (reference.died) {
      if (this.against !== 'node') return { finding: { what: `${this.against} ${reference.died}`, at: reference.at } };
      const remove = suspect(steps, reference.at);
      const step = steps[remove];
      const death = `${step?.call}: ${reference.died}`;
      const known = this.deaths.get(death) ?? { count: 0, example: step };
      this.deaths.set(death, { ...known, count: known.count + 1 });
      return remove < 0 ? { used: [] } : { remove };
    }
    const isNode = this.against === 'node';
    const verdict = compare(steps, reference, ours, { list: isNode ? rules : walkRules, silent: isNode });
    if (verdict.rule !== undefined) return { used: verdict.used, remove: verdict.at };
    if (verdict.at === undefined && verdict.files === undefined) return verdict;
    const { used, escaped, ...rest } = verdict;
    const name = steps[verdict.at]?.call;
    const what = escaped ? `${name} has left the sandbox` : `mismatch of ${name ?? 'files'}`;
    return { used, finding: { what, ...rest } };
  }

  // The shortest sequence found that shows the same kind of finding.
  async shrink(finding) {
    const signature = ({ what, reference, ours }) => `${what} ${reference?.errno} ${ours?.errno}`;
    let best = finding;
    await shrink(finding.steps, async (steps) => {
      const verdict = await this.judge(steps);
      if (verdict.finding === undefined || signature(verdict.finding) !== signature(finding)) return false;
      best = { ...verdict.finding, steps };
      return true;
    });
    return best;
  }
}

module.exports = { Duel };
