// The process in which one case runs with one implementation:
//
//   node child.mjs CASE DIRECTORY REPORT TIMES
//
// Prints what the case gives; every time must give the same. REPORT gets as JSON how long each time
// took in milliseconds, which files were open after it, and the most memory that the process had in
// bytes. The process then ends by itself: one that hangs is a failure.

import { readdirSync, readlinkSync, writeFileSync } from 'node:fs';
import { load } from './cases.mjs';

const [name, directory, report, times] = process.argv.slice(2);

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
  return links.filter((link) => link.startsWith('/') && !link.startsWith('/dev/')).sort();
}

async function once({ run }) {
  const start = process.hrtime.bigint();
  const output = await run(directory);
  const ms = Number(process.hrtime.bigint() - start) / 1e6;
  return { output: Buffer.from(output), ms, files: openFiles() };
}

const found = await load(name);
const runs = [];
for (let time = 0; time < Number(times); time += 1) runs.push(await once(found));

const [{ output }] = runs;
if (runs.some((other) => !other.output.equals(output))) throw new Error(`${name}: not the same each time`);
process.stdout.write(output);
writeFileSync(report, JSON.stringify({
  ms: runs.map(({ ms }) => ms), files: runs.map(({ files }) => files), bytes: process.resourceUsage().maxRSS * 1024,
}));
