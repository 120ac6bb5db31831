'use strict';

// Many sequences from one seed.

const fs = require('node:fs');
const path = require('node:path');
const { workFolder } = require('../../__test__/helpers/work-folder');
const { Duel } = require('./duel');
const { generate, sequenceSeed } = require('./generator');

async function withWork(use) {
  const work = fs.mkdtempSync(path.join(workFolder(), 'wasi-rs-fuzz-'));
  try {
    return await use(work);
  } finally {
    fs.rmSync(work, { recursive: true, force: true });
  }
}

// Runs until `calls` have been compared or `seconds` are over. `sequences` given,
// replays those instead. Gives counts and findings, each with its seed.
function campaign({
  seed = 1, calls = Infinity, seconds = Infinity, most = 20, against, dangerous, sequences, report,
}) {
  return withWork(async (work) => {
    const duel = new Duel(work, { against });
    const findings = new Map();
    const start = Date.now();
    let index = 0;
    const goesOn = () => (sequences
      ? index < sequences.length
      : duel.calls < calls && Date.now() - start < seconds * 1000) && findings.size < most;
    try {
      for (; goesOn(); index++) {
        const own = sequenceSeed(seed, index);
        const steps = sequences?.[index] ?? generate(own, { dangerous });
        const finding = await duel.fight(steps);
        if (finding === undefined) continue;
        const small = await duel.shrink(finding);
        const names = small.steps.map(({ call }) => call);
        const key = JSON.stringify([small.what, small.reference?.errno, small.ours?.errno, names]);
        if (findings.has(key)) continue;
        findings.set(key, { seed, index, ...small });
        report?.(findings.get(key));
      }
    } finally {
      await duel.stop();
    }
    return {
      seed, sequences: index, calls: duel.calls, seconds: (Date.now() - start) / 1000, findings: [...findings.values()],
      intended: Object.fromEntries(duel.used), deaths: Object.fromEntries(duel.deaths),
    };
  });
}

module.exports = { campaign, withWork };
