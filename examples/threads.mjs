// A program with threads, as `wasi-threads` has them (the target wasm32-wasip1-threads
// of Rust, -pthread of C): each thread is a Worker with an instance of its own over one
// memory, and by `share` all have the same files.
//
//   node examples/threads.mjs
//
// Source of the program: __test__/fixtures/src/rust/rust-threads

import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads'
import { WASI } from 'wasi-rs'

// Gives the exit code, or throws what a thread has thrown.
async function runThreads(module, memory, options) {
  const wasi = new WASI({ version: 'preview1', ...options }) // keeps the files open until the end
  const { args, env } = options
  const nextId = new Int32Array(new SharedArrayBuffer(4))
  const shared = { module, memory, nextId, options: { args, env, share: wasi.share() } }
  const workers = new Set()
  try {
    return await new Promise((resolve, reject) => {
      // Threads are started here, since a Worker would end those that it started with itself.
      const start = (thread) => {
        const worker = new Worker(new URL(import.meta.url), { workerData: { ...shared, thread } })
        workers.add(worker)
        worker.on('message', ({ spawned, exitCode }) => (spawned ? start(spawned) : resolve(exitCode)))
        worker.on('error', reject)
        worker.on('exit', () => workers.delete(worker))
      }
      start() // the main thread of the program
    })
  } finally {
    await Promise.all([...workers].map((worker) => worker.terminate()))
    wasi.close()
  }
}

// In a Worker: the thread { id, argument }, or `_start` of the program without one.
function runThread({ module, memory, nextId, options, thread }) {
  const wasi = new WASI({ version: 'preview1', ...options })
  const { exports } = new WebAssembly.Instance(module, {
    ...wasi.getImportObject(),
    env: { memory },
    wasi: {
      'thread-spawn': (argument) => {
        const id = Atomics.add(nextId, 0, 1) + 1
        parentPort.postMessage({ spawned: { id, argument } })
        return id
      },
    },
  })
  if (!thread) return wasi.start({ exports })
  // A thread that returns has ended; one that calls exit() ends the program.
  let hasReturned = false
  const exitCode = wasi.start({
    exports: {
      memory,
      _start() {
        exports.wasi_thread_start(thread.id, thread.argument)
        hasReturned = true
      },
    },
  })
  return hasReturned ? undefined : exitCode
}

async function main() {
  const program = new URL('../__test__/fixtures/bin/rust-threads.wasm', import.meta.url)
  const module = await WebAssembly.compile(await readFile(program))
  // As the module imports it: `wasm-objdump -j import -x` tells.
  const memory = new WebAssembly.Memory({ initial: 17, maximum: 16384, shared: true })
  const directory = await mkdtemp(path.join(tmpdir(), 'wasi-rs-example-'))
  try {
    const options = { args: ['rust-threads', '/data', ...process.argv.slice(2)], preopens: { '/data': directory } }
    console.log('exit code', await runThreads(module, memory, options))
    console.log((await readdir(directory)).sort())
  } finally {
    await rm(directory, { recursive: true })
  }
}

if (isMainThread) {
  await main()
} else {
  const exitCode = runThread(workerData)
  if (exitCode !== undefined) parentPort.postMessage({ exitCode })
}
