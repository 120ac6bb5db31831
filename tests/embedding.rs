//! What a host can give a guest in place of descriptors, clocks and chance, and how it ends waits.

mod common;

use std::time::{Duration, Instant};

use common::records::{Event, Subscription};
use common::{Answer, Errno, Guest, Setup, Stdio, filetype, rights, whence};
use wasi_rs::system::{Interrupt, Output, Signal, Time};

const SECOND: u64 = 1_000_000_000;
const REALTIME: u64 = 0;
const MONOTONIC: u64 = 1;

fn with_stdio(stdio: [Stdio; 3]) -> Guest {
    Guest::with_setup(Setup { stdio, ..Setup::default() })
}

fn null() -> Stdio {
    Stdio::Given(common::null())
}

fn with_input(bytes: &[u8]) -> Guest {
    with_stdio([Stdio::Input(bytes.into()), null(), null()])
}

fn with_output(limit: usize) -> (Guest, Output) {
    let output = Output::new(limit);
    let guest = with_stdio([null(), Stdio::Output(output.clone()), null()]);
    (guest, output)
}

#[test]
fn input_is_read_to_its_end() {
    let mut guest = with_input(b"hello");
    assert_eq!(guest.read(0, 3).unwrap(), b"hel");
    assert_eq!(guest.read(0, 3).unwrap(), b"lo");
    assert_eq!(guest.read(0, 3).unwrap(), b"");
}

#[test]
fn output_is_kept_in_order() {
    let (mut guest, output) = with_output(100);
    assert_eq!(guest.write(1, "one "), Ok(4));
    assert_eq!(guest.write(1, "two"), Ok(3));
    assert_eq!(output.bytes(), b"one two");
    assert_eq!(output.take(), b"one two");
    assert_eq!(output.take(), b"");
    assert!(!output.is_exceeded());
}

#[test]
fn output_beyond_the_limit_is_cut_and_known() {
    let (mut guest, output) = with_output(5);
    assert_eq!(guest.write(1, "12345"), Ok(5));
    assert!(!output.is_exceeded());
    assert_eq!(guest.write(1, "67"), Err(Errno::Fbig));
    assert_eq!(output.bytes(), b"12345");
    assert!(output.is_exceeded());
    let (mut guest, output) = with_output(5);
    assert_eq!(guest.write(1, "1234567"), Ok(5));
    assert!(output.is_exceeded());
}

#[test]
fn each_end_does_its_own() {
    let mut guest = with_input(b"hello");
    assert_eq!(guest.write(0, "x"), Err(Errno::NotCapable));
    let (mut guest, _output) = with_output(5);
    assert_eq!(guest.read(1, 1), Err(Errno::NotCapable));
}

#[test]
fn they_look_like_pipes() {
    let mut guest = with_input(b"hello");
    let stat = guest.fdstat(0).unwrap();
    assert_eq!((stat.filetype, stat.base), (filetype::UNKNOWN, rights::STREAM & !rights::FD_WRITE));
    assert_eq!(guest.seek(0, 0, whence::SET), Err(Errno::NotCapable));
    assert_eq!(guest.filestat(0).unwrap().filetype, filetype::UNKNOWN);
    assert_eq!(guest.read(0, 5).unwrap(), b"hello", "nothing was lost");
}

#[test]
fn input_can_always_be_read_without_waiting() {
    let mut guest = with_input(b"hello");
    let events = guest.poll(&[Subscription::Read(0)]).unwrap();
    assert_eq!(events, [Event { userdata: 100, error: 0, kind: 1, nbytes: 5, hangup: false }]);
}

#[test]
fn a_descriptor_that_is_given_is_closed_with_the_guest() {
    let (reader, writer) = std::io::pipe().unwrap();
    let mut guest = with_stdio([null(), Stdio::Given(writer.into()), null()]);
    guest.write(1, "last words").unwrap();
    drop(guest);
    let mut text = String::new();
    std::io::Read::read_to_string(&mut { reader }, &mut text).unwrap();
    assert_eq!(text, "last words");
}

fn with_time(start: u64) -> Guest {
    let stdio = [null(), null(), null()];
    Guest::with_setup(Setup { stdio, time: Time::starting_at(start), ..Setup::default() })
}

#[test]
fn virtual_time_passes_when_looked_at() {
    let mut guest = with_time(7 * SECOND);
    assert_eq!(guest.time(REALTIME), Ok(7 * SECOND + 1_000));
    assert_eq!(guest.time(REALTIME), Ok(7 * SECOND + 2_000));
    assert_eq!(guest.time(MONOTONIC), Ok(3_000));
}

