//! Calls on descriptors, other than reading and writing.

use crate::abi::layout::{self, DIRENT_SIZE, FDSTAT_SIZE, PRESTAT_SIZE};
use crate::abi::{Call, Region};
use crate::system::{DirectoryEntry, DirectoryVisitor, Errno, Fdflags, Result, Rights, RightsPair};

pub fn fd_advise(call: &mut Call<'_>) -> Result<()> {
    let advice = layout::advice(call.u8(3))?;
    call.system.fd_advise(call.u32(0), call.u64(1), call.u64(2), advice)
}

pub fn fd_allocate(call: &mut Call<'_>) -> Result<()> {
    call.system.fd_allocate(call.u32(0), call.u64(1), call.u64(2))
}

pub fn fd_close(call: &mut Call<'_>) -> Result<()> {
    call.system.fd_close(call.u32(0))
}

pub fn fd_datasync(call: &mut Call<'_>) -> Result<()> {
    call.system.fd_datasync(call.u32(0))
}

pub fn fd_fdstat_get(call: &mut Call<'_>) -> Result<()> {
    let result = call.region(1, FDSTAT_SIZE)?;
    layout::write_fdstat(&result, &call.system.fd_fdstat_get(call.u32(0))?);
    Ok(())
}

/// Flags without a meaning are left out, as node:wasi does.
pub fn fd_fdstat_set_flags(call: &mut Call<'_>) -> Result<()> {
    call.system.fd_fdstat_set_flags(call.u32(0), Fdflags::from_bits_truncate(call.u16(1)))
}

pub fn fd_fdstat_set_rights(call: &mut Call<'_>) -> Result<()> {
    let base = Rights::from_bits_retain(call.u64(1));
    let inheriting = Rights::from_bits_retain(call.u64(2));
    call.system.fd_fdstat_set_rights(call.u32(0), RightsPair { base, inheriting })
}

pub fn fd_filestat_get(call: &mut Call<'_>) -> Result<()> {
    let result = call.region(1, call.version.filestat_size())?;
    call.version.write_filestat(&result, &call.system.fd_filestat_get(call.u32(0))?)
}

pub fn fd_filestat_set_size(call: &mut Call<'_>) -> Result<()> {
    call.system.fd_filestat_set_size(call.u32(0), call.u64(1))
}

pub fn fd_filestat_set_times(call: &mut Call<'_>) -> Result<()> {
    let times = layout::set_times(call.u64(1), call.u64(2), call.u16(3))?;
    call.system.fd_filestat_set_times(call.u32(0), times)
}

pub fn fd_prestat_get(call: &mut Call<'_>) -> Result<()> {
    const DIRECTORY: u8 = 0;
    let result = call.region(1, PRESTAT_SIZE)?;
    let name = call.system.preopen_name(call.u32(0))?;
    let length = u32::try_from(name.len()).map_err(|_| Errno::Overflow)?;
    result.write_u8(0, DIRECTORY);
    result.write_u32(4, length);
    Ok(())
}

/// `ENAMETOOLONG` when the name does not fit.
pub fn fd_prestat_dir_name(call: &mut Call<'_>) -> Result<()> {
    let result = call.region(1, call.u32(2).into())?;
    let name = call.system.preopen_name(call.u32(0))?;
    if name.len() > result.len() {
        return Err(Errno::NameTooLong);
    }
    result.write(0, &name);
    Ok(())
}

pub fn fd_readdir(call: &mut Call<'_>) -> Result<()> {
    let entries = call.region(1, call.u32(2).into())?;
    let used = call.region(4, 4)?;
    let mut writer = DirentWriter { entries, used: 0 };
    call.system.fd_readdir(call.u32(0), call.u64(3), &mut writer)?;
    // At most the length, which was a u32.
    used.write_u32(0, writer.used as u32);
    Ok(())
}

/// Fills the guest's buffer to the last byte: a rest that stays empty means the end.
struct DirentWriter<'m> {
    entries: Region<'m>,
    used: usize,
}

impl DirectoryVisitor for DirentWriter<'_> {
    fn visit(&mut self, entry: &DirectoryEntry) -> bool {
        self.entries.write_truncated(self.used, &layout::dirent(entry));
        self.entries.write_truncated(self.used + DIRENT_SIZE, entry.name());
        let end = self.used + DIRENT_SIZE + entry.name().len();
        self.used = end.min(self.entries.len());
        end <= self.entries.len()
    }
}

pub fn fd_renumber(call: &mut Call<'_>) -> Result<()> {
    call.system.fd_renumber(call.u32(0), call.u32(1))
}

pub fn fd_seek(call: &mut Call<'_>) -> Result<()> {
    let result = call.region(3, 8)?;
    let whence = call.version.whence(call.u8(2));
    result.write_u64(0, call.system.fd_seek(call.u32(0), call.i64(1), whence)?);
    Ok(())
}

pub fn fd_sync(call: &mut Call<'_>) -> Result<()> {
    call.system.fd_sync(call.u32(0))
}

pub fn fd_tell(call: &mut Call<'_>) -> Result<()> {
    let result = call.region(1, 8)?;
    result.write_u64(0, call.system.fd_tell(call.u32(0))?);
    Ok(())
}
