//! Who may compute: the accounting of a pool, without its threads.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::system::Signal;

/// What a thread runs.
pub(super) type Job = Box<dyn FnOnce() + Send>;

/// The number of a turn. Those with lower numbers came earlier.
pub(super) type Turn = u64;

/// Permits, and those who wait for one.
pub(super) struct Permits {
    /// Jobs that compute at once, at most.
    limit: usize,
    /// Of these, jobs that have begun to compute a moment ago. More at once would only be in each
    /// other's way.
    processors: usize,
    /// Jobs that have begun and have not ended, at most.
    max_alive: usize,
    jobs: VecDeque<(Turn, Job)>,
    resuming: VecDeque<(Turn, Arc<Claim>)>,
    turn: Turn,
    /// Since when they compute, the first ones in front.
    recent: VecDeque<(Turn, Instant)>,
    computing: usize,
    alive: usize,
    /// Whether the last permit went to a thread that had waited.
    has_resumed: bool,
}

/// Whose turn it is.
pub(super) enum Next {
    /// A job that needs a thread.
    Begin(Turn, Job),
    /// A thread that has waited.
    Resume(Arc<Claim>),
}

/// A thread that has waited and wants to go on.
pub(super) struct Claim {
    granted: AtomicBool,
    signal: &'static Signal,
    turn: Turn,
}

/// What computes for longer shares the processors with those that begin: the kernel divides the
/// time between them.
const LONG: Duration = Duration::from_millis(1);

impl Permits {
    /// `limit` jobs compute at once, and `max_alive` have begun and not ended.
    pub fn new(limit: usize, processors: usize, max_alive: usize) -> Self {
        Permits {
            limit,
            processors,
            max_alive,
            jobs: VecDeque::new(),
            resuming: VecDeque::new(),
            turn: 0,
            recent: VecDeque::new(),
            computing: 0,
            alive: 0,
            has_resumed: false,
        }
    }

    /// Changes how many jobs compute at once, from now on.
    pub fn set_limit(&mut self, limit: usize) {
        self.limit = limit;
    }

    /// A job gets in line.
    pub fn queue(&mut self, job: Job) -> Turn {
        let turn = self.next_turn();
        self.jobs.push_back((turn, job));
        turn
    }

    /// A job that has not begun leaves the line.
    pub fn withdraw(&mut self, turn: Turn) {
        self.jobs.retain(|(other, _)| *other != turn);
    }

    /// A job for which there is no thread gets in front of the line again.
    pub fn put_back(&mut self, turn: Turn, job: Job) {
        self.release(turn);
        self.alive -= 1;
        self.jobs.push_front((turn, job));
    }

    /// Whether someone can have a permit later although nobody gives one back.
    pub fn has_queue(&self) -> bool {
        let may_begin = !self.jobs.is_empty() && self.alive < self.max_alive;
        self.computing < self.limit && (may_begin || !self.resuming.is_empty())
    }

    /// Gives a permit to the first job and to the first thread that has waited, alternately, so
    /// that neither line holds up the other: only to threads if there is none for a job.
    pub fn next(&mut self, has_thread: bool, now: impl FnOnce() -> Instant) -> Option<Next> {
        let may_begin = has_thread && !self.jobs.is_empty() && self.alive < self.max_alive;
        if (!may_begin && self.resuming.is_empty()) || self.computing >= self.limit {
            return None;
        }
        let now = now();
        self.forget_long_ones(now);
        if self.recent.len() >= self.processors {
            return None;
        }
        let next = self.first(may_begin);
        let turn = match &next {
            Next::Begin(turn, _) => *turn,
            Next::Resume(claim) => claim.turn,
        };
        self.has_resumed = matches!(next, Next::Resume(_));
        self.alive += usize::from(!self.has_resumed);
        self.computing += 1;
        self.recent.push_back((turn, now));
        Some(next)
    }

    fn forget_long_ones(&mut self, now: Instant) {
        while self.recent.front().is_some_and(|(_, since)| now - *since >= LONG) {
            self.recent.pop_front();
        }
    }

    /// The caller has made sure that a job may begin or that a thread wants to go on.
    fn first(&mut self, may_begin: bool) -> Next {
        let begins = may_begin && (self.has_resumed || self.resuming.is_empty());
        if begins {
            let (turn, job) = self.jobs.pop_front().expect("a job in front");
            return Next::Begin(turn, job);
        }
        Next::Resume(self.resuming.pop_front().expect("a thread in front").1)
    }

    /// The permit of a turn is free again.
    pub fn release(&mut self, turn: Turn) {
        self.computing -= 1;
        if let Some(at) = self.recent.iter().rposition(|(other, _)| *other == turn) {
            self.recent.remove(at);
        }
    }

    /// A job has ended. It has released its permit.
    pub fn ended(&mut self) {
        self.alive -= 1;
    }

    /// A thread that has waited gets in line.
    pub fn claim(&mut self, signal: &'static Signal) -> Arc<Claim> {
        let turn = self.next_turn();
        let claim = Arc::new(Claim { granted: AtomicBool::new(false), signal, turn });
        self.resuming.push_back((turn, Arc::clone(&claim)));
        claim
    }

