//! Threads that run guests, and threads that compile. Node.js never runs JavaScript on them.
//!
//! A job needs a permit to compute, of which there are only so many, and a thread to run on. A
//! thread that waits gives its permit back, so that another job can compute meanwhile.

use std::cell::Cell;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use once_cell::sync::Lazy;

use super::engine::MAX_STACK;
use super::permits::{Job, Next, Permits, Turn};
use super::processors::processors;
use super::stragglers;
use super::watchdog::{self, Alarm};
use crate::system::{self, Signal};

/// Jobs, their permits and their threads, which are started as needed.
pub struct Pool {
    name: &'static str,
    stack: usize,
    state: Mutex<State>,
    /// Jobs that only need a thread, for threads that look without taking the lock.
    ready: AtomicUsize,
    /// Whether a thread looks: one is enough, more would be in the way of those that work.
    looking: AtomicBool,
}

struct State {
    permits: Permits,
    /// Jobs with a permit but without a thread as yet.
    ready: VecDeque<(Turn, Job)>,
    threads: usize,
    idle: usize,
    /// There have been many threads since the heap was trimmed.
    had_many: bool,
    /// Idle threads that nobody has woken. The last one is woken first: the others end in time.
    asleep: Vec<Arc<Sleeper>>,
    /// Whether the watchdog will look after those that wait.
    is_watched: bool,
}

/// An idle thread. Changes under the lock of the pool.
#[derive(Default)]
struct Sleeper {
    wake: Condvar,
    is_asleep: AtomicBool,
}

/// How long a thread looks around before it sleeps.
const PATIENCE: Duration = Duration::from_micros(50);

/// After which a thread that has nothing to do ends.
const IDLE: Duration = Duration::from_secs(5);

/// After so many threads, memory is given back.
const MANY: usize = 64;

/// How often the pool is looked after while jobs wait.
const INTERVAL: Duration = Duration::from_millis(1);

/// After which to try again if a thread can't be started.
const PAUSE: Duration = Duration::from_millis(20);

/// Guests that have begun and have not ended. The standard library aborts the process when a
/// thread can't have its signal stack, which happens somewhere above 8,000 threads.
const MAX_GUESTS: usize = 4000;

/// Guests that compute at once, for each processor. Those that compute for long share the
/// processors by the kernel's scheduler, and don't keep out those that come later.
const COMPUTING_PER_PROCESSOR: usize = 16;

/// Beside the guest's stack, for the host's own functions.
const HOST_STACK: usize = 2 << 20;

static GUESTS: Lazy<Pool> = Lazy::new(|| {
    let permits = Permits::new(processors() * COMPUTING_PER_PROCESSOR, processors(), MAX_GUESTS);
    Pool::new("wasi-rs-guest", MAX_STACK + HOST_STACK, permits)
});
static COMPILERS: Lazy<Pool> = Lazy::new(|| {
    Pool::new("wasi-rs-compile", 8 << 20, Permits::new(processors(), processors(), usize::MAX))
});

thread_local! {
    /// The turn by which this thread computes.
    static CURRENT: Cell<Turn> = const { Cell::new(0) };
}

/// How many guests compute at once.
pub fn set_concurrency(most: usize) {
    let mut state = GUESTS.state();
    state.permits.set_limit(most);
    GUESTS.pass_on_somehow(&mut state);
}

impl Pool {
    fn new(name: &'static str, stack: usize, permits: Permits) -> Self {
        let ready = VecDeque::new();
        let asleep = Vec::new();
        let (threads, idle, had_many, is_watched) = (0, 0, false, false);
        let state = State { permits, ready, threads, idle, had_many, asleep, is_watched };
        let (ready, looking) = (AtomicUsize::new(0), AtomicBool::new(false));
        Pool { name, stack, state: Mutex::new(state), ready, looking }
    }

