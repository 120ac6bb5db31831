'use strict';

// Sequences of calls on node:wasi and on wasi-rs: every result, the memory after
// every call and the files in the end are the same. Where wasi-rs differs on
// purpose is in differential/intended-calls.js, and is tested here too.
//
// Not here is what ends the process or harms it with node:wasi: proc_raise,
// closing 0 to 2, sock_* on pipes and devices, path_filestat_set_times with flags
// that contradict each other (it hangs).

const { describe, test } = require('node:test');
const assert = require('node:assert/strict');
const intended = require('./differential/intended-calls');
const { node, observe, ours } = require('./helpers/differential-calls');
const { OUT, PAGE, iovs, pointer, text } = require('./helpers/guest');
const { FOLLOW, eventType, fstflags, most, oflags, rights, subscription } = require('./helpers/preview1');

const END = 2 * PAGE;
const A = OUT + 0x1000;
const B = OUT + 0x2001;
const READ = rights.FD_READ;
const everything = most.directory.inheriting;
const open = (name, { fd = 3, follow = 0, flags = 0, base = most.file.base, inheriting = 0n, fdflags = 0 } = {}) =>
  ['path_open', fd, follow, text(name), flags, base, inheriting, fdflags, OUT];
const openDirectory = (name, rest = {}) =>
  open(name, { flags: oflags.DIRECTORY, base: most.directory.base, inheriting: everything, ...rest });
const clock = (rest) => pointer(subscription({ userdata: 7, type: eventType.CLOCK, ...rest }));
// Inode numbers and times are those of two different files.
const stat = (at, times = true) => ({ ignore: [[at + 8, 8], ...(times ? [[at + 40, 24]] : [[at + 56, 8]])] });
const hostFlags = (at) => ({ ignore: [[at + 2, 2]] }); // intended: 'flags of a file'

