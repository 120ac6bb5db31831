//! Calls on sockets.

use super::io::{Batch, Vectors};
use crate::abi::Call;
use crate::system::{Errno, Fdflags, MAX_BUFFERS, ReceiveFlags, Result, Shutdown};

/// `ENOTSUP` for flags other than `NONBLOCK`, as node:wasi gives it.
pub fn sock_accept(call: &mut Call<'_>) -> Result<()> {
    let flags = Fdflags::from_bits_retain(call.u16(1));
    if !Fdflags::NONBLOCK.contains(flags) {
        return Err(Errno::NotSup);
    }
    let result = call.region(2, 4)?;
    result.write_u32(0, call.system.sock_accept(call.u32(0), flags)?);
    Ok(())
}

/// `ENOTSUP` for flags other than `RECV_PEEK` and `RECV_WAITALL`.
pub fn sock_recv(call: &mut Call<'_>) -> Result<()> {
    const DATA_TRUNCATED: u16 = 1;
    let vectors = Vectors::new(call, 1)?;
    let (length, flags) = (call.region(4, 4)?, call.region(5, 2)?);
    let mut buffers = Batch::new();
    fill_message(&vectors, &mut buffers)?;
    let asked = ReceiveFlags::from_bits(call.u16(3)).ok_or(Errno::NotSup)?;
    let received = call.system.sock_recv(call.u32(0), &buffers, asked)?;
    // The system moves less than 2^31 bytes at once.
    length.write_u32(0, received.length as u32);
    flags.write_u16(0, if received.truncated { DATA_TRUNCATED } else { 0 });
    Ok(())
}

/// There are no `siflags` yet: `EINVAL` for any.
pub fn sock_send(call: &mut Call<'_>) -> Result<()> {
    let (vectors, result) = (Vectors::new(call, 1)?, call.region(4, 4)?);
    let mut buffers = Batch::new();
    fill_message(&vectors, &mut buffers)?;
    if call.u16(3) != 0 {
        return Err(Errno::Inval);
    }
    // The system moves less than 2^31 bytes at once.
    result.write_u32(0, call.system.sock_send(call.u32(0), &buffers)? as u32);
    Ok(())
}

/// A message is one system call. `EINVAL` for no buffers at all, `EMSGSIZE` for more than the
/// system takes, as `sendmsg(2)` has it.
fn fill_message<'m>(vectors: &Vectors<'m>, buffers: &mut Batch<'m, MAX_BUFFERS>) -> Result<()> {
    vectors.fill(buffers, 0)?;
    match buffers.len() {
        0 => Err(Errno::Inval),
        some if some < vectors.count() => Err(Errno::MsgSize),
        _ => Ok(()),
    }
}

/// `ENOTSUP` for flags other than the read and the write side. Without either nothing happens.
pub fn sock_shutdown(call: &mut Call<'_>) -> Result<()> {
    let how = match call.u8(1) {
        0 => None,
        1 => Some(Shutdown::Read),
        2 => Some(Shutdown::Write),
        3 => Some(Shutdown::Both),
        _ => return Err(Errno::NotSup),
    };
    call.system.sock_shutdown(call.u32(0), how)
}