    /// For guests.
    pub fn guests() -> &'static Self {
        &GUESTS
    }

    /// For compiling.
    pub fn compilers() -> &'static Self {
        &COMPILERS
    }

    /// Runs `job` when its turn has come.
    ///
    /// Errors: what starting a thread gives, if there is none; the job is not run then.
    pub fn submit(&'static self, job: impl FnOnce() + Send + 'static) -> std::io::Result<()> {
        let mut state = self.state();
        let turn = state.permits.queue(Box::new(job));
        match self.pass_on(&mut state) {
            // Nobody would ever run it.
            Err(error) if state.threads == 0 => {
                state.permits.withdraw(turn);
                Err(error)
            }
            _ => Ok(()),
        }
    }

    /// Gives permits to those whose turn it is, as long as there are some. If a thread can't be
    /// started, the watchdog tries again later.
    ///
    /// Errors: what starting the watchdog gives, or the first thread.
    fn pass_on(&'static self, state: &mut State) -> std::io::Result<()> {
        let granted = self.grant_all(state);
        if state.permits.has_queue() && !state.is_watched {
            let interval = match &granted {
                Ok(()) => INTERVAL,
                Err(_) if stragglers::is_back() => Duration::ZERO,
                Err(_) => PAUSE,
            };
            watchdog::set_lasting(self, interval)?;
            state.is_watched = true;
        }
        // Without any thread of ours there is nothing to wait for.
        if state.threads == 0 { granted } else { Ok(()) }
    }

    /// Errors: what starting a thread gives. The job keeps its turn then, and threads that have
    /// waited go on.
    fn grant_all(&'static self, state: &mut State) -> std::io::Result<()> {
        let mut result = Ok(());
        while let Some(next) = state.permits.next(result.is_ok(), Instant::now) {
            match next {
                Next::Resume(claim) => claim.grant(),
                Next::Begin(turn, job) => match self.ensure_thread(state) {
                    Ok(()) => self.hand_over(state, turn, job),
                    Err(error) => {
                        state.permits.put_back(turn, job);
                        result = Err(error);
                    }
                },
            }
        }
        result
    }

    /// As `pass_on`, where nobody could be told of an error: a thread that has run a job tries again.
    fn pass_on_somehow(&'static self, state: &mut State) {
        let _ = self.pass_on(state);
    }

    fn ensure_thread(&'static self, state: &mut State) -> std::io::Result<()> {
        if state.idle + self.looking() <= state.ready.len() {
            if state.threads > 0 && self.runs_guests() {
                // For timeouts, before guests have taken all the threads that there can be.
                watchdog::start()?;
            }
            if stragglers::is_back() {
                // The thread would be like this one. The watchdog starts it.
                return Err(std::io::ErrorKind::WouldBlock.into());
            }
            let thread = std::thread::Builder::new().name(self.name.into()).stack_size(self.stack);
            thread.spawn(|| self.work())?;
            state.threads += 1;
            state.had_many |= state.threads >= MANY;
        }
        Ok(())
    }

    fn hand_over(&self, state: &mut State, turn: Turn, job: Job) {
        state.ready.push_back((turn, job));
        self.ready.fetch_add(1, Ordering::SeqCst);
        // A thread that looks around finds it without being woken.
        if state.ready.len() > self.looking()
            && let Some(thread) = state.asleep.pop()
        {
            thread.is_asleep.store(false, Ordering::Relaxed);
            thread.wake.notify_one();
        }
    }

    fn looking(&self) -> usize {
        usize::from(self.looking.load(Ordering::SeqCst))
    }

    fn work(&'static self) {
        let _enlisted = self.runs_guests().then(stragglers::enlist);
        let thread = Arc::default();
        let mut next = self.next(&thread);
        while let Some((turn, job)) = next {
            CURRENT.set(turn);
            stragglers::compute();
            // A panic would be a bug of ours; the others' jobs go on.
            let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(job));
            stragglers::pause();
            if stragglers::is_back() {
                return self.retire();
            }
            next = self.finish().or_else(|| {
                self.look_around();
                self.next(&thread)
            });
        }
    }

    fn runs_guests(&self) -> bool {
        std::ptr::eq(self, &*GUESTS)
    }

    /// The job of this thread has ended, and the thread is going to end.
    fn retire(&'static self) {
        let mut state = self.state();
        state.permits.ended();
        state.permits.release(CURRENT.get());
        state.threads -= 1;
        self.pass_on_somehow(&mut state);
    }

    /// The job of this thread has ended: gives back its permit. Gives the job whose turn it is.
    fn finish(&'static self) -> Option<(Turn, Job)> {
        let mut state = self.state();
        state.permits.ended();
        state.permits.release(CURRENT.get());
        match state.permits.next(true, Instant::now) {
            Some(Next::Begin(turn, job)) => {
                self.pass_on_somehow(&mut state);
                return Some((turn, job));
            }
            Some(Next::Resume(claim)) => claim.grant(),
            None => {}
        }
        self.pass_on_somehow(&mut state);
        None
    }

    /// Gives back the permit of this thread, which is going to wait.
    fn release(&'static self) {
        let mut state = self.state();
        state.permits.release(CURRENT.get());
        self.pass_on_somehow(&mut state);
    }

    /// Waking a thread that sleeps takes longer than many a guest runs: look for a while whether
    /// there is more to do, where that keeps no one else from running.
    fn look_around(&self) {
        if processors() == 1 || self.looking.swap(true, Ordering::SeqCst) {
            return;
        }
        let start = Instant::now();
        while self.ready.load(Ordering::Relaxed) == 0 && start.elapsed() < PATIENCE {
            std::hint::spin_loop();
        }
        self.looking.store(false, Ordering::SeqCst);
    }

    /// `None` when there has been nothing to do for a while.
    fn next(&self, thread: &Arc<Sleeper>) -> Option<(Turn, Job)> {
        let mut state = self.state();
        loop {
            if let Some(job) = state.ready.pop_front() {
                self.ready.fetch_sub(1, Ordering::SeqCst);
                return Some(job);
            }
            let (woken, is_over) = sleep(state, thread);
            state = woken;
            if is_over && state.ready.is_empty() {
                let is_last_of_many = state.end_thread();
                drop(state);
                if is_last_of_many {
                    system::trim_heap();
                }
                return None;
            }
        }
    }

    /// Nobody panics while holding the lock.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Looks whether those that wait can go on.
