'use strict';

// What is often passed to run() and compile() by mistake: the message says what it is and what to do.

const assert = require('node:assert/strict');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { describe, test } = require('node:test');
const { fixture } = require('./helpers/run-guests');
const { rejection } = require('./helpers/run-process');
const { MemoryFile, WASI, compile, run } = require('..');

const bytes = (text) => Buffer.from(text, 'latin1');
const START = '(func (export "_start"))';

// Both refuse the source in the same way.
async function refusal(source, code = 'ERR_WASI_COMPILE') {
  const { message } = await rejection(run(source), code);
  if (code === 'ERR_WASI_COMPILE') assert.equal((await rejection(compile(source), code)).message, message);
  return message;
}

describe('a component', () => {
  const sources = { binary: '\0asm\x0d\0\x01\0', text: '(component)', 'text behind comments': ';; made\n(; by (; me ;) ;) ( component)' };
  for (const [name, source] of Object.entries(sources)) {
    test(name, async () => {
      assert.match(await refusal(bytes(source)), /is a WebAssembly component .* preview1.*wasm32-wasip1.*adapter.*jco transpile/);
    });
  }
});

describe('in place of WebAssembly', () => {
  const sources = {
    'an HTML page': ['\r\n<!DOCTYPE html>\n<html>', /looks like an HTML page.*check the URL/],
    'JSON': ['{"error":"not found"}', /looks like JSON.*check the URL/],
    'a Git LFS pointer': ['version https://git-lfs.github.com/spec/v1\noid sha256:0\n', /Git LFS pointer.*`git lfs pull`/],
    'gzip': ['\x1f\x8b\x08\0', /compressed file.*Decompress it first/],
    'ZIP': ['PK\x03\x04', /ZIP archive.*Extract/],
    'tar': [`${'x'.repeat(257)}ustar\0`, /tar archive.*Extract/],
    'ELF': ['\x7fELF\x02\x01\x01\0', /native executable.*wasm32-wasip1/],
    'Mach-O': ['\xcf\xfa\xed\xfe', /native executable/],
    'PE': ['MZ\x90\0', /native executable/],
    'JavaScript': ['var Module = typeof Module != "undefined" ? Module : {};', /looks like JavaScript.*\.wasm file/],
    'Base64': ['AGFzbQEAAAA=', /Base64.*Buffer\.from\(text, 'base64'\)/],
    'nothing': ['', /empty \(0 bytes\)/],
    'anything': ['hello', /is not WebAssembly/],
    'another version of the format': ['\0asm\x02\0\0\0', /unknown version/],
  };
  for (const [name, [source, expected]] of Object.entries(sources)) {
    test(name, async () => assert.match(await refusal(bytes(source)), expected));
  }

  test('the beginning of a module', async () => {
    const whole = fs.readFileSync(fixture('hello'));
    for (const size of [9, whole.length - 3]) {
      const { message, offset } = await rejection(run(whole.subarray(0, size)), 'ERR_WASI_COMPILE');
      assert.match(message, /^The module is damaged or cut off: unexpected end/);
      assert.equal(typeof offset, 'number');
    }
  });

  test('text that may be WebAssembly is left to the parser', async () => {
    assert.match(await refusal(bytes('(module (func (call $nowhere)))')), /unknown func.*\$nowhere/);
  });
});

