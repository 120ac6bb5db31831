//! Random bytes.

use crate::abi::Call;
use crate::system::{Result, fill_random};

/// Filled piece by piece in memory of the host: guest memory may be shared.
const PIECE: usize = 4096;

pub fn random_get(call: &mut Call<'_>) -> Result<()> {
    let region = call.region(0, call.u32(1).into())?;
    let mut piece = [0; PIECE];
    for start in (0..region.len()).step_by(PIECE) {
        let some = &mut piece[..PIECE.min(region.len() - start)];
        fill_random(some)?;
        region.write(start, some);
    }
    Ok(())
}
