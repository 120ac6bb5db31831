'use strict';

// docs/api.md has an example of everything that the package exports.

const fs = require('node:fs');
const path = require('node:path');
const { test } = require('node:test');
const assert = require('node:assert/strict');

const api = fs.readFileSync(path.join(__dirname, '..', 'docs', 'api.md'), 'utf8');
const sections = api.split(/^#+ `/m).slice(1);
const nameOf = (section) => /^[^`(]+/.exec(section)[0];
const withExamples = new Set(sections.filter((section) => section.includes('\n```js\n')).map(nameOf));

for (const name of Object.keys(require('../index.js'))) {
  test(`api.md has an example of ${name}`, () => assert.ok(withExamples.has(name)));
}
