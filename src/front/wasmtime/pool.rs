//! Threads that run jobs, as many as are needed.
//!
//! A job needs a permit to compute, of which there are only so many, and a thread to run on. A
//! thread that waits gives its permit back, so that another job can compute meanwhile.

use std::cell::Cell;
use std::collections::VecDeque;
use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::idle::{self, Idle, Sleeper};
use super::permits::{Claim, Job, Next, Permits, Turn};
use super::processors::processors;
use super::stragglers;
use super::watchdog::{self, Alarm};
use super::woken::{Who, Woken};
use crate::system::{self, Signal};

/// Jobs, their permits and their threads, which are started as needed.
pub struct Pool {
    name: &'static str,
    stack: usize,
    runs_guests: bool,
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
    sleepers: Idle,
    /// Whether the watchdog will look after those that wait.
    is_watched: bool,
    woken: Woken,
}

/// How long a thread looks around before it sleeps.
const PATIENCE: Duration = Duration::from_micros(50);

/// After so many threads, memory is given back.
const MANY: usize = 64;

/// How often the pool is looked after while jobs wait.
const INTERVAL: Duration = Duration::from_millis(1);

/// After which to try again if a thread can't be started.
const PAUSE: Duration = Duration::from_millis(20);

thread_local! {
    /// The turn by which this thread computes.
    static CURRENT: Cell<Turn> = const { Cell::new(0) };
}

impl Pool {
    /// `stack` is the size of the stacks of its threads, in bytes.
    pub(super) fn new(name: &'static str, stack: usize, permits: Permits) -> Self {
        let ready = VecDeque::new();
        let sleepers = Idle::default();
        let (threads, idle, had_many, is_watched) = (0, 0, false, false);
        let woken = Woken::default();
        let state = State { permits, ready, threads, idle, had_many, sleepers, is_watched, woken };
        let (ready, looking) = (AtomicUsize::new(0), AtomicBool::new(false));
        let runs_guests = false;
        Pool { name, stack, runs_guests, state: Mutex::new(state), ready, looking }
    }

    /// Its threads run guests: those that compute for long step back.
    pub fn of_guests(self) -> Self {
        Pool { runs_guests: true, ..self }
    }

    /// Changes how many jobs compute at once.
    pub fn set_limit(&'static self, limit: usize) {
        let mut state = self.state();
        state.permits.set_limit(limit);
        self.pass_on_somehow(&mut state);
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
                Next::Resume(claim) => state.resume(claim),
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
            if state.threads > 0 && self.runs_guests {
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
            && let Some(thread) = state.sleepers.take()
        {
            state.woken.add(Who::Idle(thread));
        }
    }

    fn looking(&self) -> usize {
        usize::from(self.looking.load(Ordering::SeqCst))
    }

    fn work(&'static self) {
        let _enlisted = self.runs_guests.then(stragglers::enlist);
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
            Some(Next::Resume(claim)) => state.resume(claim),
            None => {}
        }
        self.pass_on_somehow(&mut state);
        None
    }

    /// Gives back the permit of this thread, which is going to wait.
    pub fn release(&'static self) {
        stragglers::pause();
        let mut state = self.state();
        state.permits.release(CURRENT.get());
        self.pass_on_somehow(&mut state);
    }

    /// Waits until this thread has a permit again, or the signal is set.
    pub fn acquire(&'static self, signal: &'static Signal) {
        let mut state = self.state();
        let claim = state.permits.claim(signal);
        self.pass_on_somehow(&mut state);
        drop(state);
        claim.wait();
        CURRENT.set(self.state().permits.resume(&claim));
        stragglers::compute();
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
    fn next(&'static self, thread: &Arc<Sleeper>) -> Option<(Turn, Job)> {
        let mut state = self.state();
        // A job that got no thread of its own a moment ago can have this one.
        state.idle += 1;
        self.pass_on_somehow(&mut state);
        state.idle -= 1;
        loop {
            if let Some(job) = state.ready.pop_front() {
                self.ready.fetch_sub(1, Ordering::SeqCst);
                return Some(job);
            }
            state = self.sleep(state, thread);
            if thread.is_over() && state.ready.is_empty() {
                let is_last_of_many = state.end_thread();
                drop(state);
                if is_last_of_many {
                    system::trim_heap();
                }
                return None;
            }
        }
    }

    /// Until there is something to do, or there has been nothing for a while.
    fn sleep<'p>(&'static self, mut state: Locked<'p>, thread: &Arc<Sleeper>) -> Locked<'p> {
        state.idle += 1;
        state.sleepers.add(thread);
        self.watch_sleepers(&mut state);
        // Those that this thread was to wake must not wait until it is woken itself.
        std::mem::take(&mut state.woken).wake();
        let lock = state.0.take().expect("the lock");
        let mut lock = thread.sleep(lock);
        lock.idle -= 1;
        Locked(Some(lock))
    }

    /// Without a thread for it, idle threads stay.
    fn watch_sleepers(&'static self, state: &mut State) {
        if !state.sleepers.is_watched && !state.sleepers.is_empty() {
            let watched = watchdog::set_lasting(Reaper(self), idle::INTERVAL);
            state.sleepers.is_watched = watched.is_ok();
        }
    }

    /// Nobody panics while holding the lock.
    fn state(&self) -> Locked<'_> {
        Locked(Some(self.state.lock().unwrap_or_else(PoisonError::into_inner)))
    }
}

/// The state of a pool. When dropped, wakes those that are to be woken. Never `None` before.
struct Locked<'p>(Option<MutexGuard<'p, State>>);

impl Deref for Locked<'_> {
    type Target = State;

    fn deref(&self) -> &State {
        self.0.as_ref().expect("the lock")
    }
}

impl DerefMut for Locked<'_> {
    fn deref_mut(&mut self) -> &mut State {
        self.0.as_mut().expect("the lock")
    }
}

impl Drop for Locked<'_> {
    fn drop(&mut self) {
        let Some(mut state) = self.0.take() else { return };
        let woken = std::mem::take(&mut state.woken);
        drop(state);
        woken.wake();
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
    fn resume(&mut self, claim: Arc<Claim>) {
        claim.grant();
        self.woken.add(Who::Waiting(claim));
    }

    /// Whether there were many threads, of which this is the last to end.
    fn end_thread(&mut self) -> bool {
        self.threads -= 1;
        self.idle == 0 && std::mem::take(&mut self.had_many)
    }
}

/// Lets threads end that have had nothing to do for a while.
struct Reaper(&'static Pool);

impl Alarm for Reaper {
    fn ring(&self) {
        let mut state = self.0.state();
        state.sleepers.is_watched = false;
        let over = state.sleepers.take_over();
        over.into_iter().for_each(|thread| state.woken.add(Who::Idle(thread)));
        self.0.watch_sleepers(&mut state);
    }
}
