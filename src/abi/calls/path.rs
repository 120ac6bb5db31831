//! Calls on paths.

use crate::abi::{Call, layout};
use crate::system::{Fdflags, Oflags, Open, PathBuffer, Result, Rights, RightsPair};

/// The one flag of `lookupflags`; others are left out, as node:wasi does.
const SYMLINK_FOLLOW: u32 = 1;

fn follows(lookupflags: u32) -> bool {
    lookupflags & SYMLINK_FOLLOW != 0
}

pub fn path_create_directory(call: &mut Call<'_>) -> Result<()> {
    let mut buffer = PathBuffer::default();
    let path = call.path(1, &mut buffer)?;
    call.system.path_create_directory(call.u32(0), path)
}

pub fn path_filestat_get(call: &mut Call<'_>) -> Result<()> {
    let mut buffer = PathBuffer::default();
    let path = call.path(2, &mut buffer)?;
    let result = call.region(4, call.version.filestat_size())?;
    let stat = call.system.path_filestat_get(call.u32(0), follows(call.u32(1)), path)?;
    call.version.write_filestat(&result, &stat)
}

pub fn path_filestat_set_times(call: &mut Call<'_>) -> Result<()> {
    let mut buffer = PathBuffer::default();
    let path = call.path(2, &mut buffer)?;
    let times = layout::set_times(call.u64(4), call.u64(5), call.u16(6));
    call.system.path_filestat_set_times(call.u32(0), follows(call.u32(1)), path, times)
}

pub fn path_link(call: &mut Call<'_>) -> Result<()> {
    let mut buffers = <[PathBuffer; 2]>::default();
    let [old, new] = &mut buffers;
    let (old_path, new_path) = (call.path(2, old)?, call.path(5, new)?);
    let old = (call.u32(0), follows(call.u32(1)), old_path);
    call.system.path_link(old, (call.u32(4), new_path))
}

/// Flags without a meaning are left out, as node:wasi does.
pub fn path_open(call: &mut Call<'_>) -> Result<()> {
    let mut buffer = PathBuffer::default();
    let (path, result) = (call.path(2, &mut buffer)?, call.region(8, 4)?);
    let open = Open {
        follow: follows(call.u32(1)),
        oflags: Oflags::from_bits_truncate(call.u16(4)),
        rights: RightsPair {
            base: Rights::from_bits_retain(call.u64(5)),
            inheriting: Rights::from_bits_retain(call.u64(6)),
        },
        fdflags: Fdflags::from_bits_truncate(call.u16(7)),
    };
    result.write_u32(0, call.system.path_open(call.u32(0), path, open)?);
    Ok(())
}

/// Like `readlink(2)`: what does not fit is left out, there is no NUL.
pub fn path_readlink(call: &mut Call<'_>) -> Result<()> {
    let mut buffer = PathBuffer::default();
    let path = call.path(1, &mut buffer)?;
    let (content, used) = (call.region(3, call.u32(4).into())?, call.region(5, 4)?);
    let target = call.system.path_readlink(call.u32(0), path)?;
    content.write_truncated(0, &target);
    // At most the length, which was a u32.
    used.write_u32(0, target.len().min(content.len()) as u32);
    Ok(())
}

pub fn path_remove_directory(call: &mut Call<'_>) -> Result<()> {
    let mut buffer = PathBuffer::default();
    let path = call.path(1, &mut buffer)?;
    call.system.path_remove_directory(call.u32(0), path)
}

pub fn path_rename(call: &mut Call<'_>) -> Result<()> {
    let mut buffers = <[PathBuffer; 2]>::default();
    let [old, new] = &mut buffers;
    let (old_path, new_path) = (call.path(1, old)?, call.path(4, new)?);
    call.system.path_rename((call.u32(0), old_path), (call.u32(3), new_path))
}

pub fn path_symlink(call: &mut Call<'_>) -> Result<()> {
    let mut buffers = <[PathBuffer; 2]>::default();
    let [old, new] = &mut buffers;
    let (content, path) = (call.path(0, old)?, call.path(3, new)?);
    call.system.path_symlink(content, call.u32(2), path)
}

pub fn path_unlink_file(call: &mut Call<'_>) -> Result<()> {
    let mut buffer = PathBuffer::default();
    let path = call.path(1, &mut buffer)?;
    call.system.path_unlink_file(call.u32(0), path)
}
