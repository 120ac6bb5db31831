'use strict';

// What stands for an argument in a call, so that a call is JSON:
//
//   5              an i32
//   "5n"           an i64
//   { fd: "f3" }   the descriptor that the call with `as: "f3"` opened; 1000 if none
//   { path: "a" }  pointer to these bytes (latin1) and their number; `at` says where
//   { pair: [p, n] }   two i32 that stand for a pointer and a length
//   { iovs: [[p, n], "text"] }   pointer to a list of buffers, and their number
//   { subs: [...] }  pointer to subscriptions for poll_oneoff

const { u32, subscription } = require('../../__test__/helpers/preview1');

const FIRST = 256;
const NOT_OPEN = 1000;
const latin1 = (text) => Buffer.from(text, 'latin1');

class Placer {
  constructor(memory, descriptors) {
    this.memory = memory;
    this.descriptors = descriptors;
    this.next = FIRST;
  }

  fd(value) {
    return typeof value === 'object' ? this.descriptors.get(value.fd) ?? NOT_OPEN : value;
  }

  bytes(bytes, at = this.next) {
    bytes.copy(this.memory, at);
    if (at === this.next) this.next += bytes.length + 5;
    return at;
  }

  // The parameters that an argument stands for.
  place(arg) {
    if (typeof arg === 'number') return [arg];
    if (typeof arg === 'string') return [BigInt(arg.slice(0, -1))];
    if ('fd' in arg) return [this.fd(arg)];
    if ('pair' in arg) return arg.pair;
    if ('path' in arg) return [this.bytes(latin1(arg.path), arg.at), arg.path.length];
    if ('subs' in arg) return [this.bytes(Buffer.concat(arg.subs.map((sub) => this.subscription(sub))))];
    const pairs = arg.iovs.map((item) => {
      const [pointer, length] = typeof item === 'string' ? [this.bytes(latin1(item)), item.length] : item;
      return Buffer.concat([u32(pointer >>> 0), u32(length >>> 0)]);
    });
    return [this.bytes(Buffer.concat(pairs)), pairs.length];
  }

  subscription({ fd = 0, timeout = '0n', ...rest }) {
    return subscription({ ...rest, fd: this.fd(fd) >>> 0, timeout: BigInt(timeout.slice(0, -1)) });
  }
}

module.exports = { Placer };
