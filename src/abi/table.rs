//! Every function of preview1, once. The import object, the trampoline and every engine's linker
//! are made from this table.

use super::calls::{args, clock, fd, io, path, poll, proc, random, sock};
use super::{Call, Failure};

/// Type of a parameter in WebAssembly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ValueType {
    /// 32 bits: pointers, lengths, descriptors, flags.
    I32,
    /// 64 bits: offsets, sizes, times, rights.
    I64,
}

use ValueType::{I32, I64};

/// Most parameters of a function.
pub const MAX_PARAMETERS: usize = 9;

/// A function that a guest can import. Both ABIs have the same ones.
pub struct Function {
    /// Name of the import.
    pub name: &'static str,
    /// Types of its parameters.
    pub parameters: &'static [ValueType],
    /// What it does.
    pub handler: fn(&mut Call<'_>) -> Result<(), Failure>,
}

impl Function {
    /// Whether it returns an errno: all but `proc_exit`, which does not return.
    pub fn returns_errno(&self) -> bool {
        self.name != "proc_exit"
    }
}

macro_rules! functions {
    ($($module:ident::$name:ident($($parameter:ident),*);)*) => {
        /// All functions, in the order in which node:wasi lists them.
        pub const FUNCTIONS: &[Function] = &[
            $(Function {
                name: stringify!($name),
                parameters: &[$($parameter),*],
                handler: |call| $module::$name(call).map_err(Failure::from),
            },)*
        ];
    };
}

functions! {
    args::args_get(I32, I32);
    args::args_sizes_get(I32, I32);
    clock::clock_res_get(I32, I32);
    clock::clock_time_get(I32, I64, I32);
    args::environ_get(I32, I32);
    args::environ_sizes_get(I32, I32);
    fd::fd_advise(I32, I64, I64, I32);
    fd::fd_allocate(I32, I64, I64);
    fd::fd_close(I32);
    fd::fd_datasync(I32);
    fd::fd_fdstat_get(I32, I32);
    fd::fd_fdstat_set_flags(I32, I32);
    fd::fd_fdstat_set_rights(I32, I64, I64);
    fd::fd_filestat_get(I32, I32);
    fd::fd_filestat_set_size(I32, I64);
    fd::fd_filestat_set_times(I32, I64, I64, I32);
    io::fd_pread(I32, I32, I32, I64, I32);
    fd::fd_prestat_get(I32, I32);
    fd::fd_prestat_dir_name(I32, I32, I32);
    io::fd_pwrite(I32, I32, I32, I64, I32);
    io::fd_read(I32, I32, I32, I32);
    fd::fd_readdir(I32, I32, I32, I64, I32);
    fd::fd_renumber(I32, I32);
    fd::fd_seek(I32, I64, I32, I32);
    fd::fd_sync(I32);
    fd::fd_tell(I32, I32);
    io::fd_write(I32, I32, I32, I32);
    path::path_create_directory(I32, I32, I32);
    path::path_filestat_get(I32, I32, I32, I32, I32);
    path::path_filestat_set_times(I32, I32, I32, I32, I64, I64, I32);
    path::path_link(I32, I32, I32, I32, I32, I32, I32);
    path::path_open(I32, I32, I32, I32, I32, I64, I64, I32, I32);
    path::path_readlink(I32, I32, I32, I32, I32, I32);
    path::path_remove_directory(I32, I32, I32);
    path::path_rename(I32, I32, I32, I32, I32, I32);
    path::path_symlink(I32, I32, I32, I32, I32);
    path::path_unlink_file(I32, I32, I32);
    poll::poll_oneoff(I32, I32, I32, I32);
    proc::proc_exit(I32);
    proc::proc_raise(I32);
    random::random_get(I32, I32);
    proc::sched_yield();
    sock::sock_accept(I32, I32, I32);
    sock::sock_recv(I32, I32, I32, I32, I32, I32);
    sock::sock_send(I32, I32, I32, I32, I32);
    sock::sock_shutdown(I32, I32);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_46_and_the_longest_fits() {
        assert_eq!(FUNCTIONS.len(), 46);
        let longest = FUNCTIONS.iter().map(|function| function.parameters.len()).max();
        assert_eq!(longest, Some(MAX_PARAMETERS));
    }
}
