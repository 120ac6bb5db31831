//! `poll_oneoff`.

use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use super::descriptors::Pinned;
use super::rights::Rights;
use super::{Clock, Descriptor, Errno, Fd, Result, System, Timestamp};
use crate::host::{Interest, Ready, bytes_available, poll};

/// What the guest waits for, and the number by which it will recognise the event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subscription {
    /// Given back with the event.
    pub userdata: u64,
    /// What to wait for.
    pub kind: SubscriptionKind,
}

/// What the guest waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SubscriptionKind {
    /// Some time.
    Clock {
        /// By which clock.
        clock: Clock,
        /// Nanoseconds from now, or a time of the clock.
        timeout: Timestamp,
        /// Whether it is a time of the clock.
        absolute: bool,
    },
    /// A descriptor that can be read.
    FdRead(Fd),
    /// A descriptor that can be written.
    FdWrite(Fd),
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Event {
    /// Of the subscription.
    pub userdata: u64,
    /// `Success`, or why waiting for it makes no sense.
    pub error: Errno,
    /// What happened.
    pub kind: EventKind,
}

/// Kind of an event, with what is known beside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventKind {
    /// The time has come.
    Clock,
    /// A descriptor can be read.
    FdRead {
        /// Bytes there, as far as known.
        nbytes: u64,
        /// The other end is closed.
        hangup: bool,
    },
    /// A descriptor can be written.
    FdWrite {
        /// The other end is closed.
        hangup: bool,
    },
}

/// What one subscription costs, with a system call for what can be read.
const COST: usize = 512;

/// A subscription once the descriptor has been looked up and the clock read.
enum Watch {
    Refused(Errno),
    /// What only this process knows never lets anyone wait.
    Ready(Pinned),
    Deadline(Duration),
    /// Position in the list given to the host, and what for.
    Descriptor(usize, Interest),
}

impl System {
    /// `poll_oneoff`: waits until something happens and tells all that has, in the order of the
    /// subscriptions. A descriptor that is not open (`EBADF`) or that may not be polled
    /// (`ENOTCAPABLE`) is an event with that error.
    ///
    /// Errors: `EINVAL` without subscriptions; `ECANCELED` when interrupted.
    pub fn poll_oneoff(&mut self, subscriptions: &[Subscription]) -> Result<Vec<Event>> {
        if subscriptions.is_empty() {
            return Err(Errno::Inval);
        }
        let (mut polled, mut pace) = (Polled::default(), self.pace());
        polled.list.reserve(subscriptions.len());
        let mut watches = Vec::with_capacity(subscriptions.len());
        for subscription in subscriptions {
            pace.step(COST)?;
            watches.push(self.watch(subscription, &mut polled));
        }
        // After the clocks have been read, so that no deadline is met early.
        let start = Instant::now();
        let timeout = timeout(&watches);
        loop {
            let ready = self.poll_descriptors(&polled, self.waiting_time(timeout))?;
            let elapsed = self.passed(&ready, timeout).unwrap_or_else(|| start.elapsed());
            let mut events = Vec::with_capacity(subscriptions.len());
            for (subscription, watch) in subscriptions.iter().zip(&watches) {
                pace.step(COST)?;
                events.extend(self.event(subscription, watch, (&polled, &ready), elapsed));
            }
            if !events.is_empty() {
                return Ok(events);
            }
        }
    }

    /// Virtual time needs no waiting for.
    fn waiting_time(&self, timeout: Option<Duration>) -> Option<Duration> {
        if self.time.is_virtual() { timeout.and(Some(Duration::ZERO)) } else { timeout }
    }

    /// How much virtual time passes: all there is to wait for, unless something is ready before.
    /// `None` for real time.
    fn passed(&mut self, ready: &[Ready], timeout: Option<Duration>) -> Option<Duration> {
        if !self.time.is_virtual() {
            return None;
        }
        let nothing = ready.iter().all(|ready| ready.ready.is_empty() && !ready.invalid);
        let passed = timeout.filter(|_| nothing).unwrap_or(Duration::ZERO);
        self.time.advance(passed);
        Some(passed)
    }

    fn watch(&mut self, subscription: &Subscription, polled: &mut Polled) -> Watch {
        let (fd, interest) = match subscription.kind {
            SubscriptionKind::Clock { clock, timeout, absolute } => {
                let now = if absolute { self.time.now(clock) } else { 0 };
                return Watch::Deadline(Duration::from_nanos(timeout.saturating_sub(now)));
            }
            SubscriptionKind::FdRead(fd) => (fd, Interest::READ),
            SubscriptionKind::FdWrite(fd) => (fd, Interest::WRITE),
        };
        self.watch_descriptor(fd, interest, polled).unwrap_or_else(Watch::Refused)
    }

