'use strict';

// Compares what two implementations made of the same sequence.

const { isDeepStrictEqual } = require('node:util');

// What a call shows. The rest of a result says what it was about.
const shown = ({ errno, thrown, said, wrote }) => ({ errno, thrown, said, wrote });

// Calls that leave everything as it is, whatever they answer.
const pure = new Set([
  'list', 'fd_readdir', 'fd_tell', 'fd_advise', 'fd_sync', 'fd_datasync', 'fd_fdstat_get', 'fd_filestat_get',
  'fd_prestat_get', 'fd_prestat_dir_name', 'path_filestat_get', 'path_readlink', 'poll_oneoff', 'clock_res_get',
  'sock_recv', 'sock_send', 'sock_accept', 'sock_shutdown', 'proc_raise', 'args_get', 'environ_get',
]);

// The first call at which the two part, and the rules that cover what came before:
//   { used: [rule names] }                            they agree
//   { used, at, rule }      an intended difference, after which all may differ
//   { used, at, reference, ours }                     a mismatch, or a way out of the sandbox
//   { used, files: { reference, ours } }              a mismatch of the files only
//
// `list`: the rules. `silent`: calls that do something else in each may look the same.
function compare(steps, reference, ours, { list, silent: mayBeSilent }) {
  const used = [];
  for (const [at, step] of steps.entries()) {
    const [there, here] = [reference.results[at], ours.results[at]];
    if (leavesSandbox(step, here)) return { used, at, escaped: true, reference: there, ours: here };
    const silent = silentDifference(step, here, steps.slice(0, at));
    if (mayBeSilent && silent !== undefined) return { used: [...used, silent], at, rule: silent };
    if (isDeepStrictEqual(shown(there), shown(here))) continue;
    const rule = list.find((candidate) => candidate.applies({ ...step, node: there, ours: here }));
    if (rule === undefined) return { used, at, reference: there, ours: here };
    used.push(rule.name);
    const bothFailed = there.errno > 0 && here.errno > 0;
    if (!bothFailed && !pure.has(step.call)) return { used, at, rule: rule.name };
  }
  const files = filesThatDiffer(reference.files, ours.files);
  return files === undefined ? { used } : { used, files };
}

// Whether wasi-rs has done something with a path that leads outside, as node:wasi may.
function leavesSandbox({ call }, ours) {
  return call.startsWith('path_') && ours.errno === 0 &&
    (ours.paths ?? []).some(({ escapes, lastIsLink, follow }) => escapes && !(lastIsLink && !follow));
}

// Both succeed, but each with another file: see the rules of the same names.
function silentDifference({ call }, ours, earlier) {
  if (pure.has(call) || ours.errno !== 0) return undefined;
  if (call === 'fd_fdstat_set_flags' && ours.kind === 'stdio') return 'flags of standard streams';
  // node:wasi does nothing where the file is large enough; Linux sets the time.
  if (call === 'fd_allocate' && earlier.some((step) => step.call.endsWith('_set_times'))) return 'time after fd_allocate';
  if (ours.stale) return 'a directory moved or removed while open';
  return ours.paths?.some((path) => path.cutsOther) ? '"." or ".." behind what is no directory' : undefined;
}

function filesThatDiffer(reference, ours) {
  if (isDeepStrictEqual(reference, ours)) return undefined;
  const only = (some, others) => some.filter((entry) => !others.some((other) => isDeepStrictEqual(entry, other)));
  return { reference: only(reference, ours), ours: only(ours, reference) };
}

module.exports = { compare };