describe('precompiled code', () => {
  const code = compile(bytes(`(module ${START})`)).then((program) => program.serialize());

  test('without allowPrecompiled', async () => {
    assert.match(await refusal(await code), /precompiled code.*If you trust .* allowPrecompiled$/);
  });

  test('that is cut off', async () => {
    assert.match(await refusal((await code).subarray(0, 100)), /cut off or damaged. Compile the module again/);
  });

  test('that was made for something else', async () => {
    const other = Buffer.from(await code);
    const at = other.indexOf('.wasmtime.engine');
    assert.ok(at > 0);
    other.fill(0, at, at + 16);
    const { message } = await rejection(run(other, { allowPrecompiled: true }), 'ERR_WASI_COMPILE');
    assert.match(message, /^This precompiled code can't be loaded: .*\. Compile the module again/s);
  });
});

describe('imports that are not part of WASI', () => {
  const importing = (...imports) => bytes(`(module ${imports.map(([from, name, type = '(func)']) =>
    `(import "${from}" "${name}" ${type})`).join('')} ${START})`);

  test('are named, with what can be done', async () => {
    assert.match(await refusal(importing(['env', 'foo']), 'ERR_WASI_LINK'),
      /imports the function env\.foo, which is not part of WASI\. Pass the function in options\.imports: \{ env: \{ foo\(\) \{ … \} \} \}/);
  });

  test('are all named if they are few', async () => {
    const two = importing(['env', 'foo'], ['wasi_snapshot_preview1', 'sched_yield', '(func (result i32))'], ['env', 'base', '(global i32)']);
    assert.match(await refusal(two, 'ERR_WASI_LINK'), /has 2 imports that are not part of WASI: function env\.foo and global env\.base\./);
    const many = importing(...Array.from({ length: 9 }, (_, index) => ['env', `f${index}`]));
    assert.match(await refusal(many, 'ERR_WASI_LINK'), /9 imports .*: function env\.f0, .*env\.f4 and 4 more\./);
  });

  test('are shown without control characters, and not in full length', async () => {
    const message = await refusal(importing(['env', '\\1b[2J'], ['env', 'x'.repeat(10_000)]), 'ERR_WASI_LINK');
    assert.match(message, /env\.\\u\{1b\}\[2J and function env\.x{80}…/);
    assert.ok(message.length < 1000);
  });

  const advice = {
    'wasm-bindgen': [['__wbindgen_placeholder__', '__wbindgen_throw', '(func (param i32 i32))'], /wasm-bindgen generates/],
    'wasm-bindgen, finished': [['wbg', '__wbg_log_1'], /wasm-bindgen generates/],
    'Emscripten': [['env', 'emscripten_resize_heap', '(func (param i32) (result i32))'], /Emscripten.*STANDALONE_WASM/],
    'Go for JavaScript': [['gojs', 'runtime.ticks', '(func (result f64))'], /GOOS=wasip1/],
    'Go before 1.21': [['go', 'debug', '(func (param i32))'], /GOOS=wasip1/],
    'AssemblyScript': [['env', 'abort', '(func (param i32 i32 i32 i32))'], /AssemblyScript.*wasi-shim, or pass the function in options\.imports: \{ env: \{ abort/],
    'a Node-API addon': [['env', 'napi_create_object', '(func (param i32 i32) (result i32))'], /napi-rs/],
    'WASIX': [['wasix_32v1', 'thread_spawn'], /WASIX.*Wasmer/],
    'WASI 0.2': [['wasi:io/streams@0.2.0', 'read'], /WASI 0\.2/],
    'an extension of preview1': [['wasi_snapshot_preview1', 'sock_connect'], /no such function/],
    'threads': [['wasi', 'thread-spawn', '(func (param i32) (result i32))'], /threads.*WASI class.*Worker.*: see docs\/threads\.md in the wasi-rs package/],
    'a function with a reference': [['env', 'f', '(func (param externref))'], /imports the function env\.f as \(func \(param .*extern\)\)\)\. Host functions only take and return numbers/],
    'a tag': [['env', 'tag', '(tag)'], /imports the tag env\.tag, which it can't get/],
  };
  for (const [name, [wanted, expected]] of Object.entries(advice)) {
    test(`of ${name}`, async () => assert.match(await refusal(importing(['env', 'other'], wanted), 'ERR_WASI_LINK'), expected));
  }

  test('of some abort() that is not that of AssemblyScript', async () => {
    assert.doesNotMatch(await refusal(importing(['env', 'abort']), 'ERR_WASI_LINK'), /AssemblyScript/);
  });

  test('of WASI, with another signature', async () => {
    assert.match(await refusal(importing(['wasi_snapshot_preview1', 'fd_write', '(func (param i64))']), 'ERR_WASI_LINK'),
      /fd_write as \(func \(param i64\)\), but in WASI it is \(func \(param i32 i32 i32 i32\) \(result i32\)\)/);
  });

  test('of shared memory: threads', async () => {
    const source = importing(['env', 'napi_throw'], ['env', 'memory', '(memory 1 2 shared)']);
    const error = await rejection(run(source), 'ERR_WASI_LINK');
    assert.deepEqual([error.module, error.import], ['env', 'memory']);
    assert.match(error.message, /shares its memory between threads.*WASI class.*Worker.*: see docs\/threads\.md in the wasi-rs package/);
    assert.equal(await refusal(bytes(`(module (memory 1 1 shared) ${START})`)), error.message);
  });
});

describe('a module without _start', () => {
  test('that exports functions', async () => {
    const source = '(module (func (export "_initialize")) (func (export "add")) (memory (export "memory") 1) (func (export "sub")))';
    assert.match(await refusal(bytes(source), 'ERR_WASI_LINK'), /no function '_start'.*instantiate\(\).*exports: add and sub$/);
  });

  test('that exports none', async () => {
    assert.match(await refusal(bytes('(module)'), 'ERR_WASI_LINK'), /no function '_start'.*no other functions either/);
  });

  test('but with something else of that name', async () => {
    assert.match(await refusal(bytes('(module (func (export "_start") (param i32)))'), 'ERR_WASI_LINK'),
      /'_start' of a program must be \(func\), but here it is \(func \(param i32\)\)/);
  });
});

describe('a limit that a program exceeds is told, with its option:', () => {
  const guest = (body) => bytes(`(module
    (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1) (data (i32.const 4) "\\00\\01")
    (func $recurse (result i32) (call $recurse))
    (func (export "_start") ${body}))`);
  const forever = '(loop $forever (br $forever))';
  const writeTo = (fd) => `(drop (call $write (i32.const ${fd}) (i32.const 0) (i32.const 1) (i32.const 64)))`;
  const cases = {
    timeout: [forever, { timeout: 50 }, 'ERR_WASI_TIMEOUT', /longer than options\.timeout allows: 50 ms$/],
    fuel: [forever, { fuel: 5000 }, 'ERR_WASI_OUT_OF_FUEL', /fuel: options\.fuel is 5000$/],
    memoryLimit: ['(drop (memory.grow (i32.const 16)))', { memoryLimit: 2 ** 20 }, 'ERR_WASI_MEMORY_LIMIT', /than options\.memoryLimit allows: 1 MiB$/],
    'memoryLimit, by growing': ['(drop (memory.grow (i32.const 1)))', { memoryLimit: 2 ** 16 }, 'ERR_WASI_MEMORY_LIMIT', /allows: 64 KiB$/],
    'maxBuffer, of stdout': [writeTo(1), { maxBuffer: 10 }, 'ERR_WASI_MAX_BUFFER', /more to stdout than options\.maxBuffer allows: 10 bytes\. .*options\.stdout$/],
    'maxBuffer, of stderr': [writeTo(2), { maxBuffer: 10 }, 'ERR_WASI_MAX_BUFFER', /more to stderr .*options\.stderr$/],
    maxStack: ['(drop (call $recurse))', {}, 'ERR_WASI_TRAP', /call stack exhausted\. options\.maxStack is 1 MiB\. Raise it, up to 64 MiB/],
    'maxStack, rounded up': ['(drop (call $recurse))', { maxStack: 70_000 }, 'ERR_WASI_TRAP', /options\.maxStack is 128 KiB\./],
    'maxStack, at its most': ['(drop (call $recurse))', { maxStack: 64 * 2 ** 20 }, 'ERR_WASI_TRAP', /options\.maxStack is 64 MiB, which is the maximum$/],
  };
  for (const [name, [body, options, code, expected]] of Object.entries(cases)) {
    test(name, async () => {
      const { message } = await rejection(run(guest(body), options), code);
      assert.match(message, expected);
    });
  }

  test('memoryLimit, from the start', async () => {
    for (const more of ['', '(memory 1)', '(table 1 funcref)']) {
      const source = `(module ${more} (memory 100) ${START})`;
      const { message } = await rejection(run(bytes(source), { memoryLimit: 2 ** 20 }), 'ERR_WASI_MEMORY_LIMIT');
      assert.match(message, /allows: 1 MiB\. It starts with 6400 KiB$/);
    }
  });

  test('the timeout of a call', async () => {
    const program = await compile(bytes(`(module (func (export "forever") ${forever}))`));
    const instance = await program.instantiate({ timeout: 50 });
    assert.match((await rejection(instance.exports.forever(), 'ERR_WASI_TIMEOUT')).message, /options\.timeout allows: 50 ms$/);
  });
});

test('a preopen with a relative path is told as the path that it means', async () => {
  for (const place of ['missing', './missing', './/missing']) {
    const { message, path: named } = await rejection(run(bytes(`(module ${START})`), { preopens: { '/a': place } }), 'UVWASI_ENOENT');
    assert.equal(named, path.resolve('missing'));
    assert.ok(message.startsWith(`UVWASI_ENOENT, uvwasi_init '${named}' -> '/a': no such directory. `), message);
  }
});

describe('preopens', () => {
  const program = bytes(`(module ${START})`);
  const said = async (preopens, code) => (await rejection(run(program, { preopens }), code)).message;

  test('as an array', async () => {
    assert.match(await said(['./data'], 'ERR_INVALID_ARG_TYPE'),
      /must be an object from guest paths to host paths, such as \{ '\/data': '\.\/data' \}\. Received/);
  });

  test('as URLs', async () => {
    assert.match(await said({ '/d': new URL('file:///data') }, 'ERR_INVALID_ARG_TYPE'),
      /"options\.preopens\['\/d'\]" property must be a path or an object\. Convert a URL with fileURLToPath\(\)\. Received/);
  });

  test('the wrong way around', async () => {
    const hint = /Keys are paths of the guest, values are paths on the host$/;
    assert.match(await said({ [__dirname]: '/nowhere' }, 'UVWASI_ENOENT'), hint);
    assert.throws(() => new WASI({ version: 'preview1', preopens: { [__dirname]: '/nowhere' } }), { message: hint });
    for (const preopens of [{ '/guest': '/nowhere' }, { '/': '/nowhere' }]) {
      assert.doesNotMatch(await said(preopens, 'UVWASI_ENOENT'), hint);
    }
  });
});

describe('numbers as text', () => {
  for (const [option, value, unit] of [
    ['timeout', '1s', 'in milliseconds (for example, 5000)'],
    ['compileTimeout', '1s', 'in milliseconds (for example, 5000)'],
    ['memoryLimit', '64MB', 'in bytes (for example, 64 * 1024 * 1024)'],
    ['maxBuffer', '1MB', 'in bytes (for example, 64 * 1024 * 1024)'],
    ['maxStack', '1MB', 'in bytes (for example, 64 * 1024 * 1024)'],
  ]) {
    test(option, async () => {
      const { message } = await rejection(run(bytes(`(module ${START})`), { [option]: value }), 'ERR_INVALID_ARG_TYPE');
      assert.equal(message, `The "options.${option}" property must be of type number, ${unit}. Received type string ('${value}')`);
    });
  }
});

test('files in place of their descriptors', async (t) => {
  const memory = new MemoryFile();
  t.after(() => memory.close());
  const handle = await fs.promises.open(os.devNull, 'r+');
  t.after(() => handle.close());
  for (const file of [memory, handle]) {
    for (const name of ['stdin', 'stdout', 'stderr']) {
      const { message } = await rejection(run(bytes(`(module ${START})`), { [name]: file }), 'ERR_INVALID_ARG_TYPE');
      assert.match(message, /\. To use this file, pass its fd\. Received/);
    }
  }
});

test('a function that a program does not export', async () => {
  const calling = async (source) => (await rejection((await compile(bytes(source))).call('ad'), 'ERR_INVALID_ARG_VALUE')).message;
  assert.equal(await calling('(module (func (export "add")) (func (export "sub")) (memory (export "memory") 1))'),
    "The program exports no function 'ad'. It exports add and sub");
  assert.equal(await calling('(module)'), "The program exports no function 'ad'");
});

test('a file that is not there is told with its place', async () => {
  const { message } = await rejection(run('missing.wasm'), 'ENOENT');
  assert.ok(message.endsWith(`open 'missing.wasm', which resolves to '${path.resolve('missing.wasm')}'`), message);
  assert.ok((await rejection(run('/missing.wasm'), 'ENOENT')).message.endsWith("open '/missing.wasm'"));
});

test('errors from before the guest has started have no output, time or memory', async () => {
  const abort = new AbortController();
  abort.abort();
  for (const [source, options, code] of [
    ['(module)', {}, 'ERR_WASI_LINK'],
    [`(module ${START})`, { preopens: { '/a': '/nowhere' } }, 'UVWASI_ENOENT'],
    [`(module ${START})`, { signal: abort.signal }, 'ABORT_ERR'],
  ]) {
    const error = await rejection(run(bytes(source), options), code);
    for (const name of ['stdout', 'stderr', 'duration', 'fuelUsed', 'memoryPeak']) assert.ok(!Object.hasOwn(error, name), name);
  }
});

describe('words of child_process', () => {
  const program = bytes(`(module ${START})`);

  for (const word of ['pipe', 'overlapped', 'ipc']) {
    test(`stdin: '${word}' is refused, and can be passed as bytes`, async () => {
      const { message } = await rejection(run(program, { stdin: word }), 'ERR_INVALID_ARG_VALUE');
      assert.ok(message.startsWith("The property 'options.stdin' must be the input itself, 'inherit', 'ignore', "), message);
      assert.ok(message.endsWith(`pass it as Buffer.from('${word}'). Received '${word}'`), message);
      const { stdout } = await run(fixture('cat'), { args: ['cat'], stdin: Buffer.from(word) });
      assert.equal(stdout, word);
    });
  }

  test('other values that stdin and stdout have there are refused', async () => {
    for (const options of [{ stdin: null }, { stdin: ['pipe'] }, { stdout: null }, { stderr: ['pipe'] }]) {
      await rejection(run(program, options), 'ERR_INVALID_ARG_TYPE');
    }
    assert.match((await rejection(run(program, { stdout: 'overlapped' }), 'ERR_INVALID_ARG_VALUE')).message, /'pipe', 'inherit', 'ignore'/);
  });

  const instead = {
    stdio: "Use 'stdin', 'stdout' and 'stderr'", input: "Use 'stdin'", maxMemory: "Use 'memoryLimit', in bytes",
    maxOldGenerationSizeMb: "Use 'memoryLimit', in bytes", killSignal: /Use 'timeout' or 'signal'/, cwd: /'preopens'/,
    shell: /Use 'args'/, dir: /'preopens'/, dirs: /'preopens'/,
    stackSize: "Use 'maxStack', in bytes", gas: "Use 'fuel'", memory: "Use 'memoryLimit', in bytes", network: /can't open network/, detached: /not a separate process/, version: /imports of the program/, returnOnExit: /'exitCode' of the result/,
  };
  for (const [option, hint] of Object.entries(instead)) {
    test(`the option ${option} is refused, with what to use instead`, async () => {
      for (const start of [() => run(program, { [option]: 1 }), () => compile(program, { [option]: 1 })]) {
        const { message } = await rejection(start(), 'ERR_INVALID_ARG_VALUE');
        const [, said] = /^The property 'options\.\w+' is not an option of (?:run|compile)\(\)\. (.*)$/.exec(message);
        if (typeof hint === 'string') assert.equal(said, hint);
        else assert.match(said, hint);
      }
    });
  }
});

describe('in place of a path', () => {
  test('an address', async () => {
    for (const address of ['https://example.org/app.wasm', 'HTTP://example.org']) {
      assert.match(await refusal(address, 'ERR_INVALID_ARG_VALUE'), /must be a path.*run\(await fetch\(url\)\)\. Received/);
    }
    const { message } = await rejection(run(new URL('https://example.org/')), 'ERR_INVALID_URL_SCHEME');
    assert.match(message, /^The URL must be of scheme file\. Fetch it/);
  });

  test('a data: URL', async () => {
    assert.match(await refusal('data:application/wasm;base64,AGFzbQEAAAA=', 'ERR_INVALID_ARG_VALUE'), /not a data: URL\. .*run\(await fetch\(url\)\)/);
  });

  test('the text of a file: URL', async () => {
    assert.match(await refusal('file:///app.wasm', 'ERR_INVALID_ARG_VALUE'), /new URL\(source\)/);
  });

  test('WebAssembly as text', async () => {
    for (const text of ['(module)', `\n ( module\n  ${START})\n`, '(component)', ';; made by me\n(; not by hand ;)\n(module)']) {
      assert.match(await refusal(text, 'ERR_INVALID_ARG_VALUE'), /not WebAssembly itself.*Buffer\.from\(source\)/);
    }
  });

  test('but odd names of files are paths', async () => {
    for (const name of ['(module).wasm', 'https:', 'a (module)']) await rejection(run(name), 'ENOENT');
  });
});
