// Runs many guests at once with class WASI, in a pool of Workers. Each module is compiled
// once. If a guest takes too long, its Worker is terminated and replaced.
//
// You don't need any of this with `run()`, which has its own threads and limits. Use
// class WASI for guests that import functions of yours or that share memory.
//
//   node examples/workers.mjs
//
// Source of the program: __test__/fixtures/src/rust/wordcount

import { once } from 'node:events'
import { mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Worker, isMainThread, parentPort } from 'node:worker_threads'
import { WASI } from 'wasi-rs'

// Runs in a Worker, for one guest at a time.
async function serve({ module, options }) {
  let wasi
  try {
    wasi = new WASI({ version: 'preview1', ...options })
    const instance = await WebAssembly.instantiate(module, wasi.getImportObject())
    return { exitCode: wasi.start(instance) }
  } catch (error) {
    return { error } // for example, a trap
  } finally {
    wasi?.close() // closes its files now, rather than when the object is garbage-collected
  }
}

class Pool {
  #idle = []
  #waiting = []

  constructor(size) {
    for (let count = 0; count < size; count++) this.#release(newWorker())
  }

  // Returns { exitCode } or { error }. Workers share the compiled code of a module.
  async run(module, options, timeout) {
    const worker = this.#idle.pop() ?? await new Promise((resolve) => this.#waiting.push(resolve))
    worker.postMessage({ module, options })
    const answer = await answerOf(worker, timeout)
    this.#release(answer ? worker : newWorker())
    return answer ?? { error: new Error('ended') }
  }

  // Call this when no guest is running.
  async close() {
    await Promise.all(this.#idle.map((worker) => worker.terminate()))
  }

  #release(worker) {
    const next = this.#waiting.shift()
    if (next) next(worker)
    else this.#idle.push(worker)
  }
}

const newWorker = () => new Worker(new URL(import.meta.url))

// Returns undefined if the Worker has ended. A Worker that is ending may still answer.
async function answerOf(worker, timeout) {
  let isEnded = false
  const timer = timeout && setTimeout(() => {
    isEnded = true
    worker.terminate()
  }, timeout)
  const over = new AbortController() // removes the listeners
  const [answer] = await Promise.race([
    once(worker, 'message', { signal: over.signal }),
    once(worker, 'exit', { signal: over.signal }).then(() => []),
  ])
  over.abort()
  clearTimeout(timer)
  return isEnded ? undefined : answer
}

// (module (memory (export "memory") 1) (func (export "_start") (loop $l (br $l))))
const endless = Buffer.from(
  '0061736d010000000104016000000302010005030100010713020' +
  '66d656d6f7279020006' + '5f737461727400000a0901070003400c000b0b', 'hex')

async function countWords(pool, wordcount, directory, name, text) {
  await writeFile(path.join(directory, name), text)
  // All threads of a process share its descriptors.
  const output = await open(path.join(directory, `${name}.out`), 'w+')
  try {
    const { exitCode, error } = await pool.run(wordcount, {
      args: ['wordcount', `/data/${name}`, `/data/${name}.report`],
      preopens: { '/data': directory },
      stdout: output.fd,
    })
    if (error) throw error
    return `${name}: exit code ${exitCode}, ${await readFile(path.join(directory, `${name}.out`), 'utf8')}`
  } finally {
    await output.close()
  }
}

async function main() {
  const program = new URL('../__test__/fixtures/bin/wordcount.wasm', import.meta.url)
  const wordcount = await WebAssembly.compile(await readFile(program))
  const loop = await WebAssembly.compile(endless)
  const directory = await mkdtemp(path.join(tmpdir(), 'wasi-rs-example-'))
  const pool = new Pool(2)
  try {
    const ended = pool.run(loop, {}, 100)
    const texts = { a: 'one', b: 'two two', c: 'three three three' }
    const counts = Object.entries(texts).map(([name, text]) => countWords(pool, wordcount, directory, name, text))
    process.stdout.write((await Promise.all(counts)).join(''))
    console.log('endless:', (await ended).error.message)
  } finally {
    await pool.close()
    await rm(directory, { recursive: true })
  }
}

if (isMainThread) await main()
else parentPort.on('message', async (job) => parentPort.postMessage(await serve(job)))
