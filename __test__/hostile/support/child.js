'use strict';

// Carries out one attack, and tells the parent what came of it:
//   node child.js <name of the attack> <folder for its files>

const { monitorEventLoopDelay } = require('node:perf_hooks');
const { setTimeout: sleep } = require('node:timers/promises');
const { compile, run } = require('../../..');
const { find } = require('./catalog');
const { busy, family, processorTime } = require('./processes');
const { Module, kind } = require('./wasm');

const UNCACHED = { cache: false };
const now = () => performance.now();

// How each way of asking is prepared; what is given then starts what is measured.
const asks = {
  async run({ source, options }) {
    const program = await compile(source, UNCACHED);
    return () => program.run(options);
  },
  async instantiate({ source, options }) {
    const program = await compile(source, UNCACHED);
    return () => program.instantiate(options);
  },
  async call({ source, options }) {
    const instance = await (await compile(source, UNCACHED)).instantiate(options);
    return () => instance.exports.attack();
  },
  async close({ source, attack }) {
    const instance = await (await compile(source, UNCACHED)).instantiate();
    return () => {
      setTimeout(() => instance.close(), attack.closeAfter);
      return instance.exports.attack();
    };
  },
  async compile({ source, options }) {
    return () => compile(source, { ...UNCACHED, ...options });
  },
  // Compiled and run in one.
  async both({ source, options }) {
    return () => run(source, { ...UNCACHED, ...options });
  },
  async exports({ source }) {
    const program = await compile(source, UNCACHED);
    return async () => program.exports.length + program.imports.length;
  },
};

async function settle(promise, started) {
  const outcome = await promise.then(() => 'resolved', (error) => error.code ?? `${error}`);
  return { outcome, after: now() - started };
}

function innocent(size) {
  const module = new Module();
  module.export('memory', kind.memory, module.memory(size));
  return module.command([]).build();
}

// How many milliseconds after `started` the last work was done. A machine with other things to do gives
// little time to what is still at work, which is why the threads are looked at, too.
async function untilQuiet(started) {
  const pids = () => family(process.pid);
  for (;;) {
    const [before, since, working] = [processorTime(pids()), now(), busy(pids())];
    await sleep(60);
    if (!working && !busy(pids()) && processorTime(pids()) - before <= 20) return since - started;
  }
}

// The options, with a signal of its own if the attack is to be aborted.
function optionsOf({ options = {}, abortAfter }, folder, controller) {
  const resolved = typeof options === 'function' ? options(folder) : options;
  return abortAfter === undefined ? resolved : { ...resolved, signal: controller.signal };
}

async function measure(act, copies, program) {
  const started = now();
  const attacks = Array.from({ length: copies }, () => settle(act(), started));
  const others = [
    settle(program.run({ timeout: 100 }), started),
    settle(compile(innocent(2), UNCACHED), started),
  ];
  const ends = await Promise.all(attacks);
  const after = Math.max(...ends.map((end) => end.after));
  const stopped = await untilQuiet(started);
  const [innocentRun, innocentCompile] = await Promise.all(others);
  return { outcomes: ends.map(({ outcome }) => outcome), after, stopped, innocentRun, innocentCompile };
}

async function carryOut(attack, folder) {
  attack.scene?.(folder);
  const source = attack.module();
  const program = await compile(innocent(1), UNCACHED);
  await program.run();
  const delays = monitorEventLoopDelay({ resolution: 5 });
  delays.enable();
  const began = now();
  const controller = new AbortController();
  const options = optionsOf(attack, folder, controller);
  let act;
  try {
    act = await asks[attack.ask]({ source, options, attack });
  } catch (error) {
    return { outcomes: [`compile ${error.code}`], detail: error.message, size: source.length, prepared: now() - began };
  }
  const prepared = now() - began;
  if (attack.abortAfter !== undefined) setTimeout(() => controller.abort(), attack.abortAfter);
  const result = await measure(act, attack.copies ?? 1, program);
  const delay = delays.max / 1e6 - 5;
  return { ...result, size: source.length, prepared, delay, peak: process.resourceUsage().maxRSS * 1024 };
}

const [name, folder] = process.argv.slice(2);
carryOut(find(name), folder).then((result) => process.send(result, () => process.exit()));
