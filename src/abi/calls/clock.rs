//! Clocks.

use crate::abi::{Call, layout};
use crate::system::{Result, resolution, time};

pub fn clock_res_get(call: &mut Call<'_>) -> Result<()> {
    let result = call.region(1, 8)?;
    result.write_u64(0, resolution(layout::clock(call.u32(0))?));
    Ok(())
}

/// The precision, argument 1, is a wish: every clock is as precise as it can be.
pub fn clock_time_get(call: &mut Call<'_>) -> Result<()> {
    let result = call.region(2, 8)?;
    result.write_u64(0, time(layout::clock(call.u32(0))?));
    Ok(())
}
