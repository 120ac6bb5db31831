//! What the host itself may use.

/// Descriptors that a guest may have when nobody says otherwise: a quarter of what the host may
/// have, since a directory that is being read takes two, and 65,536 at most.
pub fn default_max_files() -> u32 {
    const MOST: u64 = 65_536;
    let host = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    let quarter = host.map_or(MOST, |host| host / 4);
    quarter.min(MOST) as u32
}
