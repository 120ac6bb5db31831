// Runs a program with threads as defined by `wasi-threads` (the target
// wasm32-wasip1-threads in Rust, or -pthread in C). Each thread is a Worker with its own
// instance. All instances share one memory, and through `share` the same open files.
//
//   node examples/threads.mjs
//
// Source of the program: __test__/fixtures/src/rust/rust-threads

import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads'
import { WASI } from 'wasi-rs'

// Returns the exit code, or throws what a thread threw.
async function runThreads(module, memory, options) {
  const wasi = new WASI({ version: 'preview1', ...options }) // keeps the files open until all threads have ended
  const { args, env } = options
  const nextId = new Int32Array(new SharedArrayBuffer(4))
  const shared = { module, memory, nextId, options: { args, env, share: wasi.share() } }
  const workers = new Set()
  try {
    return await new Promise((resolve, reject) => {
      // All threads are started here, because a Worker that ends also ends the Workers
      // that it has started.
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

// Runs in a Worker: either the thread { id, argument } or, without one, `_start`.
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
  // If the thread function returns, only the thread ends. If it calls exit(), the program ends.
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
  // The module declares these limits: see `wasm-objdump -j import -x`.
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
