'use strict';

// What arguments are made of: few names, so that calls meet each other, and the
// values at which something changes.

const { PAGE } = require('../../__test__/helpers/guest');

const END = 2 * PAGE;
// Where results go; well apart from each other and from the arguments.
const RESULT = PAGE + 0x10;
const BUFFER = PAGE + 0x1000;
const BUFFER_2 = PAGE + 0x5001;

// What the scene has (see scene.js), and what may come to be.
const names = [
  'file', 'dir', 'empty', 'soft', 'softdir', 'deep', 'dangling', 'loop', 'out', 'outdir', 'absolute', 'absin',
  'chain', 'new', 'new2', 'made',
];
const inDirectory = ['inner', 'sub', 'back', 'up', 'new', 'sub/leaf'];
const directories = ['dir', 'softdir', 'empty', 'deep', 'dir/sub', 'new', 'made', 'outdir', 'softdir/sub'];

// Anything a path can be, as latin1: each character is a byte.
const odd = [
  '', '.', '..', '/', '//', './', '../', './.', '.../', 'file/', 'file/.', 'file/..', 'file/x', 'dir/', 'dir//', 'dir/.',
  'dir/..', 'dir/../file', 'dir/sub/..', 'dir/sub/../inner', 'soft/', 'softdir/', 'softdir/.', 'softdir/..',
  'softdir/../file', 'deep/..', 'deep/../inner', 'missing/x', 'missing/..', 'missing/../file', 'new/', 'new/.',
  './file', './dir/./inner', 'dir//inner', '/file', '/wasi-rs-fuzz/file', '../secret', '../root/file', 'dir/../../secret',
  'outdir/secret', 'outdir/root/file', 'out/', 'outdir/', 'outdir/..', 'dangling/', 'dangling/x', 'loop/', 'loop/x',
  'absolute/x', 'absin/', 'chain/', 'empty/..', 'empty/.', 'empty/',
  'file\0', 'dir\0x', '\0', '\xff', 'a\xc3', 'caf\xc3\xa9', 'new\xe2\x82', '\xed\xa0\x80',
  'x'.repeat(255), 'x'.repeat(256), 'dir/'.repeat(1023) + 'x', './'.repeat(2047) + 'x', './'.repeat(2046) + 'file',
  'x/'.repeat(3000), 'dir/' + 'y'.repeat(256),
];

// What symbolic links may be asked to say.
const contents = [
  'file', 'dir', 'nothing', 'inner', 'new', 'made', 'dir/inner', './file', 'dir/', 'soft', 'softdir', 'empty', '.',
];
const oddContents = [
  '', '/', '/nonexistent', '..', '../file', '../../secret', 'dir/..', 'dir/../..', 'a\0b', '\xff', 'x'.repeat(4095),
  'x'.repeat(4096), 'z'.repeat(300),
];

// Pointers that are no good, or just good, for a result of `size` bytes.
const edgePointers = (size) => [
  END - size, END - size + 1, END - 1, END, END + 1, 0x7fffffff, -0x80000000, -1, 0, 1, PAGE - 1, 256, 257,
];

const lengths = [0, 1, 2, 3, 7, 10, 23, 24, 25, 64, 100, 4096];
const offsets = ['0n', '1n', '3n', '5n', '9n', '10n', '11n', '100n', '4096n', '70000n'];
const oddOffsets = [
  '-1n', '-5n', '-100n', '2147483647n', '4294967296n', '4611686018427387904n', '9223372036854775807n',
  '-9223372036854775808n',
];
const texts = ['a', 'hello', '', '0123456789', 'x'.repeat(100), '\0\0', '\xff\xfe', 'line\n'];
// Whole seconds: node:wasi cuts the rest off (see the README).
const times = ['0n', '1000000000n', '1200000000000000000n', '1500000000000000000n', '1600000000000000000n'];

module.exports = {
  BUFFER, BUFFER_2, END, RESULT, contents, directories, edgePointers, inDirectory, lengths, names, odd, oddContents,
  oddOffsets, offsets, texts, times,
};