const scenarios = {
  'arguments and environment': [
    ['args_sizes_get', OUT, OUT + 4], ['args_sizes_get', OUT + 1, OUT + 9], ['args_sizes_get', OUT, OUT],
    ['args_get', OUT, A], ['args_get', A + 3, OUT + 1], ['environ_sizes_get', OUT, OUT + 4],
    ['environ_get', OUT, A], ['args_sizes_get', END - 4, END - 8], ['args_sizes_get', END - 3, OUT],
    ['args_sizes_get', OUT, END], ['args_get', END - 7, A], ['args_get', OUT, END - 10],
    ['args_get', OUT, END - 11], ['environ_get', END - 7, A], ['environ_get', OUT, END - 9],
    ['environ_sizes_get', END, OUT], ['environ_sizes_get', OUT, 0x7fffffff],
  ],
  'clocks': [
    ['clock_res_get', 0, OUT], ['clock_res_get', 1, OUT], ['clock_res_get', 2, OUT + 3], ['clock_res_get', 4, OUT],
    ['clock_res_get', 0, END - 7], ['clock_res_get', 4, END], ['clock_time_get', 4, 0n, OUT],
    ['clock_time_get', 0, 0n, END - 7], ['clock_time_get', 1, 5n, OUT, { ignore: [[OUT, 8]] }],
  ],
  'nothing much': [
    ['sched_yield'], ['random_get', OUT, 0], ['random_get', END, 0], ['random_get', OUT, PAGE + 1],
    ['random_get', OUT, 100, { ignore: [[OUT, 100]] }], ['proc_raise', 0], ['proc_raise', 31], ['proc_raise', 256],
  ],
  'preopens': [
    ['fd_prestat_get', 3, OUT], ['fd_prestat_get', 3, OUT + 5], ['fd_prestat_get', 4, OUT],
    ['fd_prestat_get', 3, END - 7], ['fd_prestat_dir_name', 3, OUT, 5], ['fd_prestat_dir_name', 3, OUT + 3, 100],
    ['fd_prestat_dir_name', 4, OUT, 100], ['fd_prestat_dir_name', 1, OUT, 100], ['fd_prestat_dir_name', 3, OUT, END],
  ],
  'reading': [
    open('file'), ['fd_read', 4, iovs([A, 3]), OUT], ['fd_read', 4, iovs([A, 2], [B, 0], [B, 3]), OUT + 1],
    ['fd_tell', 4, OUT], ['fd_read', 4, OUT, 0, OUT], ['fd_read', 4, iovs([A, 100]), OUT],
    ['fd_read', 4, iovs([A, 100]), OUT], ['fd_pread', 4, iovs([A, 4], [A + 2, 4]), 1n, OUT],
    ['fd_pread', 4, iovs([A, 4]), 8n, OUT], ['fd_pread', 4, iovs([A, 4]), 100n, OUT],
    ['fd_pread', 4, iovs([A, 4]), -1n, OUT], ['fd_pread', 4, OUT, 0, 0n, OUT],
    ['fd_read', 4, iovs([END - 1, 2]), OUT], ['fd_read', 4, iovs([A, 1], [END, 0]), OUT],
    ['fd_read', 4, iovs([A, 1]), END - 3], ['fd_read', 4, END - 7, 1, OUT], ['fd_read', 99, iovs([END, 1]), OUT],
    ['fd_pread', 4, iovs([A, 1]), 0n, END - 3], ['fd_read', 3, iovs([A, 1]), OUT],
    ['fd_pread', 3, iovs([A, 1]), 0n, OUT], ['fd_read', 99, iovs([A, 1]), OUT],
    open('file', { base: rights.FD_WRITE }), ['fd_read', 5, iovs([A, 1]), OUT], ['fd_pread', 5, iovs([A, 1]), 0n, OUT],
    ['fd_tell', 4, OUT],
  ],
  'writing': [
    open('file'), ['fd_write', 4, iovs('ab', '', 'c'), OUT], ['fd_write', 4, OUT, 0, OUT], ['fd_tell', 4, OUT],
    ['fd_pwrite', 4, iovs('XY', 'Z'), 8n, OUT + 3], ['fd_pwrite', 4, iovs('x'), -1n, OUT],
    ['fd_pwrite', 4, OUT, 0, 5n, OUT], ['fd_write', 4, iovs('x', [END - 1, 2]), OUT], ['fd_write', 4, iovs('x'), END],
    ['fd_write', 3, iovs('x'), OUT], ['fd_write', 99, iovs('x'), OUT], ['fd_seek', 4, 5n, 2, OUT],
    ['fd_write', 4, iovs('hole'), OUT], open('file', { base: READ }), ['fd_write', 5, iovs('x'), OUT],
    open('file', { fdflags: 1 }), ['fd_write', 6, iovs('appended'), OUT], ['fd_tell', 6, OUT],
    ['fd_pwrite', 6, iovs('too'), 0n, OUT], ['fd_fdstat_set_flags', 6, 0], ['fd_seek', 6, 1n, 0, OUT],
    ['fd_write', 6, iovs('Q'), OUT], ['fd_write', 4, iovs(...Array(1200).fill('y')), OUT],
  ],
  'positions': [
    open('file'), ['fd_seek', 4, 4n, 0, OUT], ['fd_seek', 4, 3n, 1, OUT], ['fd_seek', 4, -5n, 1, OUT + 1],
    ['fd_seek', 4, -1n, 2, OUT], ['fd_seek', 4, -1n, 0, OUT], ['fd_seek', 4, -100n, 1, OUT],
    ['fd_seek', 4, 0n, 3, OUT], ['fd_seek', 4, 0n, 256, OUT], ['fd_seek', 4, 0n, 0, END - 7], ['fd_tell', 4, OUT],
    ['fd_tell', 4, END], ['fd_tell', 3, OUT], ['fd_seek', 3, 0n, 0, OUT], ['fd_seek', 99, 0n, 0, OUT], ['fd_seek', 99, 0n, 3, OUT], ['fd_tell', 99, OUT],
  ],
  'size and storage': [
    open('file'), ['fd_filestat_set_size', 4, 3n], ['fd_filestat_set_size', 4, 6n], ['fd_filestat_set_size', 4, -1n],
    ['fd_filestat_set_size', 3, 0n], ['fd_filestat_set_size', 99, 0n], ['fd_allocate', 4, 0n, 3n],
    ['fd_allocate', 4, 4n, 20n], ['fd_allocate', 3, 0n, 1n], ['fd_allocate', 99, 0n, 1n],
    ['fd_advise', 4, 0n, 0n, 0], ['fd_advise', 4, 2n, 3n, 5], ['fd_advise', 4, 0n, 0n, 6], ['fd_advise', 4, 0n, 0n, 256],
    ['fd_advise', 4, 0n, -1n, 0], ['fd_advise', 3, 0n, 0n, 0], ['fd_advise', 99, 0n, 0n, 0], ['fd_advise', 99, 0n, 0n, 6],
    ['fd_sync', 4], ['fd_datasync', 4], ['fd_sync', 3], ['fd_datasync', 3], ['fd_sync', 99], ['fd_datasync', 99],
    ['fd_filestat_get', 4, OUT, stat(OUT)],
  ],
  'attributes': [
    open('file'), openDirectory('dir'), ['fd_filestat_get', 4, OUT, stat(OUT)], ['fd_filestat_get', 5, OUT + 3, stat(OUT + 3)],
    ['fd_filestat_get', 3, OUT, stat(OUT)], ['fd_filestat_get', 4, END - 63], ['fd_filestat_get', 99, OUT],
    ['path_filestat_get', 3, 0, text('file'), OUT, stat(OUT)], ['path_filestat_get', 3, 0, text('soft'), OUT, stat(OUT)],
    ['path_filestat_get', 3, FOLLOW, text('soft'), OUT, stat(OUT)], ['path_filestat_get', 3, 0, text('dir/sub'), OUT, stat(OUT)],
    ['path_filestat_get', 3, 0, text('.'), OUT, stat(OUT)], ['path_filestat_get', 3, 0, text('dangling'), OUT, stat(OUT)],
    ['path_filestat_get', 3, FOLLOW, text('dangling'), OUT], ['path_filestat_get', 3, FOLLOW, text('loop'), OUT],
    ['path_filestat_get', 3, 0, text('missing'), OUT], ['path_filestat_get', 3, 0, text('file/'), OUT],
    ['path_filestat_get', 3, 0, text('file'), END - 63], ['path_filestat_get', 3, 0, END - 3, 4, OUT],
    ['path_filestat_get', 3, 0, text('/file'), OUT], ['path_filestat_get', 3, 0, text('../secret'), OUT],
    ['path_filestat_get', 3, FOLLOW, text('out'), OUT], ['path_filestat_get', 99, 0, text('file'), OUT],
  ],
  'times in whole seconds': [
    open('file'), ['fd_filestat_set_times', 4, 1_600_000_000_000_000_000n, 1_500_000_000_000_000_000n, 5],
    ['fd_filestat_get', 4, OUT, stat(OUT, false)], ['fd_filestat_set_times', 4, 1n, 1n, 3],
    ['fd_filestat_set_times', 4, 1n, 1n, 12], ['fd_filestat_set_times', 4, 1n, 1n, 16],
    ['fd_filestat_set_times', 99, 1n, 1n, 5], ['fd_filestat_set_times', 99, 1n, 1n, 3],
    ['fd_filestat_set_times', 4, 0n, 1_400_000_000_000_000_000n, fstflags.MTIM],
    ['fd_filestat_get', 4, OUT, stat(OUT, false)],
    ['path_filestat_set_times', 3, 0, text('file'), 1_300_000_000_000_000_000n, 0n, 5],
    ['path_filestat_get', 3, 0, text('file'), OUT, stat(OUT, false)],
    ['path_filestat_set_times', 3, 0, text('soft'), 1_200_000_000_000_000_000n, 1_100_000_000_000_000_000n, 5],
    ['path_filestat_get', 3, 0, text('soft'), OUT, stat(OUT, false)],
    ['path_filestat_set_times', 3, FOLLOW, text('soft'), 1_200_000_000_000_000_000n, 1_100_000_000_000_000_000n, 5],
    ['path_filestat_get', 3, 0, text('file'), OUT, stat(OUT, false)],
    ['path_filestat_set_times', 3, 0, text('missing'), 1n, 1n, 5],
    ['path_filestat_set_times', 3, FOLLOW, text('loop'), 1n, 1n, 5],
  ],
  'rights': [
    open('file'), ['fd_fdstat_get', 3, OUT, hostFlags(OUT)], ['fd_fdstat_get', 4, OUT, hostFlags(OUT)],
    ['fd_fdstat_get', 99, OUT], ['fd_fdstat_get', 4, END - 23],
    open('file', { base: everything, inheriting: everything }), ['fd_fdstat_get', 5, OUT, hostFlags(OUT)],
    open('file', { base: READ }), ['fd_fdstat_get', 6, OUT, hostFlags(OUT)],
    open('dir', { base: 0n }), ['fd_fdstat_get', 7, OUT, hostFlags(OUT)],
    open('file', { base: 1n << 28n }), open('file', { base: 0n, inheriting: 1n << 40n }),
    ['fd_fdstat_set_rights', 4, most.file.base, 0n], ['fd_fdstat_set_rights', 4, READ, 0n],
    ['fd_fdstat_set_rights', 4, READ | rights.FD_SEEK, 0n], ['fd_fdstat_set_rights', 4, READ, 1n],
    ['fd_fdstat_get', 4, OUT, hostFlags(OUT)], ['fd_fdstat_set_rights', 99, 0n, 0n],
    ['fd_write', 4, iovs('x'), OUT], ['fd_seek', 4, 1n, 0, OUT], ['fd_filestat_get', 4, OUT], ['fd_sync', 4],
    ['fd_advise', 4, 0n, 0n, 0], ['fd_allocate', 4, 0n, 1n], ['fd_filestat_set_size', 4, 0n],
    ['fd_filestat_set_times', 4, 0n, 0n, 5], ['fd_fdstat_set_flags', 4, 0],
    openDirectory('dir', { base: most.directory.base & ~rights.PATH_OPEN & ~rights.FD_READDIR }),
    open('inner', { fd: 8 }), ['fd_readdir', 8, OUT + 8, 100, 0n, OUT],
    openDirectory('dir', { base: rights.PATH_OPEN, inheriting: READ }), open('inner', { fd: 9 }),
    open('new', { fd: 9, base: READ, flags: oflags.CREAT }), open('inner', { fd: 9, base: READ, flags: oflags.TRUNC }),
    open('inner', { fd: 9, base: READ }),
  ],
  'closing and renumbering': [
    open('file'), openDirectory('dir'), ['fd_close', 4], ['fd_close', 4], ['fd_close', 99], open('soft', { follow: FOLLOW }),
    ['fd_seek', 4, 5n, 0, OUT], ['fd_renumber', 4, 5], ['fd_tell', 5, OUT], ['fd_tell', 4, OUT], ['fd_renumber', 4, 5],
    ['fd_renumber', 5, 99], ['fd_renumber', 5, 5], ['fd_renumber', 5, 3], ['fd_prestat_dir_name', 3, OUT, 9], ['fd_tell', 3, OUT],
    ['fd_close', 3],
  ],
  'opening': [
    open('dir/inner', { base: READ }), open('dir/../file', { base: READ }), open('./dir//inner', { base: READ }),
    open('softdir/inner', { base: READ }), open('soft', { follow: FOLLOW }), open('dir/back', { follow: FOLLOW }),
    open('dangling', { follow: FOLLOW }), open('loop', { follow: FOLLOW }), open('loop'), open('out', { follow: FOLLOW }),
    open('missing'), open('missing/x'), open('file/'), open('file/x'), open('dir', { base: rights.FD_WRITE }),
    open('/file'), open('..'), open('../secret'), open('dir/../../secret'), open('a\0b'), open('x'.repeat(256)),
    openDirectory('dir/'), openDirectory('file'), openDirectory('.'), open('x', { fd: 99 }),
    ['path_open', 3, 0, text('file'), 0, READ, 0n, 0, END - 3], ['path_open', 3, 0, END - 3, 4, 0, READ, 0n, 0, OUT],
    open('new', { flags: oflags.CREAT }), open('new', { flags: oflags.CREAT | oflags.EXCL }),
    open('dir', { flags: oflags.CREAT }), open('new/', { flags: oflags.CREAT }), open('dangling', { flags: oflags.CREAT | oflags.EXCL }),
    open('soft', { follow: FOLLOW, flags: oflags.TRUNC }), open('dir/inner', { flags: oflags.TRUNC, base: READ }),
    open('dangling', { follow: FOLLOW, flags: oflags.CREAT }),
  ],
  'directories': [
    ...['new', 'new/nested', 'slash/', 'softdir/made', 'dir/../up', 'file', 'dir', 'soft', 'dangling', '.', 'missing/x',
      'file/x', '/abs', '../out', 'a\0b', 'x'.repeat(256)].map((name) => ['path_create_directory', 3, text(name)]),
    ...['new', 'new/nested', 'new/', 'file', 'file/', 'softdir', 'missing', 'dir', '/abs', '..', 'slash/', 'a\0b']
      .map((name) => ['path_remove_directory', 3, text(name)]),
    ['path_create_directory', 3, END - 1, 2], ['path_remove_directory', 3, END - 1, 2], ['path_create_directory', 99, text('x')],
  ],
  'links': [
    ['path_link', 3, 0, text('file'), 3, text('hard')], ['path_link', 3, 0, text('soft'), 3, text('hardsoft')],
    ['path_link', 3, FOLLOW, text('soft'), 3, text('hardfile')], ['path_link', 3, 0, text('dir'), 3, text('harddir')],
    ['path_link', 3, 0, text('missing'), 3, text('x')], ['path_link', 3, 0, text('file'), 3, text('dir')],
    ['path_link', 3, FOLLOW, text('dangling'), 3, text('x')], ['path_link', 3, 0, text('file'), 3, text('../x')],
    ['path_link', 3, 0, text('../secret'), 3, text('x')], ['path_link', 99, 0, text('file'), 3, text('x')],
    ['path_link', 3, 0, text('file'), 99, text('x')], ['path_link', 3, 0, text('file'), 3, END - 1, 2],
    ['path_symlink', text('file'), 3, text('made')], ['path_symlink', text('nowhere'), 3, text('dir/made')],
    ['path_symlink', text('/etc'), 3, text('x')], ['path_symlink', text('file'), 3, text('file')],
    ['path_symlink', text('file'), 3, text('x/')], ['path_symlink', text('a\0b'), 3, text('x')],
    ['path_symlink', text('file'), 3, text('../x')], ['path_symlink', text('file'), 99, text('x')],
    // intended: 'a link read into a buffer of just its size'
    ['path_readlink', 3, text('soft'), A, 100, OUT, { ignore: [[A + 4, 1]] }],
    ['path_readlink', 3, text('made'), A, 100, OUT, { ignore: [[A + 4, 1]] }],
    ['path_readlink', 3, text('file'), A, 100, OUT], ['path_readlink', 3, text('dir'), A, 100, OUT],
    ['path_readlink', 3, text('missing'), A, 100, OUT], ['path_readlink', 3, text('../x'), A, 100, OUT],
    ['path_readlink', 3, text('soft'), A, 100, END - 3], ['path_readlink', 3, text('soft'), END - 1, 100, OUT],
  ],
  'renaming and unlinking': [
    ['path_rename', 3, text('file'), 3, text('moved')], ['path_rename', 3, text('moved'), 3, text('dir/moved')],
    ['path_rename', 3, text('dir/moved'), 3, text('dir/inner')], ['path_rename', 3, text('soft'), 3, text('renamed')],
    ['path_rename', 3, text('missing'), 3, text('x')], ['path_rename', 3, text('dir'), 3, text('renamed')],
    ['path_rename', 3, text('renamed'), 3, text('dir')], ['path_rename', 3, text('empty'), 3, text('dir')],
    ['path_rename', 3, text('dir'), 3, text('empty')], ['path_rename', 3, text('renamed/'), 3, text('x')],
    ['path_rename', 3, text('renamed'), 3, text('../x')], ['path_rename', 3, text('../secret'), 3, text('x')],
    ['path_rename', 99, text('renamed'), 3, text('x')], ['path_rename', 3, text('renamed'), 99, text('x')],
    ['path_rename', 3, END - 1, 2, 3, text('x')], ['path_rename', 3, text('x'), 3, END - 1, 2],
    ...['empty/inner', 'dangling', 'softdir', 'loop', 'missing', 'empty', 'empty/', 'renamed/', '/x', '..', '../secret', 'a\0b']
      .map((name) => ['path_unlink_file', 3, text(name)]),
    ['path_unlink_file', 99, text('x')], ['path_unlink_file', 3, END - 1, 2],
  ],
  'a subdirectory as the root': [
    openDirectory('dir'), open('inner', { fd: 4, base: READ }), open('../file', { fd: 4, base: READ }),
    open('sub/../inner', { fd: 4, base: READ }), open('back', { fd: 4, follow: FOLLOW }),
    ['path_create_directory', 4, text('made')], ['path_rename', 4, text('inner'), 3, text('outer')],
    ['path_rename', 3, text('outer'), 4, text('sub/inner')], ['path_link', 4, 0, text('sub/inner'), 3, text('hard')],
    ['path_unlink_file', 4, text('sub/inner')], ['path_remove_directory', 4, text('sub')],
    ['path_unlink_file', 4, text('../file')], ['path_symlink', text('made'), 4, text('link')],
    ['path_filestat_get', 4, FOLLOW, text('link'), OUT, stat(OUT)],
  ],
  'waiting': [
    ['poll_oneoff', clock({ timeout: 0n }), A, 1, OUT], ['poll_oneoff', clock({ timeout: 3_000_000n, clock: 1 }), A + 1, 1, OUT],
    ['poll_oneoff', OUT, A, 0, OUT], ['poll_oneoff', OUT, END, 0, OUT], ['poll_oneoff', clock({ type: 3 }), A, 1, OUT],
    ['poll_oneoff', clock({}), END - 31, 1, OUT], ['poll_oneoff', clock({}), A, 1, END - 3], ['poll_oneoff', END - 47, A, 1, OUT],
  ].map((step) => [...step, { ignore: [[A + 16, 16], [A + 17, 16]] }]), // node:wasi leaves these, for clocks
  'sockets that are none': [
    ['sock_recv', 99, iovs([A, 1]), 0, OUT, OUT + 8], ['sock_recv', 3, OUT, 0, 0, OUT, OUT + 8],
    ['sock_recv', 3, iovs([A, 1]), 4, OUT, OUT + 8], ['sock_recv', 3, iovs([END, 1]), 0, OUT, OUT + 8],
    ['sock_recv', 3, iovs([A, 1]), 0, END, OUT + 8], ['sock_recv', 3, iovs([A, 1]), 0, OUT, END],
    ['sock_send', 99, iovs('x'), 0, OUT], ['sock_send', 3, OUT, 0, 0, OUT], ['sock_send', 3, iovs('x'), 1, OUT],
    ['sock_send', 3, iovs('x'), 0, END], ['sock_accept', 99, 0, OUT], ['sock_accept', 3, 1, OUT], ['sock_shutdown', 99, 2],
    ['sock_shutdown', 3, 4], ['sock_shutdown', 3, 255],
  ],
};

