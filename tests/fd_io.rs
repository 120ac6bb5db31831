//! Reading and writing.

mod common;

use common::scenes::{content, digits};
use std::io::Write;

use common::ops::Open;
use common::rights::{FD_READ, FD_SEEK, FD_TELL, FD_WRITE};
use common::whence::{END, SET};
use common::{CLOSED, Errno, Guest, NOWHERE, ROOT, null};

#[test]
fn reads_move_on_until_the_end() {
    let (mut guest, fd) = digits();
    assert_eq!(guest.read(fd, 4).unwrap(), b"0123");
    assert_eq!(guest.read(fd, 4).unwrap(), b"4567");
    assert_eq!(guest.read(fd, 4).unwrap(), b"89");
    assert_eq!(guest.read(fd, 4).unwrap(), b"");
    assert_eq!(guest.tell(fd), Ok(10));
}

#[test]
fn a_read_scatters_and_leaves_the_rest_of_the_buffers() {
    let (mut guest, fd) = digits();
    let (one, two, three) = (guest.alloc(3), guest.alloc(5), guest.alloc(8));
    let [list, count] = guest.iovecs(&[[one, 3], [two, 0], [two, 5], [three, 8]]);
    guest.call("fd_read", &[fd, list, count, 0]).unwrap();
    assert_eq!(guest.u32(0), 10);
    assert_eq!(guest.bytes(one, 4), b"012\xEE");
    assert_eq!(guest.bytes(two, 6), b"34567\xEE");
    assert_eq!(guest.bytes(three, 8), b"89\xEE\xEE\xEE\xEE\xEE\xEE");
}

#[test]
fn a_write_gathers_in_order() {
    let (mut guest, fd) = digits();
    let (one, two) = (guest.put(b"ab"), guest.put(b"c"));
    let [list, count] = guest.iovecs(&[[two, 1], [one, 2], [one, 0], [two, 1]]);
    guest.call("fd_write", &[fd, list, count, 0]).unwrap();
    assert_eq!(guest.u32(0), 4);
    assert_eq!(content(&guest, "file"), b"cabc456789");
    assert_eq!(guest.tell(fd), Ok(4));
}

#[test]
fn no_buffers_and_empty_buffers_move_nothing() {
    let (mut guest, fd) = digits();
    let [list, _] = guest.iovecs(&[[64, 0], [0, 0]]);
    for count in [0, 1, 2] {
        for name in ["fd_read", "fd_write"] {
            guest.call(name, &[fd, list, count, 0]).unwrap();
            assert_eq!(guest.u32(0), 0);
        }
        for name in ["fd_pread", "fd_pwrite"] {
            guest.call(name, &[fd, list, count, 5, 0]).unwrap();
            assert_eq!(guest.u32(0), 0);
        }
    }
    assert_eq!(guest.tell(fd), Ok(0));
    assert_eq!(content(&guest, "file"), b"0123456789");
}

#[test]
fn no_buffers_on_a_bad_descriptor_are_ebadf_all_the_same() {
    let mut guest = Guest::new();
    for fd in [CLOSED, NOWHERE, 0xFFFF_8597] {
        assert_eq!(guest.call("fd_write", &[fd, 0, 0, 64]), Err(Errno::Badf));
        assert_eq!(guest.call("fd_read", &[fd, 0, 0, 64]), Err(Errno::Badf));
    }
}

#[test]
fn an_empty_write_beyond_the_end_grows_nothing() {
    let mut guest = Guest::new();
    let fd = guest.create("file");
    assert_eq!(guest.pwrite(fd, "", 50), Ok(0));
    assert_eq!(guest.filestat(fd).unwrap().size, 0);
    assert_eq!(guest.pwrite(fd, "x", 50), Ok(1));
    assert_eq!(guest.filestat(fd).unwrap().size, 51);
    assert_eq!(guest.tell(fd), Ok(0));
}

#[test]
fn overlapping_buffers_are_filled_in_their_order() {
    let (mut guest, fd) = digits();
    let buffer = guest.alloc(8);
    let [list, count] = guest.iovecs(&[[buffer, 6], [buffer + 2, 4]]);
    guest.call("fd_read", &[fd, list, count, 0]).unwrap();
    assert_eq!(guest.u32(0), 10);
    assert_eq!(guest.bytes(buffer, 8), b"016789\xEE\xEE");
}

#[test]
fn overlapping_buffers_are_written_twice() {
    let (mut guest, fd) = digits();
    let data = guest.put(b"abcd");
    let [list, count] = guest.iovecs(&[[data, 4], [data + 1, 2]]);
    guest.call("fd_write", &[fd, list, count, 0]).unwrap();
    assert_eq!(content(&guest, "file"), b"abcdbc6789");
}

#[test]
fn a_result_inside_a_buffer_is_written_last() {
    let (mut guest, fd) = digits();
    let (buffer, [list, count]) = guest.buffer(10);
    let arguments = [fd, list, count, buffer + 4];
    guest.call("fd_read", &arguments).unwrap();
    assert_eq!(guest.bytes(buffer, 10), b"0123\x0A\0\0\089");
}

