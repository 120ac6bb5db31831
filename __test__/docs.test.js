'use strict';

// docs/: the page of the API is up to date, and every link leads somewhere.

const fs = require('node:fs');
const path = require('node:path');
const { describe, test } = require('node:test');
const assert = require('node:assert/strict');
const { pack } = require('./helpers/packing');

const root = path.join(__dirname, '..');
const folder = path.join(root, 'docs');
const read = (file) => fs.readFileSync(file, 'utf8');

const page = import('../scripts/docs-page.mjs');

const withoutCode = (text) => text.replace(/^```[^]*?^```$/gm, '');

function anchors(file, slug) {
  return new Set(Array.from(withoutCode(read(file)).matchAll(/^#+ (.+)$/gm), ([, heading]) => slug(heading)));
}

const patterns = [/\]\(([^)\s]+)\)/g, /^\[[^\]]+\]: (\S+)/gm, /\b(?:href|src|srcset)="([^"\s]+)"/g];

// Links to places of the checkout; others are not looked up.
function linksOf(file) {
  const text = withoutCode(read(file));
  const targets = patterns.flatMap((pattern) => Array.from(text.matchAll(pattern), ([, target]) => target));
  return targets.filter((target) => !/^\w+:/.test(target));
}

// `has` tells whether there is such a file or directory.
function isDead(file, target, slug, has) {
  const [place, anchor] = target.split('#');
  const other = place === '' ? file : path.join(path.dirname(file), place);
  return !has(other) || (anchor !== undefined && !anchors(other, slug).has(anchor));
}

// Files of the package, and the directories that they are in.
const packed = pack(root, '--dry-run', '--ignore-scripts').files.map((file) => path.join(root, file.path));
const isPacked = (place) => packed.some((file) => `${file}/`.startsWith(`${path.resolve(place)}/`));

const isPage = (file) => file.endsWith('.md');
const onlyInCheckout = ['CONTRIBUTING.md', 'fuzz/README.md', '__test__/fixtures/README.md'].map((name) => path.join(root, name));

describe('docs', () => {
  test('api.md is up to date: else run `npm run docs`', async () => {
    const { stamp } = await page;
    assert.ok(read(path.join(folder, 'api.md')).startsWith(`<!-- Made by "npm run docs" from index.d.ts: edit that. ${
      stamp()} -->\n`));
  });

  // Nothing else tells readers of the package that a file is in the repository.
  for (const file of packed.filter(isPage)) {
    test(`links of ${path.relative(root, file)} lead into the package`, async () => {
      const { slug } = await page;
      assert.deepEqual(linksOf(file).filter((target) => isDead(file, target, slug, isPacked)), []);
    });
  }

  for (const file of onlyInCheckout) {
    test(`links of ${path.relative(root, file)}`, async () => {
      const { slug } = await page;
      assert.deepEqual(linksOf(file).filter((target) => isDead(file, target, slug, fs.existsSync)), []);
    });
  }

  test('links are found', () => {
    const names = ['README.md', 'docs/api.md', 'docs/examples.md'].map((name) => path.join(root, name));
    for (const file of names) assert.ok(linksOf(file).length > 10, file);
  });
});
