// CRuby 3.4 in a virtual machine that JavaScript asks, as its package sets it up.

import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const script = `
require 'json'
require 'digest'
require 'set'
fibonacci = Enumerator.produce([0, 1]) { |a, b| [b, a + b] }.lazy.map(&:first)
words = File.read('/bundle/gems/bundled_gems', exception: false) rescue nil
JSON.generate({
  version: RUBY_VERSION,
  fibonacci: fibonacci.first(30),
  digest: Digest::SHA256.hexdigest('ruby' * 1000),
  sorted: ('a'..'zz').sort_by { |word| word.reverse }.last(5),
  primes: (2..500).select { |n| (2..Math.sqrt(n)).none? { |d| (n % d).zero? } }.size,
  random: Random.bytes(8).size,
  library: Dir.children('/usr/local/lib/ruby').sort,
})
`;

let module;

export default {
  packages: ['@ruby/wasm-wasi', '@ruby/3.4-wasm-wasi'],
  task: 'starts a virtual machine with the standard library and evaluates a script',
  threads: false,
  shared: false,

  async run() {
    const { DefaultRubyVM } = await import('@ruby/wasm-wasi/dist/node');
    const file = fileURLToPath(import.meta.resolve('@ruby/3.4-wasm-wasi/dist/ruby+stdlib.wasm'));
    module ??= await WebAssembly.compile(await readFile(file));
    const { vm } = await DefaultRubyVM(module);
    return vm.eval(script).toString();
  },
};