/// More than the kernel takes at once.
#[test]
fn five_thousand_buffers_are_moved_in_full() {
    let data: Vec<u8> = (0..15_000_u32).map(|n| (n % 251) as u8).collect();
    let mut guest = Guest::new();
    guest.grow_memory(1 << 18);
    let fd = guest.create("file");
    let at = guest.put(&data);
    let pieces = |at: u64| -> Vec<_> { (0..5000).map(|n| [at + 3 * n, 3]).collect() };
    let [list, count] = guest.iovecs(&pieces(at));
    guest.call("fd_write", &[fd, list, count, 0]).unwrap();
    assert_eq!((guest.u32(0), guest.tell(fd)), (15_000, Ok(15_000)));
    guest.call("fd_pwrite", &[fd, list, count, 10_000, 0]).unwrap();
    assert_eq!(guest.u32(0), 15_000);
    assert_eq!(content(&guest, "file"), [&data[..10_000], &data].concat());

    let read = guest.alloc(data.len());
    let [list, count] = guest.iovecs(&pieces(read));
    guest.call("fd_pread", &[fd, list, count, 10_000, 0]).unwrap();
    assert_eq!(guest.u32(0), 15_000);
    assert_eq!(guest.bytes(read, data.len()), data);
    guest.seek(fd, 20_000, SET).unwrap();
    guest.call("fd_read", &[fd, list, count, 0]).unwrap();
    assert_eq!((guest.u32(0), guest.tell(fd)), (5_000, Ok(25_000)));
    assert_eq!(guest.bytes(read, 5_000), &data[10_000..]);
}

/// Every count around the kernel's limit, with empty buffers in between.
#[test]
fn counts_around_the_limit_of_the_kernel_are_moved_in_full() {
    for count in [1023, 1024, 1025, 2047, 2048, 2049] {
        let mut guest = Guest::new();
        let fd = guest.create("file");
        let data = guest.put(b"xyz");
        let vectors: Vec<_> = (0..count).map(|n| [data, n % 3]).collect();
        let expected: u64 = vectors.iter().map(|[_, length]| length).sum();
        let [list, count] = guest.iovecs(&vectors);
        guest.call("fd_write", &[fd, list, count, 0]).unwrap();
        assert_eq!(u64::from(guest.u32(0)), expected);
        assert_eq!(guest.filestat(fd).unwrap().size, expected);
    }
}

/// The first 1024 buffers take all there is: waiting for more would hold back what has been read.
#[test]
fn a_read_with_many_buffers_does_not_wait_for_more_than_there_is() {
    let (reader, mut writer) = std::io::pipe().unwrap();
    writer.write_all(&[b'x'; 1024]).unwrap();
    let (done, finished) = std::sync::mpsc::channel::<()>();
    let rescue = std::thread::spawn(move || {
        let waited = finished.recv_timeout(std::time::Duration::from_secs(10));
        if waited == Err(std::sync::mpsc::RecvTimeoutError::Timeout) {
            writer.write_all(b"y").unwrap();
        }
        waited.is_ok()
    });
    let mut guest = Guest::with_stdin(reader);
    let buffer = guest.alloc(1025);
    let vectors: Vec<_> = (0..1025).map(|n| [buffer + n, 1]).collect();
    let [list, count] = guest.iovecs(&vectors);
    guest.call("fd_read", &[0, list, count, 0]).unwrap();
    let count = guest.u32(0);
    done.send(()).ok();
    assert!(rescue.join().unwrap(), "the read waited");
    assert_eq!(count, 1024);
}

#[test]
fn a_megabyte_is_moved_by_one_call() {
    let mut guest = Guest::new();
    guest.grow_memory(4 << 20);
    let fd = guest.create("file");
    let data = vec![7; 1 << 20];
    assert_eq!(guest.write(fd, &data), Ok(1 << 20));
    assert_eq!(guest.pread(fd, 1 << 20, 0).unwrap(), data);
}

#[test]
fn what_one_descriptor_writes_another_reads_at_once() {
    let (mut guest, fd) = digits();
    let other = guest.create("file");
    guest.write(fd, "ab").unwrap();
    assert_eq!(guest.read(other, 3).unwrap(), b"ab2");
    assert_eq!(guest.tell(fd), Ok(2));
}

#[test]
fn pread_and_pwrite_leave_the_position() {
    let (mut guest, fd) = digits();
    guest.seek(fd, 3, SET).unwrap();
    assert_eq!(guest.pread(fd, 4, 8).unwrap(), b"89");
    assert_eq!(guest.pread(fd, 4, 10).unwrap(), b"");
    assert_eq!(guest.pread(fd, 4, 1 << 40).unwrap(), b"");
    assert_eq!(guest.pwrite(fd, "xy", 9), Ok(2));
    assert_eq!(guest.tell(fd), Ok(3));
    assert_eq!(guest.read(fd, 100).unwrap(), b"345678xy");
}

