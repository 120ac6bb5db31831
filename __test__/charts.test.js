'use strict';

// The charts that the benchmarks draw from their numbers.

const fs = require('node:fs');
const path = require('node:path');
const { spawnSync } = require('node:child_process');
const { describe, test } = require('node:test');
const assert = require('node:assert/strict');
const { tempDir } = require('./helpers/guest');

const bench = path.join(__dirname, '..', 'bench');
const machine = { platform: 'linux-x64', cpu: 'Made by A&B <x>', cpus: 2, rounds: 5 };
const row = (name, theirs, ours) => ({
  row: name, 'node:wasi': { ns: theirs }, 'wasi-rs': { ns: ours }, ratio: Number((ours / theirs).toFixed(2)),
});

const calls = {
  ...machine,
  runs: [
    { node: 'v20.0.0', rows: [row('hello', 9e6, 9e6)] },
    {
      node: 'v26.10.0',
      rows: [
        row('path_filestat_get-deep', 1750, 2690), row('readdir-2000', 6_310_000, 527_000), row('fd_seek', 300, 33),
        { row: 'hello', 'node:wasi': { exceeded: true }, 'wasi-rs': { ns: 1 } },
      ],
    },
  ],
};

const programs = {
  ...machine,
  runs: [{
    node: 'v26.10.0',
    sections: [{
      section: 'hello',
      rows: [
        { row: 'run()', ns: 27_000 }, { row: 'run(), on one core', ns: 20_000 },
        { row: 'node:wasi in the main thread', ns: 184_000, times: 6.81 },
        { row: 'node:wasi in a new Worker', ns: 24_000_000, times: 888.9 },
      ],
    }],
  }],
};

// The elements of a document, each with the texts directly in it; throws where it is not well-formed.
function parse(xml) {
  const [open, elements] = [[], []];
  for (const [, raw, closing, name, attributes, empty] of xml.matchAll(/([^<]+)|<(\/?)([a-z]+)((?: [\w:-]+="[^"<]*")*)\s*(\/?)>|</gi)) {
    if (raw !== undefined) {
      assert.doesNotMatch(raw, /&(?!(amp|lt|gt|quot);)/);
      if (open.length > 0) open.at(-1).text += raw;
      else assert.equal(raw.trim(), '');
    } else if (closing) assert.equal(open.pop().name, name);
    else {
      assert.notEqual(name, undefined);
      elements.push({ name, text: '', attributes: Object.fromEntries(Array.from(attributes.matchAll(/([\w:-]+)="(.*?)"/g), ([, key, value]) => [key, value])) });
      if (!empty) open.push(elements.at(-1));
    }
  }
  assert.equal(open.length, 0);
  return elements;
}

function content(xml) {
  const elements = parse(xml);
  const texts = (name) => elements.filter((element) => element.name === name).map(({ text }) => text);
  const widths = elements.filter(({ name }) => name === 'rect').map(({ attributes }) => Number(attributes.width));
  return { texts: texts('text'), title: texts('title'), description: texts('desc'), widths };
}

describe('charts', () => {
  test('of the calls: the rows that are shown, the fastest first, of the last Node.js', async () => {
    const { callsChart } = await import('../bench/charts/calls.mjs');
    const { texts, title, description, widths } = content(callsChart(calls));
    assert.deepEqual(texts.filter((text) => text.endsWith('×')), ['0.08×', '1.54×']);
    assert.ok(texts.includes('527 µs instead of 6.31 ms'), texts.join('\n'));
    assert.ok(texts.includes('2.69 µs instead of 1.75 µs'));
    assert.ok(texts.includes('node:wasi = 1'));
    assert.ok(texts.includes('Node.js 26.10.0, linux-x64, Made by A&amp;B &lt;x&gt; (2 CPUs), fastest of 5 rounds'));
    assert.equal(title.length, 1);
    assert.match(description[0], /^List 2,000 directory entries: 527 µs with wasi-rs, 6\.31 ms with node:wasi\. Stat/);
    assert.equal((widths[1] / widths[0]).toFixed(0), (1.54 / 0.08).toFixed(0));
  });

  test('of run(): a power of ten is the same distance everywhere', async () => {
    const { runChart } = await import('../bench/charts/run.mjs');
    const { texts, description, widths } = content(runChart(programs));
    for (const text of ['27.0 µs', '184 µs', '24.0 ms', '6.8 times as long', '889 times as long', '10 µs', '1 ms', '100 ms']) {
      assert.ok(texts.includes(text), text);
    }
    assert.match(description[0], /run\(\) of wasi-rs: 27\.0 µs\. node:wasi in the main thread: 184 µs\./);
    const decade = (widths[2] - widths[0]) / Math.log10(24_000_000 / 27_000);
    assert.equal(Math.round(widths[1] - widths[0]), Math.round(decade * Math.log10(184 / 27)));
  });

  test('every row that is shown is one that is measured', async () => {
    const { isCharted } = await import('../bench/charts/calls.mjs');
    const { rows } = await import('../bench/rows/index.mjs');
    assert.equal(rows.filter(({ name }) => isCharted(name)).length, 8);
  });

  test('are drawn from saved numbers', (t) => {
    const folder = tempDir(t);
    const file = (name, numbers) => {
      fs.writeFileSync(path.join(folder, name), JSON.stringify(numbers));
      return path.join(folder, name);
    };
    const { status, stderr } = spawnSync(process.execPath, [
      path.join(bench, 'chart.mjs'), '--calls', file('calls.json', calls), '--programs', file('programs.json', programs),
      '--output', path.join(folder, 'charts'),
    ], { encoding: 'utf8' });
    assert.deepEqual([status, stderr], [0, '']);
    const read = (name) => content(fs.readFileSync(path.join(folder, 'charts', name), 'utf8')).texts;
    assert.ok(read('calls.svg').includes('0.08×'));
    assert.ok(read('run.svg').includes('27.0 µs'));
  });

  test('of the documentation are well-formed and need nothing else', () => {
    const folder = path.join(__dirname, '..', 'docs', 'charts');
    assert.deepEqual(fs.readdirSync(folder).sort(), ['calls.svg', 'run.svg']);
    for (const name of fs.readdirSync(folder)) {
      const text = fs.readFileSync(path.join(folder, name), 'utf8');
      assert.ok(content(text).widths.length > 2);
      assert.doesNotMatch(text.replace('http://www.w3.org/2000/svg', ''), /https?:|<script|@import|url\(/);
    }
  });
});