impl Alarm for &'static Pool {
    fn ring(&self) {
        let mut state = self.state();
        state.is_watched = false;
        self.pass_on_somehow(&mut state);
    }
}

impl State {
    /// Whether there were many threads, of which this is the last to end.
    fn end_thread(&mut self) -> bool {
        self.threads -= 1;
        self.idle == 0 && std::mem::take(&mut self.had_many)
    }
}

/// An idle thread sleeps. Tells whether nobody has woken it for a while.
fn sleep<'a>(
    mut state: MutexGuard<'a, State>,
    thread: &Arc<Sleeper>,
) -> (MutexGuard<'a, State>, bool) {
    state.idle += 1;
    state.asleep.push(Arc::clone(thread));
    thread.is_asleep.store(true, Ordering::Relaxed);
    let is_asleep = |_: &mut State| thread.is_asleep.load(Ordering::Relaxed);
    let waited = thread.wake.wait_timeout_while(state, IDLE, is_asleep);
    let (mut state, waited) = waited.unwrap_or_else(PoisonError::into_inner);
    state.idle -= 1;
    if waited.timed_out() {
        state.asleep.retain(|other| !Arc::ptr_eq(other, thread));
    }
    (state, waited.timed_out())
}

/// Guests wait without a permit.
pub(super) struct GuestPermits;

impl system::Permits for GuestPermits {
    fn release(&self) {
        stragglers::pause();
        GUESTS.release();
    }

    fn acquire(&self, signal: &'static Signal) {
        let mut state = GUESTS.state();
        let claim = state.permits.claim(signal);
        GUESTS.pass_on_somehow(&mut state);
        drop(state);
        claim.wait();
        CURRENT.set(GUESTS.state().permits.resume(&claim));
        stragglers::compute();
    }
}
