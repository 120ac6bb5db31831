//! Random bytes.

use super::Result;

/// Fills `bytes` from the kernel's cryptographic generator.
pub fn fill_random(bytes: &mut [u8]) -> Result<()> {
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
