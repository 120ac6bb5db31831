//! Clocks.

use crate::abi::{Call, layout};
use crate::system::Result;

pub fn clock_res_get(call: &mut Call<'_>) -> Result<()> {
    let result = call.region(1, 8)?;
    let clock = layout::clock(call.u32(0))?;
    result.write_u64(0, call.system.clock_res_get(clock));
    Ok(())
}

/// The precision, argument 1, is a wish: every clock is as precise as it can be.
pub fn clock_time_get(call: &mut Call<'_>) -> Result<()> {
    let result = call.region(2, 8)?;
    let clock = layout::clock(call.u32(0))?;
    result.write_u64(0, call.system.clock_time_get(clock));
    Ok(())
}