#[test]
fn offsets_beyond_four_gigabytes_work() {
    let mut guest = Guest::new();
    let fd = guest.create("file");
    let far = (1_u64 << 32) + 5;
    assert_eq!(guest.pwrite(fd, "far", far), Ok(3));
    assert_eq!(guest.pread(fd, 10, far + 1).unwrap(), b"ar");
    assert_eq!(guest.pread(fd, 2, 5).unwrap(), [0, 0]);
    assert_eq!(guest.seek(fd, far.cast_signed(), SET), Ok(far));
    assert_eq!(guest.read(fd, 10).unwrap(), b"far");
    assert_eq!(guest.filestat(fd).unwrap().size, far + 3);
    assert_eq!(guest.seek(fd, 0, END), Ok(far + 3));
}

#[test]
fn an_offset_from_two_to_the_63_on_is_einval() {
    let (mut guest, fd) = digits();
    for offset in [1 << 63, u64::MAX - 1, u64::MAX] {
        assert_eq!(guest.pread(fd, 4, offset), Err(Errno::Inval));
        assert_eq!(guest.pwrite(fd, "x", offset), Err(Errno::Inval));
    }
    assert_eq!(content(&guest, "file"), b"0123456789");
}

#[test]
fn a_write_where_no_file_can_reach_fails() {
    let (mut guest, fd) = digits();
    let answer = guest.pwrite(fd, "x", (1 << 63) - 1);
    assert!(matches!(answer, Err(Errno::Fbig | Errno::Inval)));
    assert_eq!(content(&guest, "file"), b"0123456789");
}

#[test]
fn a_call_refused_for_its_result_pointer_moves_nothing() {
    let (mut guest, fd) = digits();
    let (_, [list, count]) = guest.buffer(4);
    for name in ["fd_read", "fd_write"] {
        let answer = guest.call(name, &[fd, list, count, NOWHERE]);
        assert_eq!(answer, Err(Errno::Overflow));
    }
    let answer = guest.call("fd_seek", &[fd, 4, SET, NOWHERE]);
    assert_eq!(answer, Err(Errno::Overflow));
    assert_eq!(guest.tell(fd), Ok(0));
    assert_eq!(content(&guest, "file"), b"0123456789");
}

#[test]
fn a_file_opened_for_one_direction_refuses_the_other() {
    let (mut guest, _) = digits();
    let open = |base| Open::with(0, base | FD_SEEK | FD_TELL);
    let reads = guest.open(ROOT, "file", open(FD_READ)).unwrap();
    let writes = guest.open(ROOT, "file", open(FD_WRITE)).unwrap();
    assert_eq!(guest.read(reads, 2).unwrap(), b"01");
    assert_eq!(guest.write(reads, "x"), Err(Errno::NotCapable));
    assert_eq!(guest.pwrite(reads, "x", 0), Err(Errno::NotCapable));
    assert_eq!(guest.write(writes, "x"), Ok(1));
    assert_eq!(guest.read(writes, 2), Err(Errno::NotCapable));
    assert_eq!(guest.pread(writes, 2, 0), Err(Errno::NotCapable));
}

#[test]
fn a_directory_has_no_content_to_read_write_or_seek() {
    let mut guest = Guest::new();
    assert_eq!(guest.read(ROOT, 4), Err(Errno::NotCapable));
    assert_eq!(guest.write(ROOT, "x"), Err(Errno::NotCapable));
    assert_eq!(guest.pread(ROOT, 4, 0), Err(Errno::NotCapable));
    assert_eq!(guest.pwrite(ROOT, "x", 0), Err(Errno::NotCapable));
    assert_eq!(guest.seek(ROOT, 0, SET), Err(Errno::NotCapable));
    assert_eq!(guest.tell(ROOT), Err(Errno::NotCapable));
}

#[test]
fn a_pipe_is_read_to_its_end_and_has_no_position() {
    let (reader, mut writer) = std::io::pipe().unwrap();
    writer.write_all(b"hello").unwrap();
    drop(writer);
    let mut guest = Guest::with_stdin(reader);
    assert_eq!(guest.read(0, 3).unwrap(), b"hel");
    assert_eq!(guest.read(0, 3).unwrap(), b"lo");
    assert_eq!(guest.read(0, 3).unwrap(), b"");
    assert_eq!(guest.seek(0, 0, SET), Err(Errno::NotCapable));
    assert_eq!(guest.tell(0), Err(Errno::NotCapable));
    assert_eq!(guest.pread(0, 1, 0), Err(Errno::NotCapable));
}

#[test]
fn what_is_written_to_standard_output_arrives() {
    use std::io::Read;
    let (mut reader, writer) = std::io::pipe().unwrap();
    let mut guest = Guest::with_stdio([null(), writer.into(), null()]);
    assert_eq!(guest.write(1, "hello"), Ok(5));
    assert_eq!(guest.write(1, ""), Ok(0));
    drop(guest);
    let mut all = String::new();
    reader.read_to_string(&mut all).unwrap();
    assert_eq!(all, "hello");
}

#[test]
fn a_pipe_without_a_reader_is_epipe() {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut guest = Guest::with_stdio([null(), writer.into(), null()]);
    assert_eq!(guest.write(1, "hello"), Err(Errno::Pipe));
}
