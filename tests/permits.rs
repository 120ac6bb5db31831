//! A guest that waits gives back its permit to compute, and takes one again before it goes on.

mod common;

use std::cell::RefCell;
use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use common::records::Subscription;
use common::{Errno, Guest, Interrupt, Setup, Stdio, null};
use wasi_rs::system::{Permits, Signal};

const MILLISECOND: u64 = 1_000_000;
const HOUR: u64 = 3_600_000 * MILLISECOND;

thread_local! {
    /// What was asked of the permits.
    static ASKED: RefCell<Vec<&'static str>> = const { RefCell::new(Vec::new()) };
}

struct Recorder;

impl Permits for Recorder {
    fn release(&self) {
        ASKED.with_borrow_mut(|asked| asked.push("release"));
    }

    fn acquire(&self, _: &'static Signal) {
        ASKED.with_borrow_mut(|asked| asked.push("acquire"));
    }
}

fn signal() -> &'static Signal {
    Box::leak(Box::new(Signal::with_permits(&Recorder)))
}

fn asked() -> Vec<&'static str> {
    ASKED.take()
}

/// A guest that reads from a pipe, and the end that is written.
fn guest(signal: &'static Signal) -> (Guest, std::io::PipeWriter) {
    let (reader, writer) = std::io::pipe().unwrap();
    let stdio = [Stdio::Given(reader.into()), Stdio::Given(null()), Stdio::Given(null())];
    let setup = Setup { stdio, interrupt: Interrupt::on(signal), ..Setup::default() };
    (Guest::with_setup(setup), writer)
}

fn clock(timeout: u64) -> Subscription {
    Subscription::Clock { id: 1, timeout, flags: 0 }
}

#[test]
fn sleeping_gives_it_back() {
    let (mut guest, _writer) = guest(signal());
    assert_eq!(guest.poll(&[clock(5 * MILLISECOND)]).unwrap().len(), 1);
    assert_eq!(asked(), ["release", "acquire"]);
}

#[test]
fn what_is_ready_keeps_it() {
    let (mut guest, mut writer) = guest(signal());
    writer.write_all(b"x").unwrap();
    assert_eq!(guest.poll(&[clock(0)]).unwrap().len(), 1);
    assert_eq!(guest.poll(&[Subscription::Read(0), clock(HOUR)]).unwrap().len(), 1);
    assert_eq!(guest.read(0, 1).unwrap(), b"x");
    assert_eq!(asked(), [""; 0]);
}

#[test]
fn waiting_for_input_gives_it_back() {
    let (mut guest, mut writer) = guest(signal());
    let writing = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(20));
        writer.write_all(b"late").unwrap();
    });
    assert_eq!(guest.read(0, 4).unwrap(), b"late");
    assert_eq!(asked(), ["release", "acquire"]);
    writing.join().unwrap();
}

#[test]
fn a_signal_ends_a_sleep() {
    let signal = signal();
    let (mut guest, _writer) = guest(signal);
    let setting = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(20));
        signal.set();
    });
    assert_eq!(guest.poll(&[clock(HOUR)]), Err(Errno::Canceled));
    assert_eq!(asked(), ["release", "acquire"]);
    setting.join().unwrap();
}

#[test]
fn a_sleep_ends_when_it_is_done_or_woken_for_good() {
    static DONE: AtomicBool = AtomicBool::new(false);
    let signal = signal();
    let waking = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(20));
        signal.wake(); // not done as yet
        DONE.store(true, Ordering::SeqCst);
        signal.wake();
    });
    signal.sleep(None, || DONE.load(Ordering::SeqCst));
    assert!(DONE.load(Ordering::SeqCst) && !signal.is_set());
    waking.join().unwrap();
}

#[test]
fn a_signal_that_was_closed_or_cleared_works_again() {
    let signal = signal();
    for _ in 0..2 {
        let (mut guest, _writer) = guest(signal);
        signal.set();
        assert_eq!(guest.poll(&[Subscription::Read(0)]), Err(Errno::Canceled));
        signal.clear();
        let polled = guest.poll(&[Subscription::Read(0), clock(MILLISECOND)]);
        assert_eq!(polled.unwrap().len(), 1);
        signal.close();
    }
}

#[test]
fn looking_tells_whether_the_guest_is_to_end() {
    let signal = signal();
    let (mut guest, _writer) = guest(signal);
    assert_eq!(guest.poll(&[Subscription::Read(0), clock(0)]).unwrap().len(), 1);
    signal.set();
    assert_eq!(guest.poll(&[Subscription::Read(0), clock(0)]), Err(Errno::Canceled));
    assert_eq!(asked(), [""; 0]);
}
