//! `wasi.share()` and the option `share`: descriptors for WASI objects of several threads.

use std::collections::HashMap;
use std::sync::Mutex;

use crate::system::{SharedDescriptors, WeakDescriptors, lock};

/// A name for shared descriptors that passes through `postMessage`, and that nobody guesses.
pub type Token = String;

/// What the tokens stand for. It keeps nothing open: that do the objects.
static SHARED: Mutex<Option<HashMap<Token, WeakDescriptors>>> = Mutex::new(None);

/// Makes a token out of random bytes.
pub fn publish(descriptors: &SharedDescriptors, random: [u8; 16]) -> Token {
    let token: Token = random.iter().map(|byte| format!("{byte:02x}")).collect();
    let mut shared = lock(&SHARED);
    let shared = shared.get_or_insert_default();
    shared.retain(|_, descriptors| descriptors.is_alive());
    shared.insert(token.clone(), descriptors.downgrade());
    token
}

/// `None` for what is no token, or no longer.
pub fn find(token: &str) -> Option<SharedDescriptors> {
    lock(&SHARED).as_ref()?.get(token)?.upgrade()
}