#[test]
fn virtual_time_is_not_waited_for() {
    let mut guest = with_time(7 * SECOND);
    let start = Instant::now();
    let timeout = 100_000 * SECOND;
    let clock = Subscription::after(timeout);
    let events = guest.poll(&[clock]).unwrap();
    assert_eq!(events.len(), 1);
    assert_eq!(guest.time(MONOTONIC), Ok(timeout + 1_000));
    assert_eq!(guest.time(REALTIME), Ok(7 * SECOND + timeout + 2_000));
    assert!(start.elapsed().as_secs() < 100_000);
}

#[test]
fn what_is_ready_comes_before_virtual_time() {
    let stdio = [Stdio::Given(common::null()), null(), null()];
    let setup = Setup { stdio, time: Time::starting_at(0), ..Setup::default() };
    let mut guest = Guest::with_setup(setup);
    let clock = Subscription::after(SECOND);
    let events = guest.poll(&[clock, Subscription::Read(0)]).unwrap();
    assert_eq!(events.iter().map(|event| event.userdata).collect::<Vec<_>>(), [101]);
    assert_eq!(guest.time(MONOTONIC), Ok(1_000));
}

fn random(seed: Option<[u8; 32]>) -> Answer<Vec<u8>> {
    let stdio = [null(), null(), null()];
    let mut guest = Guest::with_setup(Setup { stdio, seed, ..Setup::default() });
    guest.call("random_get", &[64, 40])?;
    Ok(guest.memory[64..104].to_vec())
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    let one = random(Some([1; 32])).unwrap();
    assert_eq!(random(Some([1; 32])).unwrap(), one);
    assert_ne!(random(Some([2; 32])).unwrap(), one);
    assert_ne!(random(None).unwrap(), random(None).unwrap());
}

/// Runs `wait` in a guest whose signal another thread sets.
fn interrupted<T>(wait: impl FnOnce(&mut Guest) -> Answer<T>) -> Answer<T> {
    let signal: &'static Signal = Box::leak(Box::default());
    let (_reader, writer) = std::io::pipe().unwrap();
    let (reader, _writer) = std::io::pipe().unwrap();
    let stdio = [Stdio::Given(reader.into()), Stdio::Given(writer.into()), null()];
    let interrupt = Interrupt::on(signal);
    let mut guest = Guest::with_setup(Setup { stdio, interrupt, ..Setup::default() });
    let setter = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(20));
        signal.set();
    });
    let answer = wait(&mut guest);
    setter.join().unwrap();
    answer
}

#[test]
fn a_signal_ends_every_wait() {
    assert_eq!(interrupted(|guest| guest.read(0, 1)), Err(Errno::Canceled));
    let hour = Subscription::after(3600 * SECOND);
    assert_eq!(interrupted(|guest| guest.poll(&[hour])), Err(Errno::Canceled));
    let write = |guest: &mut Guest| loop {
        guest.write(1, [0; 4096])?;
    };
    assert_eq!(interrupted::<()>(write), Err(Errno::Canceled));
}

/// Where waits can be ended, too, a list of buffers is written whole.
#[test]
fn a_stream_takes_all_that_is_written() {
    let signal: &'static Signal = Box::leak(Box::default());
    let (mut reader, writer) = std::io::pipe().unwrap();
    let stdio = [null(), Stdio::Given(writer.into()), null()];
    let interrupt = Interrupt::on(signal);
    let mut guest = Guest::with_setup(Setup { stdio, interrupt, ..Setup::default() });
    let pieces = [&b"one "[..], b"", &[b'x'; 5000], b" two"];
    let placed = pieces.map(|piece| guest.text(piece));
    let [list, count] = guest.iovecs(&placed);
    guest.call("fd_write", &[1, list, count, 8]).unwrap();
    assert_eq!(guest.u32(8), 5008);
    drop(guest);
    let mut text = Vec::new();
    std::io::Read::read_to_end(&mut reader, &mut text).unwrap();
    assert_eq!(text, pieces.concat());
}

#[test]
fn a_signal_can_be_used_again() {
    let signal = Signal::default();
    for _ in 0..3 {
        assert!(!signal.is_set());
        signal.set();
        signal.set();
        assert!(signal.is_set());
        signal.clear();
        signal.clear();
    }
}
