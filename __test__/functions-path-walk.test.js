'use strict';

// The tests of paths once more, with the resolution that is used where the
// kernel has none of its own.

const { spawn } = require('node:child_process');
const { once } = require('node:events');
const path = require('node:path');
const { test } = require('node:test');
const assert = require('node:assert/strict');

for (const name of ['functions-path-open.test.js', 'functions-path.test.js']) {
  test(name, async () => {
    // Without the runner's own variables, which would make the child report to it.
    const { NODE_TEST_CONTEXT, ...env } = process.env;
    const child = spawn(process.execPath, [path.join(__dirname, name)], {
      env: { ...env, WASI_RS_NO_OPENAT2: '1' },
    });
    let output = '';
    child.stdout.on('data', (data) => { output += data; });
    const [code] = await once(child, 'close');
    assert.equal(code, 0, output);
    assert.match(output, /\bpass [1-9]/);
  });
}
