//! Locking what no panic leaves half changed.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks, also after a panic of whoever had it locked: nobody here panics between two changes that
/// belong together.
pub fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
