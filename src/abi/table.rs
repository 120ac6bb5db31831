//! Every function of preview1, once. The import object, the trampoline and every engine's linker
//! are made from this table.

use super::calls::{args, clock, fd, io, path, poll, proc, random, sock};
use super::witx::{Kind::*, *};
use super::{Call, Failure};

/// Type of a parameter in WebAssembly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ValueType {
    /// 32 bits: pointers, lengths, descriptors, flags.
    I32,
    /// 64 bits: offsets, sizes, times, rights.
    I64,
}

/// Most parameters of a function.
pub const MAX_PARAMETERS: usize = 9;

/// A function that a guest can import. Both ABIs have the same ones.
pub struct Function {
    /// Name of the import.
    pub name: &'static str,
    /// Its parameters.
    pub parameters: &'static [Parameter],
    /// What it does.
    pub handler: fn(&mut Call<'_>) -> Result<(), Failure>,
}

impl Function {
    /// Types of its parameters.
    pub fn value_types(&self) -> impl ExactSizeIterator<Item = ValueType> {
        self.parameters.iter().map(|parameter| parameter.kind.value_type())
    }

    /// Whether it returns an errno: all but `proc_exit`, which does not return.
    pub fn returns_errno(&self) -> bool {
        self.name != "proc_exit"
    }
}

macro_rules! functions {
    ($($module:ident::$name:ident($($parameter:ident: $kind:expr),*);)*) => {
        /// All functions, in the order in which node:wasi lists them.
        pub const FUNCTIONS: &[Function] = &[
            $(Function {
                name: stringify!($name),
                parameters: &[$(Parameter { name: stringify!($parameter), kind: $kind }),*],
                handler: |call| $module::$name(call).map_err(Failure::from),
            },)*
        ];
    };
}

functions! {
    args::args_get(argv: POINTER, argv_buf: POINTER);
    args::args_sizes_get(argc: Out(&SIZE), argv_buf_size: Out(&SIZE));
    clock::clock_res_get(id: CLOCKID, resolution: Out(&TIMESTAMP));
    clock::clock_time_get(id: CLOCKID, precision: TIMESTAMP, time: Out(&TIMESTAMP));
    args::environ_get(environ: POINTER, environ_buf: POINTER);
    args::environ_sizes_get(environc: Out(&SIZE), environ_buf_size: Out(&SIZE));
    fd::fd_advise(fd: FD, offset: FILESIZE, len: FILESIZE, advice: ADVICE);
    fd::fd_allocate(fd: FD, offset: FILESIZE, len: FILESIZE);
    fd::fd_close(fd: FD);
    fd::fd_datasync(fd: FD);
    fd::fd_fdstat_get(fd: FD, stat: Out(&Fdstat));
    fd::fd_fdstat_set_flags(fd: FD, flags: FDFLAGS);
    fd::fd_fdstat_set_rights(fd: FD, fs_rights_base: RIGHTS, fs_rights_inheriting: RIGHTS);
    fd::fd_filestat_get(fd: FD, buf: Out(&Filestat));
    fd::fd_filestat_set_size(fd: FD, size: FILESIZE);
    fd::fd_filestat_set_times(fd: FD, atim: TIMESTAMP, mtim: TIMESTAMP, fst_flags: FSTFLAGS);
    io::fd_pread(fd: FD, iovs: Iovecs, iovs_len: Length, offset: FILESIZE, nread: Out(&SIZE));
    fd::fd_prestat_get(fd: FD, buf: Out(&Prestat));
    fd::fd_prestat_dir_name(fd: FD, path: Out(&String), path_len: SIZE);
    io::fd_pwrite(fd: FD, iovs: Iovecs, iovs_len: Length, offset: FILESIZE, nwritten: Out(&SIZE));
    io::fd_read(fd: FD, iovs: Iovecs, iovs_len: Length, nread: Out(&SIZE));
    fd::fd_readdir(fd: FD, buf: POINTER, buf_len: SIZE, cookie: DIRCOOKIE, bufused: Out(&SIZE));
    fd::fd_renumber(fd: FD, to: FD);
    fd::fd_seek(fd: FD, offset: FILEDELTA, whence: WHENCE, newoffset: Out(&FILESIZE));
    fd::fd_sync(fd: FD);
    fd::fd_tell(fd: FD, offset: Out(&FILESIZE));
    io::fd_write(fd: FD, iovs: Iovecs, iovs_len: Length, nwritten: Out(&SIZE));
    path::path_create_directory(fd: FD, path: String, path_len: Length);
    path::path_filestat_get(fd: FD, flags: LOOKUPFLAGS, path: String, path_len: Length,
        buf: Out(&Filestat));
    path::path_filestat_set_times(fd: FD, flags: LOOKUPFLAGS, path: String, path_len: Length,
        atim: TIMESTAMP, mtim: TIMESTAMP, fst_flags: FSTFLAGS);
    path::path_link(old_fd: FD, old_flags: LOOKUPFLAGS, old_path: String, old_path_len: Length,
        new_fd: FD, new_path: String, new_path_len: Length);
    path::path_open(fd: FD, dirflags: LOOKUPFLAGS, path: String, path_len: Length, oflags: OFLAGS,
        fs_rights_base: RIGHTS, fs_rights_inheriting: RIGHTS, fdflags: FDFLAGS,
        opened_fd: Out(&FD));
    path::path_readlink(fd: FD, path: String, path_len: Length, buf: Out(&Content), buf_len: SIZE,
        bufused: Out(&SIZE));
    path::path_remove_directory(fd: FD, path: String, path_len: Length);
    path::path_rename(fd: FD, old_path: String, old_path_len: Length, new_fd: FD,
        new_path: String, new_path_len: Length);
    path::path_symlink(old_path: String, old_path_len: Length, fd: FD, new_path: String,
        new_path_len: Length);
    path::path_unlink_file(fd: FD, path: String, path_len: Length);
    poll::poll_oneoff(in: Subscriptions, out: Out(&Events), nsubscriptions: SIZE,
        nevents: Out(&SIZE));
    proc::proc_exit(rval: EXITCODE);
    proc::proc_raise(sig: SIGNAL);
    random::random_get(buf: POINTER, buf_len: SIZE);
    proc::sched_yield();
    sock::sock_accept(fd: FD, flags: FDFLAGS, opened_fd: Out(&FD));
    sock::sock_recv(fd: FD, ri_data: Iovecs, ri_data_len: Length, ri_flags: RIFLAGS,
        ro_datalen: Out(&SIZE), ro_flags: Out(&ROFLAGS));
    sock::sock_send(fd: FD, si_data: Iovecs, si_data_len: Length, si_flags: SIFLAGS,
        so_datalen: Out(&SIZE));
    sock::sock_shutdown(fd: FD, how: SDFLAGS);
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
