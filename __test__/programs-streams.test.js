'use strict';

// What the standard streams of a program can be: pipes, files, sockets, nothing;
// blocking or not, with someone at the other end or no one.

const { execFileSync, spawn } = require('node:child_process');
const { randomBytes } = require('node:crypto');
const { once } = require('node:events');
const fs = require('node:fs');
const net = require('node:net');
const { describe, test } = require('node:test');
const assert = require('node:assert/strict');
const { collect, command, run } = require('./helpers/programs');
const { tempDir } = require('./helpers/guest');

const { O_NONBLOCK, O_RDONLY, O_RDWR } = fs.constants;
const big = randomBytes(5 * 2 ** 20 + 3);
const text = Buffer.from(Array.from({ length: 20_000 }, (_, i) => `line ${i}\n`).join(''));
const counted = `lines=20000 bytes=${text.length}\n`;

function opened(t, ...args) {
  const fd = fs.openSync(...args);
  t.after(() => fs.closeSync(fd));
  return fd;
}

// A process whose stdout is collected as it is.
async function bytesFrom(child) {
  const [stdout, stderr, [code, signal]] = await Promise.all([
    collect(child.stdout), collect(child.stderr), once(child, 'close'),
  ]);
  assert.deepEqual({ stderr: stderr.toString(), code, signal }, { stderr: '', code: 0, signal: null });
  return stdout;
}

// A shell command line in which $RUN starts the program.
function shell(request, line, env = {}) {
  const [node, args] = command(request);
  const quoted = [node, ...args].map((arg) => `'${arg}'`).join(' ');
  return spawn('sh', ['-c', line.replaceAll('$RUN', quoted)], { env: { ...process.env, ...env } });
}

