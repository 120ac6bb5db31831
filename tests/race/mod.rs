//! Operations of a guest while the host exchanges a component of their paths for a link to the
//! outside, as fast as it can.

pub mod mend;
pub mod operations;
pub mod outside;
pub mod scene;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use crate::common::{Answer, Guest};
use scene::{Position, Scene, Setting};

/// See [`operations`].
pub struct Operation {
    pub name: &'static str,
    /// What is planted where the path leads, and where the link to the outside leads.
    pub entry: &'static str,
    /// Whether it never succeeds on what is exchanged itself.
    pub refused_at_last: bool,
    pub run: fn(&mut Guest, &Scene) -> Answer<Seen>,
}

/// What an operation that succeeded has acted on.
#[derive(Debug, PartialEq, Eq)]
pub enum Seen {
    /// The object that belongs there.
    Inside,
    /// The link itself, which lies inside.
    Link,
    /// Something else, with the evidence.
    Escape(String),
}

impl Seen {
    pub fn inside_if(inside: bool) -> Self {
        if inside { Seen::Inside } else { Seen::Escape("it was not done inside".into()) }
    }
}

/// What has happened.
#[derive(Debug, Default)]
struct Tally {
    inside: u64,
    links: u64,
    refusals: u64,
    swaps: u64,
    escapes: Vec<String>,
}

/// How the race must have gone to count as one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Expected {
    /// The operation has met both the object and the link.
    Both,
    Refusals,
}

impl Tally {
    fn count(&mut self, answer: Answer<Seen>, expected: Expected) {
        match answer {
            Ok(Seen::Escape(evidence)) => self.escapes.push(evidence),
            Ok(seen) if expected == Expected::Refusals => {
                self.escapes.push(format!("succeeded: {seen:?}"));
            }
            Ok(Seen::Inside) => self.inside += 1,
            Ok(Seen::Link) => self.links += 1,
            Err(_) => self.refusals += 1,
        }
    }

    fn is_complete(&self, expected: Expected) -> bool {
        let met_link = self.refusals + self.links > 0;
        self.swaps > 1 && met_link && (self.inside > 0 || expected == Expected::Refusals)
    }

    fn add(&mut self, other: Tally) {
        self.inside += other.inside;
        self.links += other.links;
        self.refusals += other.refusals;
        self.swaps += other.swaps;
        self.escapes.extend(other.escapes);
    }

    fn print(&self, family: &str) {
        let Tally { inside, links, refusals, swaps, escapes } = self;
        let successes = inside + links;
        let operations = successes + refusals + escapes.len() as u64;
        let walks = std::env::var_os("WASI_RS_NO_OPENAT2").is_some();
        let resolver = if walks { "walk" } else { "kernel" };
        println!(
            "race of {family} ({resolver}): {operations} operations, {successes} successes, \
             {refusals} refusals, {swaps} swaps, {} escapes",
            escapes.len()
        );
    }
}

/// Races all operations of a family in all settings, for `WASI_RS_RACE_SECONDS` in all.
pub fn race(family: &str, operations: &'static [Operation]) {
    let settings = settings();
    let slice = duration() / (operations.len() * settings.len()) as u32;
    let mut all = Tally::default();
    for operation in operations {
        for &setting in &settings {
            let mut tally = race_once(operation, setting, slice);
            for evidence in &mut tally.escapes {
                *evidence = format!("{} in {setting:?}: {evidence}", operation.name);
            }
            all.add(tally);
        }
    }
    all.print(family);
    assert!(all.escapes.is_empty(), "{family}: {:#?}", all.escapes);
}

fn duration() -> Duration {
    let seconds = std::env::var("WASI_RS_RACE_SECONDS");
    Duration::from_secs_f64(seconds.map_or(0.1, |seconds| seconds.parse().unwrap()))
}

fn settings() -> Vec<Setting> {
    use Position::{Dots, First, Last, Middle, Only, Parent, Slash};
    let with = |position, by_threes| {
        [true, false].map(|absolute| Setting { position, absolute, by_threes })
    };
    let exchanges = can_exchange();
    let positions = [First, Middle, Parent, Dots].map(|position| with(position, !exchanges));
    let mut settings = positions.concat();
    if exchanges {
        settings.extend(with(Parent, true));
        // Renaming by threes would leave a gap in which the guest puts something.
        settings.extend([Last, Slash, Only].map(|position| with(position, false)).concat());
    }
    settings
}

/// Whether the file system of the tests can exchange two entries at once.
fn can_exchange() -> bool {
    let guest = Guest::new();
    guest.dir("one");
    guest.dir("other");
    let [one, other] = ["one", "other"].map(|name| guest.host(name));
    let (here, flags) = (rustix::fs::CWD, rustix::fs::RenameFlags::EXCHANGE);
    rustix::fs::renameat_with(here, one, here, other, flags).is_ok()
}

fn expected(operation: &Operation, position: Position) -> Expected {
    let is_directory = matches!(operation.entry, "empty" | "full");
    let never = match position {
        // A slash demands a directory.
        Position::Slash => operation.refused_at_last || !is_directory,
        _ => position.is_last() && operation.refused_at_last,
    };
    if never { Expected::Refusals } else { Expected::Both }
}

/// Most that one race may take to meet what it must: far more than a busy machine needs.
const PATIENCE: Duration = Duration::from_secs(60);

/// Operations between two looks at the outside.
const BATCH: usize = 64;

/// Races for a time, and longer if need be: until the operation has met both states.
fn race_once(operation: &'static Operation, setting: Setting, slice: Duration) -> Tally {
    let mut guest = Guest::new();
    // It is compared after each call.
    guest.memory.truncate(1 << 13);
    let scene = Scene::new(&guest, operation, setting);
    let expected = expected(operation, setting.position);
    let (mut tally, swaps, done) = (Tally::default(), AtomicU64::new(0), AtomicBool::new(false));
    std::thread::scope(|threads| {
        threads.spawn(|| swap_until(&done, &swaps, &scene));
        // Even if something below panics: the scope waits for the thread.
        let _stop = Stop(&done);
        let start = Instant::now();
        while tally.escapes.is_empty() && (start.elapsed() < slice || !tally.is_complete(expected))
        {
            run_batch(&mut tally, &mut guest, &scene, expected);
            tally.swaps = swaps.load(Relaxed);
            let late = start.elapsed() > slice + PATIENCE;
            assert!(!late, "{} in {setting:?} is no race: {tally:?}", operation.name);
        }
    });
    tally
}

fn run_batch(tally: &mut Tally, guest: &mut Guest, scene: &Scene, expected: Expected) {
    for _ in 0..BATCH {
        tally.count((scene.operation.run)(guest, scene), expected);
        if !tally.escapes.is_empty() {
            // What is undone after each operation may no longer be there.
            break;
        }
    }
    tally.escapes.extend(scene.outside.change());
}

fn swap_until(done: &AtomicBool, swaps: &AtomicU64, scene: &Scene) {
    while !done.load(Relaxed) {
        if scene.swap() {
            swaps.fetch_add(1, Relaxed);
        }
    }
}

struct Stop<'d>(&'d AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Relaxed);
    }
}
