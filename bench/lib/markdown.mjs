// The results as Markdown, to be kept beside the sources.

import { closeSync, openSync, readFileSync, statfsSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { factor, meanLine, time } from './report.mjs';

const MARK = '<!-- below this line: written by hand, kept by the benchmark -->';

const UNITS = [['ns', 1], ['µs', 1e3], ['ms', 1e6], ['s', 1e9]];

// With three significant digits. Rounded before the unit is chosen, so that 999.9 ns is 1.00 µs.
export function human(ns) {
  const rounded = Number(ns.toPrecision(3));
  const [unit, size] = UNITS.findLast(([, least]) => rounded >= least) ?? UNITS[0];
  return `${(rounded / size).toPrecision(3)} ${unit}`;
}

export const cells = (values) => `| ${values.join(' | ')} |`;

const tableLine = (row) =>
  cells([
    row.row, time(row['node:wasi'], human), time(row['wasi-rs'], human), factor(row.ratio),
    time(row.floor, human), factor(row.xFloor),
  ]);

const table = (run) => `## Node ${run.node}

${cells(['Row', 'node:wasi', 'wasi-rs', 'Ratio', 'Floor', '× floor'])}
|---|--:|--:|--:|--:|--:|
${run.rows.map(tableLine).join('\n')}

${meanLine(run)}
`;

// Numbers of Linux, from statfs(2).
const FILE_SYSTEMS = {
  0xef53: 'ext2/3/4', 0x58465342: 'XFS', 0x9123683e: 'Btrfs', 0x2fc12fc1: 'ZFS', 0xf2f52010: 'F2FS',
  0x1021994: 'tmpfs', 0x794c7630: 'overlayfs', 0x6969: 'NFS',
};

function fileSystem(directory) {
  if (process.platform !== 'linux') return [];
  const { type } = statfsSync(directory);
  return [`- File system: ${FILE_SYSTEMS[type] ?? `type 0x${type.toString(16)}`}`];
}

function mitigation(name) {
  try {
    return [`${name}: ${readFileSync(path.join('/sys/devices/system/cpu/vulnerabilities', name), 'utf8').trim()}`];
  } catch {
    return [];
  }
}

// What the kernel does at every entry, which can be most of what a system call costs.
function mitigations() {
  const found = ['spectre_v2', 'spec_rstack_overflow', 'retbleed'].flatMap(mitigation);
  return found.length > 0 ? [`- Mitigations: ${found.map((text) => `\`${text}\``).join(', ')}`] : [];
}

// A list of what the numbers depend on; the file system is that of `directory`.
export function machine(directory) {
  const cpus = os.cpus();
  return [
    `- CPU: ${cpus[0]?.model.trim() ?? 'unknown'}, ${cpus.length} CPUs, ${os.arch()}`,
    `- Memory: ${(os.totalmem() / 2 ** 30).toFixed(1)} GiB`,
    `- Kernel: ${os.type()} ${os.release().split('-')[0]}`,
    ...fileSystem(directory),
    ...mitigations(),
  ].join('\n');
}

const toMarkdown = ({ rounds, runs, directory }) => `# Results of the benchmark

Measured on ${new Date().toISOString().slice(0, 10)} with \`npm run bench -- --markdown bench/RESULTS.md\`.
\`bench/README.md\` explains the rows and the columns. Each time is the fastest of ${rounds} rounds.

${machine(directory)}

${runs.map(table).join('\n')}`;

// What the file has from the mark on, or nothing.
function handwritten(file) {
  const text = `\n${readFileSync(file, 'utf8')}`;
  const start = text.indexOf(`\n${MARK}`);
  return start < 0 ? '' : text.slice(start + 1 + MARK.length + 1);
}

// Whether the file can be written, without losing the results it has.
export function checkWritable(file) {
  closeSync(openSync(file, 'a'));
}

// Writes what comes above the mark. Reads the file only now: it may have been edited while the rows ran.
export function writeAbove(file, text) {
  writeFileSync(file, `${text}\n${MARK}\n${handwritten(file)}`);
}

export function writeMarkdown(file, results) {
  writeAbove(file, toMarkdown(results));
}
