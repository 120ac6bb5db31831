//! Random bytes.
#![allow(unsafe_code)] // Being told of a fork.

use std::sync::Once;
use std::sync::atomic::{AtomicU64, Ordering};

use rand::rngs::ChaCha12Rng;
use rand::{Rng, SeedableRng};

use super::Result;

/// How many bytes one seed gives: as many as `ThreadRng` of the same library takes from one.
const BYTES_PER_SEED: usize = 64 * 1024;

/// A cryptographic generator in user space, so that random bytes cost no system call each. The
/// kernel's gives the seed, a new one every 64 KiB and in a forked process.
#[derive(Debug, Default)]
pub struct Random {
    seeded: Option<Seeded>,
}

#[derive(Debug)]
struct Seeded {
    generator: ChaCha12Rng,
    /// Without end where the seed is the host's.
    bytes_left: u64,
    /// `forks()` when it was seeded; `None` when that is no matter.
    forks: Option<u64>,
}

impl Random {
    /// A generator that gives the same bytes for the same seed, for as long as anyone asks.
    pub fn from_seed(seed: [u8; 32]) -> Self {
        let generator = ChaCha12Rng::from_seed(seed);
        Random { seeded: Some(Seeded { generator, bytes_left: u64::MAX, forks: None }) }
    }

    /// Fills `bytes`.
    ///
    /// Errors: those of the kernel's generator.
    pub fn fill(&mut self, bytes: &mut [u8]) -> Result<()> {
        for piece in bytes.chunks_mut(BYTES_PER_SEED) {
            let seeded = self.ready_for(piece.len())?;
            seeded.bytes_left -= piece.len() as u64;
            seeded.generator.fill_bytes(piece);
        }
        Ok(())
    }

    /// Seeded anew where it must be; `length` is at most what one seed gives.
    fn ready_for(&mut self, length: usize) -> Result<&mut Seeded> {
        let forks = forks();
        let good = |seeded: &Seeded| {
            seeded.bytes_left >= length as u64 && seeded.forks.is_none_or(|before| before == forks)
        };
        if !self.seeded.as_ref().is_some_and(good) {
            self.seeded = Some(Seeded::new(forks)?);
        }
        Ok(self.seeded.as_mut().expect("seeded above"))
    }
}

impl Seeded {
    fn new(forks: u64) -> Result<Self> {
        let mut seed = <ChaCha12Rng as SeedableRng>::Seed::default();
        fill_from_kernel(&mut seed)?;
        Ok(Seeded {
            generator: ChaCha12Rng::from_seed(seed),
            bytes_left: BYTES_PER_SEED as u64,
            forks: Some(forks),
        })
    }
}

static FORKS: AtomicU64 = AtomicU64::new(0);

/// How often this process has come of a fork since it first asked: parent and child must not go on
/// with the same generator.
fn forks() -> u64 {
    extern "C" fn count() {
        FORKS.fetch_add(1, Ordering::Relaxed);
    }
    static REGISTERED: Once = Once::new();
    // SAFETY: the handler may run in a child of many threads: it does but one atomic operation.
    REGISTERED.call_once(|| unsafe {
        libc::pthread_atfork(None, None, Some(count));
    });
    FORKS.load(Ordering::Relaxed)
}

fn fill_from_kernel(bytes: &mut [u8]) -> Result<()> {
    let mut filled = 0;
    while filled < bytes.len() {
        filled += super::buffer::retry_on_intr(|| some_random(&mut bytes[filled..]))?;
    }
    Ok(())
}

#[cfg(target_os = "linux")]
fn some_random(bytes: &mut [u8]) -> Result<usize> {
    Ok(rustix::rand::getrandom(bytes, rustix::rand::GetRandomFlags::empty())?)
}

#[cfg(not(target_os = "linux"))]
fn some_random(bytes: &mut [u8]) -> Result<usize> {
    use std::io::Read;
    Ok(std::fs::File::open("/dev/urandom")?.read(bytes)?)
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    /// The bytes that a known seed gives.
    fn known() -> ChaCha12Rng {
        ChaCha12Rng::from_seed([7; 32])
    }

    fn take<const N: usize>(random: &mut Random) -> [u8; N] {
        let mut bytes = [0; N];
        random.fill(&mut bytes).unwrap();
        bytes
    }

    #[test]
    fn takes_a_new_seed_when_one_is_used_up() {
        let seeded = Seeded { generator: known(), bytes_left: 64, forks: Some(forks()) };
        let mut random = Random { seeded: Some(seeded) };
        let mut expected = [[0; 64]; 2];
        let mut generator = known();
        expected.iter_mut().for_each(|bytes| generator.fill_bytes(bytes));
        assert_eq!(take(&mut random), expected[0]);
        assert_ne!(take(&mut random), expected[1]);
        assert_eq!(random.seeded.map(|seeded| seeded.bytes_left), Some(BYTES_PER_SEED as u64 - 64));
    }

    #[test]
    fn fills_more_than_one_seed_gives() {
        let mut bytes = vec![0; 3 * BYTES_PER_SEED + 1];
        Random::default().fill(&mut bytes).unwrap();
        assert!(bytes.chunks(32).all(|some| some.len() < 32 || some.iter().any(|&byte| byte != 0)));
    }

    /// The child tells by a pipe what it gets.
    #[test]
    fn a_forked_process_goes_on_with_other_bytes() {
        let mut random = Random::default();
        take::<5>(&mut random);
        let (mut reader, writer) = std::io::pipe().unwrap();
        // SAFETY: the child allocates nothing and leaves at once.
        let child = unsafe { libc::fork() };
        if child == 0 {
            let mut bytes = [0; 32];
            let result = random.fill(&mut bytes).map(|()| rustix::io::write(&writer, &bytes));
            // SAFETY: ends the child before the test harness notices it.
            unsafe { libc::_exit(i32::from(result != Ok(Ok(32)))) };
        }
        let mut of_child = [0; 32];
        reader.read_exact(&mut of_child).unwrap();
        assert_ne!(take(&mut random), of_child);
        // SAFETY: waits for a child of this test.
        assert_eq!(unsafe { libc::waitpid(child, std::ptr::null_mut(), 0) }, child);
    }
}
