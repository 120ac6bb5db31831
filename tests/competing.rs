//! Guests in several threads that wait for the same: one gets what there is, the others can still
//! be interrupted.

mod common;

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use common::{Answer, Errno, Guest, Setup, Stdio};
use wasi_rs::system::{Interrupt, Signal};

const GUESTS: usize = 4;
const ROUNDS: usize = 200;
const HANG: Duration = Duration::from_secs(120);

/// Gives something many times to guests that all `take` it, by this descriptor, then interrupts
/// them.
fn compete(fd: OwnedFd, take: fn(&mut Guest) -> Answer<()>, mut give: impl FnMut()) {
    let signal: &'static Signal = Box::leak(Box::default());
    let (ended, ends) = mpsc::channel();
    for _ in 0..GUESTS {
        let stdio = [(); 3].map(|()| Stdio::Lent(fd.as_raw_fd()));
        let interrupt = Interrupt::on(signal);
        let mut guest = Guest::with_setup(Setup { stdio, interrupt, ..Setup::default() });
        let ended = ended.clone();
        thread::spawn(move || {
            let end = loop {
                if let Err(error) = take(&mut guest) {
                    break error;
                }
            };
            ended.send(end).unwrap();
        });
    }
    for _ in 0..ROUNDS {
        give();
        thread::sleep(Duration::from_micros(500));
    }
    signal.set();
    for _ in 0..GUESTS {
        assert_eq!(ends.recv_timeout(HANG), Ok(Errno::Canceled));
    }
}

fn fifo() -> File {
    let sandbox = Guest::new();
    sandbox.fifo("fifo");
    File::options().read(true).write(true).open(sandbox.host("fifo")).unwrap()
}

#[test]
fn readers_of_a_fifo() {
    let mut fifo = fifo();
    let take = |guest: &mut Guest| guest.read(0, 9).map(drop);
    compete(fifo.try_clone().unwrap().into(), take, || fifo.write_all(b"x").unwrap());
}

/// What they take is room.
#[test]
fn writers_of_a_fifo() {
    let mut fifo = fifo();
    let take = |guest: &mut Guest| guest.write(1, [0; 4096]).map(drop);
    compete(fifo.try_clone().unwrap().into(), take, || {
        fifo.read_exact(&mut [0; 4096]).unwrap();
    });
}

#[test]
fn those_who_accept_on_one_socket() {
    let directory = tempfile::TempDir::new().unwrap();
    let path = directory.path().join("socket");
    let listener = UnixListener::bind(&path).unwrap();
    let accept = |guest: &mut Guest| {
        guest.scratch(|guest| {
            let result = guest.alloc(4);
            guest.call("sock_accept", &[0, 0, result])?;
            guest.close(guest.u32(result).into())
        })
    };
    compete(listener.into(), accept, || drop(UnixStream::connect(&path).unwrap()));
}
