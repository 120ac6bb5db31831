'use strict';

// Findings and counts as text.

// What was found, and the sequence that shows it as JSON for --replay.
function describe({ seed, index, what, at, reference, ours, files, errors, steps, leak }) {
  const lines = [`FOUND with seed ${seed}, sequence ${index}: ${what}`];
  if (at !== undefined && steps[at] !== undefined) lines.push(`  in call ${at}: ${short(steps[at])}`);
  if (reference !== undefined) lines.push(`  reference: ${short(reference)}`, `  wasi-rs:   ${short(ours)}`);
  if (files !== undefined) {
    lines.push(`  files, reference: ${short(files.reference)}`,
    `  files, wasi-rs:   ${short(files.ours)}`);
  }
  if (leak !== undefined) lines.push(`  ${leak}`);
  if (errors) lines.push(`  stderr: ${errors}`);
  return [...lines, JSON.stringify({ seed, steps })].join('\n');
}

function short(value) {
  const cut = (_, part) => (typeof part === 'string' && part.length > 150 ? `${part.slice(0, 150)}…` : part);
  return JSON.stringify(value, cut);
}

function summary({ seed, sequences, calls, seconds, findings, intended = {}, deaths = {} }) {
  const rate = Math.round(calls / seconds);
  const lines = [`seed ${seed}: ${calls} calls in ${sequences} sequences, ${seconds.toFixed(1)} s, ${rate} a second; ` +
    `${findings.length} findings`];
  const most = (a, b) => b[1] - a[1];
  for (const [name, count] of Object.entries(intended).sort(most)) lines.push(`  intended, ${count} times: ${name}`);
  for (const [name, { count, example }] of Object.entries(deaths)) {
    lines.push(`  node:wasi, ${count} times: ${name}`, `    ${short(example ?? null)}`);
  }
  return lines.join('\n');
}

module.exports = { describe, summary };