describe('streams of programs', { concurrency: 4 }, () => {
  describe('stdin', () => {
    test('from a file, from where it stands', async (t) => {
      const file = `${tempDir(t)}/text`;
      fs.writeFileSync(file, text);
      const fd = opened(t, file);
      fs.readSync(fd, Buffer.alloc(7));
      const { stdout, code } = await run({ program: 'stdin-lines' }, { stdio: [fd, 'pipe', 'pipe'] });
      assert.deepEqual({ stdout, code }, { stdout: `lines=19999 bytes=${text.length - 7}\n`, code: 0 });
      assert.equal(fs.readSync(fd, Buffer.alloc(1)), 0);
    });

    test('/dev/null', async () => {
      const { stdout, code } = await run({ program: 'stdin-lines' });
      assert.deepEqual({ stdout, code }, { stdout: 'lines=0 bytes=0\n', code: 0 });
    });

    test('closed', async () => {
      const output = await bytesFrom(shell({ program: 'stdin-lines' }, 'exec $RUN <&-'));
      assert.equal(output.toString(), 'lines=0 bytes=0\n');
    });

    test('a pipe', async (t) => {
      const file = `${tempDir(t)}/text`;
      fs.writeFileSync(file, text);
      const child = shell({ program: 'stdin-lines' }, 'cat "$FILE" | $RUN', { FILE: file });
      assert.equal((await bytesFrom(child)).toString(), counted);
    });

    test('a pipe that Node has made non-blocking, with a slow writer', async () => {
      const request = { program: 'stdin-lines', touch: ['stdin'], nonblocking: [0] };
      const child = shell(request, '(sleep 0.2; echo one; sleep 0.1; echo two) | $RUN');
      assert.equal((await bytesFrom(child)).toString(), 'lines=2 bytes=8\n');
    });

    test('a pipe that is non-blocking when the process gets it', async (t) => {
      const fifo = `${tempDir(t)}/fifo`;
      execFileSync('mkfifo', [fifo]);
      const reader = opened(t, fifo, O_RDONLY | O_NONBLOCK);
      const writer = fs.openSync(fifo, 'w');
      const child = spawn(...command({ program: 'stdin-lines', nonblocking: [3], options: { stdin: 3 } }), {
        stdio: ['ignore', 'pipe', 'pipe', reader],
      });
      const output = bytesFrom(child);
      fs.writeSync(writer, 'early\n');
      setTimeout(() => {
        fs.writeSync(writer, 'late\n');
        fs.closeSync(writer);
      }, 300);
      assert.equal((await output).toString(), 'lines=2 bytes=11\n');
    });
  });

  describe('stdout', () => {
    test('to a file, and appended to one', async (t) => {
      const file = `${tempDir(t)}/out`;
      const out = opened(t, file, 'w');
      fs.writeSync(out, 'before: ');
      await run({ program: 'demo' }, { stdio: ['ignore', out, 'pipe'] });
      assert.equal(fs.readFileSync(file, 'utf8'), 'before: hello world\n');
      await run({ program: 'demo' }, { stdio: ['ignore', opened(t, file, 'a'), 'pipe'] });
      assert.equal(fs.readFileSync(file, 'utf8'), 'before: hello world\nhello world\n');
    });

    test('stdout and stderr to one file, in order', async (t) => {
      const file = `${tempDir(t)}/out`;
      const out = opened(t, file, 'w');
      await run({ program: 'rust-panic', catchTrap: true }, { stdio: ['ignore', out, out] });
      assert.match(fs.readFileSync(file, 'utf8'), /^before panic\n[^]*panicked at[^]*RuntimeError/);
    });

    test('to other descriptors', async () => {
      const child = spawn(...command({ program: 'cat', options: { stdin: 3, stdout: 4, stderr: 5, args: ['cat'] } }), {
        stdio: ['ignore', 'pipe', 'pipe', 'pipe', 'pipe', 'pipe'],
      });
      child.stdio[3].end('through 3 and 4');
      assert.equal((await collect(child.stdio[4])).toString(), 'through 3 and 4');
    });

    for (const [name, stdio] of [['a pipe', 'pipe'], ['nothing', 'ignore']]) {
      test(`closed by the reader: EPIPE, stderr is ${name}`, async () => {
        const child = spawn(...command({ program: 'cat' }), { stdio: ['pipe', 'pipe', stdio] });
        child.stdout.destroy();
        child.stdin.on('error', () => {});
        child.stdin.end(big);
        const [stderr, [code, signal]] = await Promise.all([collect(child.stderr), once(child, 'close')]);
        assert.deepEqual({ code, signal }, { code: 1, signal: null });
        if (stdio === 'pipe') assert.equal(stderr.toString(), 'cat: stdout: Broken pipe\n');
      });
    }
  });

  describe('5 MiB', () => {
    test('through pipes', async () => {
      const { stdout, code } = await run({ program: 'cat' }, { input: big });
      assert.equal(code, 0);
      assert.ok(Buffer.from(stdout, 'latin1').equals(big));
    });

    test('from a file to a file', async (t) => {
      const directory = tempDir(t);
      fs.writeFileSync(`${directory}/in`, big);
      const stdio = [opened(t, `${directory}/in`), opened(t, `${directory}/out`, 'w'), 'pipe'];
      assert.equal((await run({ program: 'cat' }, { stdio })).code, 0);
      assert.ok(fs.readFileSync(`${directory}/out`).equals(big));
    });

    test('from a preopened directory through a real pipe with a slow reader', async (t) => {
      const directory = tempDir(t);
      fs.writeFileSync(`${directory}/in`, big);
      const options = { args: ['cat', '/dir/in'], preopens: { '/dir': directory } };
      const child = shell({ program: 'cat', options }, '$RUN | (sleep 0.3; cat)');
      assert.ok((await bytesFrom(child)).equals(big));
    });

    test('through non-blocking pipes', async () => {
      const request = { program: 'cat', touch: ['stdin'], nonblocking: [0] };
      const child = shell(request, 'cat | $RUN | (sleep 0.3; cat)');
      child.stdin.end(big);
      assert.ok((await bytesFrom(child)).equals(big));
    });

    test('in and out of one non-blocking socket', async (t) => {
      const server = net.createServer({ pauseOnConnect: true, allowHalfOpen: true });
      server.listen(`${tempDir(t)}/socket`);
      await once(server, 'listening');
      const client = net.connect({ path: server.address(), allowHalfOpen: true });
      const [socket] = await once(server, 'connection');
      server.close();
      const child = spawn(...command({ program: 'cat', nonblocking: [3], options: { stdin: 3, stdout: 3 } }), {
        stdio: ['ignore', 'pipe', 'pipe', socket],
      });
      socket.destroy();
      const exited = bytesFrom(child);
      client.end(big);
      assert.ok((await collect(client)).equals(big));
      assert.equal((await exited).length, 0);
    });
  });

  describe('poll() on stdin:', () => {
    const answers = (revents, n = 1) => [0, 30]
      .map((timeout) => `poll(stdin, ${timeout}): n=${n} revents=${revents}\n`).join('');
    for (const [name, data, open, expected] of [
      ['no data', '', true, answers('none', 0)],
      ['data', 'data', true, answers('in')],
      ['data, closed', 'data', false, answers('in+hup')],
      ['empty, closed', '', false, answers('in+hup')],
    ]) {
      test(`a pipe, ${name}`, async (t) => {
        const fifo = `${tempDir(t)}/fifo`;
        execFileSync('mkfifo', [fifo]);
        const both = fs.openSync(fifo, O_RDWR);
        const reader = opened(t, fifo, 'r');
        if (data) fs.writeSync(both, data);
        if (!open) fs.closeSync(both);
        const options = { args: ['poll', '30'] };
        const { stdout, stderr, code } = await run({ program: 'poll', options }, { stdio: [reader, 'pipe', 'pipe'] });
        assert.deepEqual({ stdout, stderr, code }, { stdout: expected, stderr: '', code: 0 });
        if (open) fs.closeSync(both);
      });
    }

    test('a file', async (t) => {
      const stdin = opened(t, __filename);
      const options = { args: ['poll', '30'] };
      const { stdout } = await run({ program: 'poll', options }, { stdio: [stdin, 'pipe', 'pipe'] });
      assert.equal(stdout, answers('in'));
    });
  });
});
