'use strict';

// What processes use, as /proc tells. Where there is none, nothing is known.

const fs = require('node:fs');

function read(file) {
  try {
    return fs.readFileSync(file, 'latin1');
  } catch {
    return ''; // it has ended
  }
}

function threads(pid) {
  try {
    return fs.readdirSync(`/proc/${pid}/task`);
  } catch {
    return [];
  }
}

const children = (pid) =>
  threads(pid).flatMap((thread) => read(`/proc/${pid}/task/${thread}/children`).split(' ').filter(Boolean).map(Number));

// The process and all that came of it.
function family(pid) {
  return [pid, ...children(pid).flatMap(family)];
}

const kilobytes = (status, field) => Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? 0);

// Bytes of memory that processes have now; of the first one, the most it had, too.
function memory(pids) {
  const statuses = pids.map((pid) => read(`/proc/${pid}/status`));
  const now = statuses.reduce((sum, status) => sum + kilobytes(status, 'VmRSS'), 0);
  return { now: now * 1024, peak: Math.max(now, kilobytes(statuses[0], 'VmHWM')) * 1024 };
}

// Milliseconds of processor time so far; the fields behind the name, which may have spaces. Ticks are
// hundredths of a second on all Linux systems that Node.js has.
function processorTime(pids) {
  return pids.reduce((sum, pid) => {
    const stat = read(`/proc/${pid}/stat`);
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return sum + 10 * (Number(fields[11] ?? 0) + Number(fields[12] ?? 0));
  }, 0);
}

// Whether a thread of the processes is at work, other than the main thread of this one.
function busy(pids) {
  return pids.some((pid) => threads(pid).some((thread) => {
    const stat = read(`/proc/${pid}/task/${thread}/stat`);
    return Number(thread) !== process.pid && stat.slice(stat.lastIndexOf(')') + 2).startsWith('R');
  }));
}

module.exports = { busy, family, memory, processorTime };
