//! Arguments and environment.

use crate::abi::{Call, Region};
use crate::system::{Result, Strings};

pub fn args_sizes_get(call: &mut Call<'_>) -> Result<()> {
    let (count, size) = (call.region(0, 4)?, call.region(1, 4)?);
    write_sizes(&call.system.args, &count, &size);
    Ok(())
}

pub fn environ_sizes_get(call: &mut Call<'_>) -> Result<()> {
    let (count, size) = (call.region(0, 4)?, call.region(1, 4)?);
    write_sizes(&call.system.environ, &count, &size);
    Ok(())
}

pub fn args_get(call: &mut Call<'_>) -> Result<()> {
    write_strings(call, &call.system.args)
}

pub fn environ_get(call: &mut Call<'_>) -> Result<()> {
    write_strings(call, &call.system.environ)
}

fn write_sizes(strings: &Strings, count: &Region<'_>, size: &Region<'_>) {
    count.write_u32(0, strings.count());
    size.write_u32(0, strings.size());
}

/// The strings one after the other, each with its NUL, and a pointer to each.
fn write_strings(call: &Call<'_>, strings: &Strings) -> Result<()> {
    let pointers = call.region(0, u64::from(strings.count()) * 4)?;
    let bytes = call.region(1, strings.size().into())?;
    let mut at = 0;
    for (index, string) in strings.iter().enumerate() {
        // In bounds, so it fits 32 bits.
        pointers.write_u32(index * 4, call.u32(1) + at as u32);
        bytes.write(at, string);
        bytes.write_u8(at + string.len(), 0);
        at += string.len() + 1;
    }
    Ok(())
}