    /// A thread goes on: by its permit or, if it is to end, without waiting for one.
    pub fn resume(&mut self, claim: &Claim) -> Turn {
        if !claim.is_granted() {
            self.resuming.retain(|(turn, _)| *turn != claim.turn);
            self.computing += 1;
        }
        claim.turn
    }

    fn next_turn(&mut self) -> Turn {
        self.turn += 1;
        self.turn
    }
}

impl Claim {
    /// Whether the thread has its permit.
    pub fn is_granted(&self) -> bool {
        self.granted.load(Ordering::SeqCst)
    }

    /// The thread has its permit. It is to be woken.
    pub fn grant(&self) {
        self.granted.store(true, Ordering::SeqCst);
    }

    /// Wakes the thread. `signal` is that of its guest.
    pub fn wake(&self) {
        self.signal.wake();
    }

    /// Waits for the permit, or for the end of the guest.
    pub fn wait(&self) {
        self.signal.sleep(None, || self.is_granted());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What gets a permit at a time, as far as there are some: a job's turn, or that of a thread.
    fn granted(permits: &mut Permits, now: Instant, has_thread: bool) -> Vec<(&'static str, Turn)> {
        let next = || permits.next(has_thread, || now);
        std::iter::from_fn(next)
            .map(|next| match next {
                Next::Begin(turn, _) => ("job", turn),
                Next::Resume(claim) => {
                    claim.grant();
                    ("thread", claim.turn)
                }
            })
            .collect()
    }

    fn queue(permits: &mut Permits, count: usize) -> Vec<Turn> {
        (0..count).map(|_| permits.queue(Box::new(|| ()))).collect()
    }

    fn signal() -> &'static Signal {
        Box::leak(Box::default())
    }

    #[test]
    fn no_more_than_processors_begin_at_once() {
        let mut permits = Permits::new(4, 2, 100);
        queue(&mut permits, 6);
        let start = Instant::now();
        assert_eq!(granted(&mut permits, start, true), [("job", 1), ("job", 2)]);
        permits.release(1);
        assert_eq!(granted(&mut permits, start, true), [("job", 3)]);
        // Those that compute for long are only limited by the number of permits.
        assert_eq!(granted(&mut permits, start + LONG, true), [("job", 4), ("job", 5)]);
        assert_eq!(granted(&mut permits, start + 2 * LONG, true), []);
        // Only a permit that is given back changes that, and not time.
        assert!(!permits.has_queue());
        permits.release(2);
        assert!(permits.has_queue());
        assert_eq!(granted(&mut permits, start + 2 * LONG, true), [("job", 6)]);
    }

    #[test]
    fn jobs_and_threads_take_turns_each_in_order() {
        let mut permits = Permits::new(1, 1, 100);
        queue(&mut permits, 4);
        let start = Instant::now();
        assert_eq!(granted(&mut permits, start, true), [("job", 1)]);
        let claims = [(); 2].map(|()| permits.claim(signal()));
        let mut last = 1;
        for expected in [("thread", 5), ("job", 2), ("thread", 6), ("job", 3), ("job", 4)] {
            permits.release(last);
            assert_eq!(granted(&mut permits, start, true), [expected]);
            last = expected.1;
        }
        assert!(claims.iter().all(|claim| claim.is_granted()));
    }

    #[test]
    fn jobs_that_cannot_begin_hold_up_no_thread() {
        let mut permits = Permits::new(1, 1, 1);
        queue(&mut permits, 2);
        let start = Instant::now();
        assert_eq!(granted(&mut permits, start, true), [("job", 1)]);
        permits.release(1);
        // One has begun, and no more may: it waits, and wants to go on.
        assert_eq!(granted(&mut permits, start, true), []);
        permits.claim(signal());
        assert_eq!(granted(&mut permits, start, true), [("thread", 3)]);
        permits.release(3);
        permits.ended();
        assert_eq!(granted(&mut permits, start, false), []);
        assert_eq!(granted(&mut permits, start, true), [("job", 2)]);
    }

    #[test]
    fn a_job_that_is_put_back_stays_in_front() {
        let mut permits = Permits::new(1, 1, 1);
        queue(&mut permits, 2);
        let start = Instant::now();
        let Some(Next::Begin(turn, job)) = permits.next(true, || start) else { panic!("no job") };
        permits.put_back(turn, job);
        assert_eq!(granted(&mut permits, start, true), [("job", 1)]);
    }

    #[test]
    fn a_thread_that_is_to_end_needs_no_permit() {
        let mut permits = Permits::new(1, 1, 100);
        queue(&mut permits, 2);
        let start = Instant::now();
        assert_eq!(granted(&mut permits, start, true), [("job", 1)]);
        let claim = permits.claim(signal());
        assert_eq!(permits.resume(&claim), 3);
        permits.release(3);
        permits.release(1);
        assert_eq!(granted(&mut permits, start, true), [("job", 2)]);
    }
}
