'use strict';

// What `wasi-rs inspect` prints for people.

const { columns } = require('./help.js');
const { MOST, name, some, visible } = require('./visible.js');

function size(bytes) {
  const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB'];
  const unit = Math.min(Math.floor(Math.log2(Math.max(bytes, 1)) / 10), units.length - 1);
  return `${Number((bytes / 1024 ** unit).toFixed(1))} ${units[unit]}`;
}

const kinds = { module: 'WebAssembly module', component: 'WebAssembly component', precompiled: 'precompiled code' };

function kindOf({ kind, format, role }) {
  const details = [format === 'text' && 'text format', role].filter(Boolean).join(', ');
  return `${kinds[kind] ?? `not WebAssembly (${kind})`}${details && ` (${details})`}`;
}

function verdict({ runs, needs }) {
  if (runs === null) return 'unknown';
  if (!runs) return 'no';
  return needs.length > 0 ? 'yes, with --invoke' : 'yes';
}

function memoryOf({ imported, initial, maximum, pageSize, shared, memory64 }) {
  const most = maximum === null ? 'no maximum' : `at most ${maximum} (${size(maximum * pageSize)})`;
  const pages = initial === 1 ? '1 page' : `${initial} pages`;
  return [`${pages} (${size(initial * pageSize)})`, most, imported && 'imported', shared && 'shared', memory64 && '64-bit'].filter(Boolean).join(', ');
}

const fields = { 'language': 'Language', 'processed-by': 'Made by', 'sdk': 'SDK' };

function producersOf(producers) {
  return Object.entries(producers).map(([field, values]) => [
    Object.hasOwn(fields, field) ? fields[field] : name(field), some(values, values.length, (value) => `${name(value.name)} ${name(value.version)}`.trim()).join(', '),
  ]);
}

const MOST_OF_MESSAGE = 1000;

// Without the lines that quote the text format: the first two say what is wrong and where.
function essence(message) {
  return visible(message.slice(0, MOST_OF_MESSAGE).split('\n', 2).map((line) => line.trim()).join(' '));
}

function facts(description) {
  const { file, memories, producers, features, sections, needs } = description;
  return [
    ['File', visible(file)],
    ['Kind', kindOf(description)],
    ['Size', size(description.size)],
    ['Runs here', verdict(description)],
    ...needs.map(({ message }) => ['', essence(message)]),
    ...some(memories, memories.length, memoryOf).map((text) => ['Memory', text]),
    ...producersOf(producers),
    ...(features.length > 0 ? [['Features', some(features, features.length, name).join(', ')]] : []),
    ...(sections.length > 0 ? [['Sections', some(sections, sections.length, (section) =>
      `${name(section.name)} (${size(section.size)})`).join(', ')]] : []),
  ];
}

function fullName({ module, name: own }) {
  return module === undefined ? name(own) : `${name(module)}.${name(own)}`;
}

const WIDEST = 48;

function list(title, items, count) {
  if (count === 0) return [];
  const width = Math.min(WIDEST, Math.max(...items.slice(0, MOST).map((item) => fullName(item).length)));
  const line = (item) => `${fullName(item).padEnd(width)}  ${item.type ? visible(item.type) : item.kind}`;
  return ['', `${title} (${count})`, ...some(items, count, line).map((text) => `  ${text}`)];
}

// Without the last line break.
function textOf(description) {
  const { imports, importCount, exports, exportCount } = description;
  return [
    ...columns(facts(description)),
    ...list('Imports', imports, importCount),
    ...list('Exports', exports, exportCount),
  ].join('\n');
}

module.exports = { textOf };
