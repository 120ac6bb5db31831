// The process in which one case runs with one implementation:
//
//   node child.mjs CASE DIRECTORY REPORT TIMES
//
// Prints what the case gives; every time must give the same. REPORT gets as JSON how long each time
// took in milliseconds, the files that are open at the end but were not after the first time, how
// long it waited for those to be closed, and the most memory that the process had in bytes. The
// process then ends by itself: one that hangs is a failure.

import { readdirSync, readlinkSync, writeFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { load } from './cases.mjs';

const [id, directory, report, times] = process.argv.slice(2);

function linkOf(fd) {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return ''; // The one that read the directory.
  }
}

// Not pipes and the like: each new thread has some. Linux only.
function openFiles() {
  if (process.platform !== 'linux') return [];
  const links = readdirSync('/proc/self/fd').map(linkOf);
  return links.filter((link) => link.startsWith('/') && !link.startsWith('/dev/'));
}

function without(list, others) {
  const rest = [...list];
  for (const other of others) if (rest.includes(other)) rest.splice(rest.indexOf(other), 1);
  return rest;
}

// A Worker that starts has files of its program open for a moment: those go away.
async function leftOpen(before) {
  let left;
  for (let attempt = 0; attempt < 100; attempt += 1) {
    left = without(openFiles(), before);
    if (left.length === 0) break;
    await setTimeout(50);
  }
  return left;
}

const msSince = (start) => Number(process.hrtime.bigint() - start) / 1e6;

async function timed({ run }) {
  const start = process.hrtime.bigint();
  const output = Buffer.from(await run(directory));
  return { output, ms: msSince(start) };
}

const found = await load(id);
const runs = [await timed(found)];
const before = openFiles();
while (runs.length < Number(times)) runs.push(await timed(found));

const [{ output }] = runs;
if (runs.some((other) => !other.output.equals(output))) throw new Error(`${id}: not the same each time`);
process.stdout.write(output);
const start = process.hrtime.bigint();
const left = await leftOpen(before);
writeFileSync(report, JSON.stringify({
  ms: runs.map(({ ms }) => ms), leftOpen: left, waited: msSince(start), bytes: process.resourceUsage().maxRSS * 1024,
}));
