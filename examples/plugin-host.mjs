// An HTTP server whose untrusted plugins are written in Rust and in AssemblyScript. A plugin gets a
// string, calls `log` and the asynchronous `lookup` of the host, and returns a string.
//
//   node examples/plugin-host.mjs          sends requests to itself, prints the answers, and exits
//   node examples/plugin-host.mjs 8080     listens on this port: curl localhost:8080/greeting/ada
//
// Sources of the plugins: plugins/greeting.rs and plugins/badge.ts, described in plugins/README.md

import { once } from 'node:events'
import { createServer } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { compile } from 'wasi-rs'

// The timeout applies to each call into a plugin, including the time that it waits for `lookup`.
// The memory limit also limits the length of the strings that a plugin can pass to the host.
const limits = { timeout: 200, memoryLimit: 2 * 1024 * 1024 }

const database = new Map([
  ['ada/name', 'Ada Lovelace'], ['ada/city', 'London'], ['ada/language', 'en'],
  ['emilie/name', 'Émilie du Châtelet'], ['emilie/city', 'Paris'], ['emilie/language', 'fr'],
])

async function lookup(key) {
  await sleep(5) // Stands for a query. The plugin waits, but the event loop doesn't.
  return database.get(key) ?? ''
}

// What a plugin logs can contain line breaks and control sequences, so it is quoted.
const log = (text) => console.log('log:', JSON.stringify(text.slice(0, 200)))

// Plugins in Rust pass strings as UTF-8, with a pointer and a length. Functions that return a
// string return both in one i64, which is a BigInt in JavaScript.
async function putUtf8({ exports, memory }, text) {
  const bytes = Buffer.from(text)
  const pointer = await exports.alloc(bytes.length)
  memory.write(pointer, bytes)
  return [pointer, bytes.length]
}

const rust = {
  imports: {
    // `this` is the instance that calls. Its exports can be called while it waits for the result.
    log(pointer, length) { log(this.memory.text(pointer, length)) },
    async lookup(pointer, length) {
      const [at, size] = await putUtf8(this, await lookup(this.memory.text(pointer, length)))
      return (BigInt(at) << 32n) | BigInt(size)
    },
  },
  async handle(instance, text) {
    const result = await instance.exports.handle(...await putUtf8(instance, text))
    return instance.memory.text(Number(result >> 32n), Number(result & 0xffffffffn))
  },
}

// AssemblyScript passes strings as pointers to UTF-16. The length in bytes precedes the text.
async function putUtf16({ exports, memory }, text) {
  const bytes = Buffer.from(text, 'utf16le')
  const pointer = await exports.__new(bytes.length, 2) // 2 is the class id of strings
  memory.write(pointer, bytes)
  return pointer
}

function getUtf16({ memory }, pointer) {
  const length = memory.read(pointer - 4, 4).readUInt32LE()
  return memory.read(pointer, length).toString('utf16le')
}

const assemblyScript = {
  imports: {
    log(message) { log(getUtf16(this, message)) },
    async lookup(key) { return putUtf16(this, await lookup(getUtf16(this, key))) },
    abort(message) { throw new Error(message === 0 ? 'abort' : getUtf16(this, message)) },
  },
  async handle(instance, text) {
    return getUtf16(instance, await instance.exports.handle(await putUtf16(instance, text)))
  },
}

const load = (name) => compile(new URL(`plugins/${name}.wasm`, import.meta.url))
const endless = (body) => compile(Buffer.from(`(module (memory (export "memory") 1)
  (func (export "alloc") (param i32) (result i32) (i32.const 0))
  (func (export "handle") (param i32 i32) (result i64) (loop $again ${body} (br $again)) (unreachable)))`))

const plugins = new Map([
  ['greeting', { language: rust, program: await load('greeting') }],
  ['badge', { language: assemblyScript, program: await load('badge') }],
  ['loops', { language: rust, program: await endless('') }],
  ['hungry', { language: rust, program: await endless('(drop (memory.grow (i32.const 16)))') }],
])

// Each request gets a new instance, which takes microseconds to create. No request sees what
// another one left in memory, and none waits for another one, as calls on one instance do.
const server = createServer(async (request, response) => {
  const answer = (status, body) => response.writeHead(status).end(body)
  response.setHeader('content-type', 'text/plain; charset=utf-8')
  const [, name, text = ''] = request.url.split('/')
  if (!plugins.has(name)) return answer(404, 'no such plugin')
  const { program, language } = plugins.get(name)
  try {
    const instance = await program.instantiate({ ...limits, imports: { env: language.imports } })
    answer(200, await language.handle(instance, text).finally(() => instance.close()))
  } catch (error) {
    answer(error.code === 'ERR_WASI_TIMEOUT' ? 504 : 502, error.code ?? error.name)
  }
})

const port = process.argv[2]
await once(server.listen(port ?? 0, '127.0.0.1'), 'listening')
async function request(path) {
  const response = await fetch(`http://127.0.0.1:${server.address().port}/${path}`)
  return `${response.status} ${await response.text()}`
}

if (port === undefined) {
  const loops = request('loops/ada') // The server answers the others meanwhile.
  for (const path of ['greeting/ada', 'badge/emilie', 'hungry/ada']) console.log(await request(path))
  console.log(await loops)
  server.close()
}
