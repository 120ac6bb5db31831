//! Threads of the process.
#![allow(unsafe_code)] // The clock of a thread.

use std::time::Duration;

/// A thread, for another one to change its priority.
#[derive(Debug, Clone, Copy)]
pub struct Thread {
    #[cfg(target_os = "linux")]
    id: rustix::thread::Pid,
}

impl Thread {
    /// The one that calls this.
    pub fn current() -> Self {
        Thread {
            #[cfg(target_os = "linux")]
            id: rustix::thread::gettid(),
        }
    }

    /// How long it has computed so far. `None` where that can't be told.
    #[cfg(target_os = "linux")]
    pub fn processor_time(self) -> Option<Duration> {
        // As `pthread_getcpuclockid` makes it, which takes no thread number:
        // https://man7.org/linux/man-pages/man2/clock_getres.2.html#NOTES
        const OF_ONE_THREAD: i32 = 0b110;
        let clock = (!self.id.as_raw_nonzero().get() << 3) | OF_ONE_THREAD;
        let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
        // SAFETY: writes to a local.
        let result = unsafe { libc::clock_gettime(clock, &raw mut time) };
        let time = Duration::new(time.tv_sec.try_into().ok()?, time.tv_nsec.try_into().ok()?);
        (result == 0).then_some(time)
    }

    /// See above.
    #[cfg(not(target_os = "linux"))]
    pub fn processor_time(self) -> Option<Duration> {
        None
    }

    /// Lets it compute only while few others want to: so many nice levels above its own,
    /// up to 19. It can't be taken back without privileges, and threads that it starts are like it.
    /// Does nothing where threads have no priority of their own.
    ///
    /// See <https://man7.org/linux/man-pages/man2/setpriority.2.html>, "C library/kernel
    /// differences".
    #[cfg_attr(not(target_os = "linux"), expect(unused_variables, reason = "see above"))]
    pub fn step_back(self, nice: i32) {
        #[cfg(target_os = "linux")]
        {
            // That it is not allowed is no reason to stop anything.
            let _ = rustix::process::getpriority_process(Some(self.id)).and_then(|now| {
                rustix::process::setpriority_process(Some(self.id), (now + nice).min(19))
            });
        }
    }

    /// Whether this is the thread that the process began with. (Asked of the system: in Node, the
    /// module that knows costs half a millisecond to load.) `false` where that can't be told.
    pub fn is_main(self) -> bool {
        #[cfg(target_os = "linux")]
        return self.id == rustix::process::getpid();
        #[cfg(not(target_os = "linux"))]
        false
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_thread_steps_back_from_where_it_is() {
        let nice = || rustix::process::getpriority_process(Some(Thread::current().id)).ok();
        let before = nice().expect("a priority");
        let stepped = std::thread::spawn(move || {
            [2, 3, 100].map(|by| {
                Thread::current().step_back(by);
                nice()
            })
        });
        let expected = [2, 5, 100].map(|by| Some((before + by).min(19)));
        assert_eq!(stepped.join().ok(), Some(expected));
    }
}
