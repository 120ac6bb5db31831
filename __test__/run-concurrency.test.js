'use strict';

// The environment variable WASI_RS_CONCURRENCY, where Workers use the package.

const assert = require('node:assert/strict');
const { spawnSync } = require('node:child_process');
const path = require('node:path');
const { describe, test } = require('node:test');

// Runs `first` in the main thread and the rest in a Worker. The innocent program gets its turn only
// if two guests compute at once.
const inWorker = (first) => `const [root, guests] = ['.', './__test__/helpers/run-guests'].map((file) => require('node:path').resolve(file));
  ${first}
  new (require('node:worker_threads').Worker)(\`
    const { workerData: [root, guests] } = require('node:worker_threads');
    const [{ compile }, { FOREVER, command, saying }] = [require(root), require(guests)];
    (async () => {
      const [loop, hello] = [await compile(command(FOREVER)), await compile(saying(1, 'hello'))];
      loop.run();
      const nothing = new Promise((resolve) => setTimeout(resolve, 300, 'nothing'));
      require('node:fs').writeSync(1, await Promise.race([hello.run().then(({ stdout }) => stdout), nothing]));
      process.exit();
    })()\`, { eval: true, workerData: [root, guests] }).on('exit', () => process.exit());`;

function told(WASI_RS_CONCURRENCY, first = '') {
  const env = { ...process.env, WASI_RS_CONCURRENCY };
  return spawnSync(process.execPath, ['-e', inWorker(first)], { cwd: path.join(__dirname, '..'), encoding: 'utf8', env });
}

describe('WASI_RS_CONCURRENCY', () => {
  test('counts where only a Worker uses the package', () => {
    assert.equal(told('1').stdout, 'nothing');
    assert.equal(told('2').stdout, 'hello');
  });

  test('does not overwrite in a Worker what configure() has set', () => {
    assert.equal(told('1', 'require(root).configure({ concurrency: 2 });').stdout, 'hello');
  });

  test('is one warning for the process if it is nonsense', () => {
    const { stderr, stdout } = told('many', 'require(root).configure({});');
    assert.equal(stdout, 'hello');
    assert.equal(stderr.match(/WASI_RS_CONCURRENCY is ignored/g).length, 1);
  });
});