describe('the same as node:wasi', () => {
  for (const [name, steps] of Object.entries(scenarios)) {
    test(`${name}, ${steps.length} calls`, (t) => {
      const expected = observe(t, node, { steps });
      const actual = observe(t, ours, { steps });
      const results = ({ calls }) => calls.map((call, index) => `${index} ${call.name}: ${call.result}`);
      assert.deepEqual(results(actual), results(expected));
      actual.calls.forEach(({ name: called, memory }, index) => {
        const other = expected.calls[index].memory;
        const at = memory.findIndex((byte, i) => byte !== other[i]);
        const around = (bytes) => (at < 0 ? '' : bytes.subarray(at - 8, at + 24).toString('hex'));
        assert.equal(around(memory), around(other), `memory at ${at} after call ${index}, ${called}`);
      });
      assert.deepEqual(actual.files, expected.files);
    });
  }

  test('in more than 150 calls', () => {
    assert.ok(Object.values(scenarios).flat().length > 150);
  });
});

describe('other than node:wasi, on purpose:', () => {
  for (const { name, reason, ...scenario } of intended) {
    test(name, (t) => {
      assert.ok(reason);
      for (const [implementation, expected] of [[node, scenario.node], [ours, scenario.ours]]) {
        const { result, memory } = observe(t, implementation, scenario).calls.at(-1);
        if (typeof expected === 'number') {
          assert.equal(result, expected);
        } else {
          const [at, bytes] = expected.memory;
          assert.equal(result, 0);
          assert.deepEqual(memory.subarray(at, at + bytes.length), bytes);
        }
      }
      assert.notDeepEqual(scenario.ours, scenario.node);
    });
  }
});
