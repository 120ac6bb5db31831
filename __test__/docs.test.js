'use strict';

// docs/: the page of the API is up to date, and every link leads somewhere.

const fs = require('node:fs');
const path = require('node:path');
const { describe, test } = require('node:test');
const assert = require('node:assert/strict');

const root = path.join(__dirname, '..');
const folder = path.join(root, 'docs');
const pages = fs.readdirSync(folder).filter((name) => name.endsWith('.md')).map((name) => path.join(folder, name));
const read = (file) => fs.readFileSync(file, 'utf8');

const page = import('../scripts/docs-page.mjs');

const withoutCode = (text) => text.replace(/^```[^]*?^```$/gm, '');

function anchors(file, slug) {
  return new Set(Array.from(withoutCode(read(file)).matchAll(/^#+ (.+)$/gm), ([, heading]) => slug(heading)));
}

// Links within the checkout; those to other places are not looked up.
function linksOf(file) {
  const targets = Array.from(withoutCode(read(file)).matchAll(/\]\(([^)\s]+)\)/g), ([, target]) => target);
  return targets.filter((target) => !/^\w+:/.test(target));
}

function isDead(file, target, slug) {
  const [place, anchor] = target.split('#');
  const other = place === '' ? file : path.join(path.dirname(file), place);
  return !fs.existsSync(other) || (anchor !== undefined && !anchors(other, slug).has(anchor));
}

describe('docs', () => {
  test('api.md is up to date: else run `npm run docs`', async () => {
    const { stamp } = await page;
    assert.ok(read(path.join(folder, 'api.md')).startsWith(`<!-- Made by "npm run docs" from index.d.ts: edit that. ${
      stamp()} -->\n`));
  });

  for (const file of [path.join(root, 'README.md'), ...pages]) {
    test(`links of ${path.relative(root, file)}`, async () => {
      const { slug } = await page;
      const links = linksOf(file);
      assert.notEqual(links.length, 0);
      assert.deepEqual(links.filter((target) => isDead(file, target, slug)), []);
    });
  }
});
