//! Threads that run guests, and threads that compile: never those of Node.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use once_cell::sync::Lazy;

use super::engine::MAX_STACK;

type Job = Box<dyn FnOnce() + Send>;

/// A queue and the threads that work on it, started as needed.
pub struct Pool {
    name: &'static str,
    stack: usize,
    state: Mutex<State>,
    wake: Condvar,
    /// Jobs that wait, for threads that look without taking the lock.
    waiting: AtomicUsize,
    /// Whether a thread looks: one is enough, more would be in the way of those that work.
    looking: AtomicBool,
}

struct State {
    jobs: VecDeque<Job>,
    threads: usize,
    idle: usize,
    /// 0 stands for as many as there are processors.
    max_threads: usize,
}

/// How long a thread looks around before it sleeps.
const PATIENCE: Duration = Duration::from_micros(50);

/// Asking takes some file reads.
static PROCESSORS: Lazy<usize> =
    Lazy::new(|| std::thread::available_parallelism().map_or(1, usize::from));

/// That this process may use.
pub(super) fn processors() -> usize {
    *PROCESSORS
}

/// Beside the guest's stack, for the host's own functions.
const HOST_STACK: usize = 2 << 20;

static GUESTS: Pool = Pool::new("wasi-rs-guest", MAX_STACK + HOST_STACK);
static COMPILERS: Pool = Pool::new("wasi-rs-compile", 8 << 20);

/// How many guests run at once. Threads that are too many end when they have nothing to do.
pub fn set_concurrency(max_threads: usize) {
    GUESTS.state().max_threads = max_threads;
    GUESTS.wake.notify_all();
}

impl Pool {
    const fn new(name: &'static str, stack: usize) -> Self {
        let state = State { jobs: VecDeque::new(), threads: 0, idle: 0, max_threads: 0 };
        let (waiting, looking) = (AtomicUsize::new(0), AtomicBool::new(false));
        Pool { name, stack, state: Mutex::new(state), wake: Condvar::new(), waiting, looking }
    }

    /// For guests.
    pub fn guests() -> &'static Self {
        &GUESTS
    }

    /// For compiling.
    pub fn compilers() -> &'static Self {
        &COMPILERS
    }

    /// Runs `job` when a thread is free, in the order given.
    ///
    /// Errors: what starting the first thread gives; the job is not run then.
    pub fn submit(&'static self, job: impl FnOnce() + Send + 'static) -> std::io::Result<()> {
        let mut state = self.state();
        if state.idle <= state.jobs.len() && state.threads < state.limit() {
            match self.start_thread() {
                Ok(()) => state.threads += 1,
                Err(error) if state.threads == 0 => return Err(error),
                Err(_) => {}
            }
        }
        state.jobs.push_back(Box::new(job));
        self.waiting.fetch_add(1, Ordering::Relaxed);
        // Who looks will find it.
        let found = usize::from(self.looking.load(Ordering::SeqCst));
        let wake = state.idle > 0 && state.jobs.len() > found;
        drop(state);
        if wake {
            self.wake.notify_one();
        }
        Ok(())
    }

    fn start_thread(&'static self) -> std::io::Result<()> {
        let thread = std::thread::Builder::new().name(self.name.into()).stack_size(self.stack);
        thread.spawn(|| self.work()).map(drop)
    }

    fn work(&self) {
        while let Some(job) = self.next() {
            self.waiting.fetch_sub(1, Ordering::Relaxed);
            // A panic would be a bug of ours; the others' jobs go on.
            let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(job));
            self.look_around();
        }
    }

    /// Waking a thread that sleeps takes longer than many a guest runs: look for a while whether
    /// there is more to do, where that keeps no one else from running.
    fn look_around(&self) {
        if *PROCESSORS == 1 || self.looking.swap(true, Ordering::SeqCst) {
            return;
        }
        let start = Instant::now();
        while self.waiting.load(Ordering::Relaxed) == 0 && start.elapsed() < PATIENCE {
            std::hint::spin_loop();
        }
        self.looking.store(false, Ordering::SeqCst);
    }

    /// `None` when there are too many threads.
    fn next(&self) -> Option<Job> {
        let mut state = self.state();
        loop {
            if state.threads > state.limit() {
                state.threads -= 1;
                return None;
            }
            if let Some(job) = state.jobs.pop_front() {
                return Some(job);
            }
            state.idle += 1;
            state = self.wake.wait(state).unwrap_or_else(PoisonError::into_inner);
            state.idle -= 1;
        }
    }

    /// Nobody panics while holding the lock.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn limit(&self) -> usize {
        match self.max_threads {
            0 => *PROCESSORS,
            max => max,
        }
    }
}
