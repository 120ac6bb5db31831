//! Random bytes.

use crate::abi::Call;
use crate::system::Result;

/// Filled piece by piece in memory of the host: guest memory may be shared.
const PIECE: usize = 4096;

pub fn random_get(call: &mut Call<'_>) -> Result<()> {
    /// A key or a seed; the stack of this size is all that is touched then.
    const FEW: usize = 64;
    if call.u32(1) <= FEW as u32 { fill::<FEW>(call) } else { fill::<PIECE>(call) }
}

#[inline(never)]
fn fill<const PIECE: usize>(call: &mut Call<'_>) -> Result<()> {
    let region = call.region(0, call.u32(1).into())?;
    let (mut piece, mut pace) = ([0; PIECE], call.system.pace());
    for start in (0..region.len()).step_by(PIECE) {
        pace.step(PIECE)?;
        let some = &mut piece[..PIECE.min(region.len() - start)];
        call.system.random_get(some)?;
        region.write(start, some);
    }
    Ok(())
}