    fn watch_descriptor(
        &mut self,
        fd: Fd,
        interest: Interest,
        polled: &mut Polled,
    ) -> Result<Watch> {
        let pinned = self.table.pin(fd, |_, has| has.require(needed(interest)))?;
        Ok(match self.table.pinned(&pinned)?.fd() {
            None => Watch::Ready(pinned),
            Some(_) => Watch::Descriptor(polled.add(fd, pinned, interest), interest),
        })
    }

    fn poll_descriptors(&self, polled: &Polled, timeout: Option<Duration>) -> Result<Vec<Ready>> {
        if polled.list.is_empty() && timeout == Some(Duration::ZERO) {
            return Ok(Vec::new());
        }
        let mut interests = Vec::with_capacity(polled.list.len());
        for (pinned, interest) in &polled.list {
            let fd = self.table.pinned(pinned)?.fd().ok_or(Errno::Badf)?;
            interests.push((fd, *interest));
        }
        poll(&interests, timeout, self.interrupt)
    }

    fn event(
        &self,
        subscription: &Subscription,
        watch: &Watch,
        (polled, ready): (&Polled, &[Ready]),
        elapsed: Duration,
    ) -> Option<Event> {
        let (error, ready, pinned) = match watch {
            Watch::Refused(error) => (*error, Ready::default(), None),
            Watch::Ready(pinned) => {
                (Errno::Success, Ready { ready: Interest::all(), ..Ready::default() }, Some(pinned))
            }
            Watch::Deadline(deadline) if elapsed >= *deadline => {
                (Errno::Success, Ready::default(), None)
            }
            Watch::Deadline(_) => return None,
            Watch::Descriptor(index, interest) => match ready[*index] {
                Ready { invalid: true, .. } => (Errno::Badf, Ready::default(), None),
                // As node:wasi has it; wasi-libc makes POLLERR of it, which poll(2) gives.
                Ready { broken: true, .. } => (Errno::Io, Ready::default(), None),
                ready if ready.ready.contains(*interest) => {
                    (Errno::Success, ready, Some(&polled.list[*index].0))
                }
                _ => return None,
            },
        };
        let kind = self.event_kind(subscription.kind, ready, pinned);
        Some(Event { userdata: subscription.userdata, error, kind })
    }

    fn event_kind(
        &self,
        kind: SubscriptionKind,
        ready: Ready,
        pinned: Option<&Pinned>,
    ) -> EventKind {
        match kind {
            SubscriptionKind::Clock { .. } => EventKind::Clock,
            SubscriptionKind::FdRead(_) => {
                let readable = pinned.filter(|_| ready.ready.contains(Interest::READ));
                let nbytes = readable.map_or(0, |pinned| self.bytes_to_read(pinned));
                EventKind::FdRead { nbytes, hangup: ready.hangup.contains(Interest::READ) }
            }
            SubscriptionKind::FdWrite(_) => {
                EventKind::FdWrite { hangup: ready.hangup.contains(Interest::WRITE) }
            }
        }
    }

    fn bytes_to_read(&self, pinned: &Pinned) -> u64 {
        match self.table.pinned(pinned) {
            Ok(Descriptor::File(file)) => file.bytes_to_read(),
            Ok(Descriptor::Stream(stream)) => bytes_available(stream.as_fd()),
            Ok(Descriptor::Channel(channel)) => channel.bytes_to_read(),
            _ => 0,
        }
    }
}

/// Descriptors to poll, each once: the host takes no longer list than it has descriptors.
#[derive(Default)]
struct Polled {
    list: Vec<(Pinned, Interest)>,
    /// By descriptor, one more than its position in the list; 0 if it isn't there. As long as the
    /// guest's table at most, since only what is open is added.
    positions: Vec<u32>,
}

impl Polled {
    /// Position in the list.
    fn add(&mut self, fd: Fd, pinned: Pinned, interest: Interest) -> usize {
        let fd_index = fd as usize;
        if fd_index >= self.positions.len() {
            self.positions.resize(fd_index + 1, 0);
        }
        if self.positions[fd_index] == 0 {
            self.list.push((pinned, Interest::empty()));
            // At most one a descriptor, whose number is a u32.
            self.positions[fd_index] = self.list.len() as u32;
        }
        let index = self.positions[fd_index] as usize - 1;
        self.list[index].1 |= interest;
        index
    }
}

fn needed(interest: Interest) -> Rights {
    let mut rights = Rights::POLL_FD_READWRITE;
    rights.set(Rights::FD_READ, interest.contains(Interest::READ));
    rights.set(Rights::FD_WRITE, interest.contains(Interest::WRITE));
    rights
}

/// Nothing to wait for when an event is there already; for ever without a clock.
fn timeout(watches: &[Watch]) -> Option<Duration> {
    watches
        .iter()
        .filter_map(|watch| match watch {
            Watch::Refused(_) | Watch::Ready(_) => Some(Duration::ZERO),
            Watch::Deadline(deadline) => Some(*deadline),
            Watch::Descriptor(..) => None,
        })
        .min()
}
