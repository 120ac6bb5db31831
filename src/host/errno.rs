//! The errors of WASI, and the one place where an error of the operating system becomes one.

macro_rules! errnos {
    ($($variant:ident $name:literal $doc:literal,)*) => {
        /// Error of a WASI call, as the `errno` type of
        /// [preview1](https://github.com/WebAssembly/WASI/blob/wasi-0.1/preview1/docs.md#errno)
        /// lists them, in its order. The number is given by `abi`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Errno {
            $(#[doc = $doc] $variant,)*
        }

        impl Errno {
            /// The POSIX name, for example `EBADF`.
            pub const fn name(self) -> &'static str {
                match self { $(Errno::$variant => $name,)* }
            }
        }
    };
}

errnos! {
    Success "ESUCCESS" "No error occurred.",
    TooBig "E2BIG" "Argument list too long.",
    Acces "EACCES" "Permission denied.",
    AddrInUse "EADDRINUSE" "Address in use.",
    AddrNotAvail "EADDRNOTAVAIL" "Address not available.",
    AfNoSupport "EAFNOSUPPORT" "Address family not supported.",
    Again "EAGAIN" "Resource unavailable, or operation would block.",
    Already "EALREADY" "Connection already in progress.",
    Badf "EBADF" "Bad file descriptor.",
    BadMsg "EBADMSG" "Bad message.",
    Busy "EBUSY" "Device or resource busy.",
    Canceled "ECANCELED" "Operation canceled.",
    Child "ECHILD" "No child processes.",
    ConnAborted "ECONNABORTED" "Connection aborted.",
    ConnRefused "ECONNREFUSED" "Connection refused.",
    ConnReset "ECONNRESET" "Connection reset.",
    Deadlk "EDEADLK" "Resource deadlock would occur.",
    DestAddrReq "EDESTADDRREQ" "Destination address required.",
    Dom "EDOM" "Mathematics argument out of domain of function.",
    Dquot "EDQUOT" "Reserved.",
    Exist "EEXIST" "File exists.",
    Fault "EFAULT" "Bad address.",
    Fbig "EFBIG" "File too large.",
    HostUnreach "EHOSTUNREACH" "Host is unreachable.",
    Idrm "EIDRM" "Identifier removed.",
    Ilseq "EILSEQ" "Illegal byte sequence.",
    InProgress "EINPROGRESS" "Operation in progress.",
    Intr "EINTR" "Interrupted function.",
    Inval "EINVAL" "Invalid argument.",
    Io "EIO" "I/O error.",
    IsConn "EISCONN" "Socket is connected.",
    IsDir "EISDIR" "Is a directory.",
    Loop "ELOOP" "Too many levels of symbolic links.",
    Mfile "EMFILE" "File descriptor value too large.",
    Mlink "EMLINK" "Too many links.",
    MsgSize "EMSGSIZE" "Message too large.",
    Multihop "EMULTIHOP" "Reserved.",
    NameTooLong "ENAMETOOLONG" "Filename too long.",
    NetDown "ENETDOWN" "Network is down.",
    NetReset "ENETRESET" "Connection aborted by network.",
    NetUnreach "ENETUNREACH" "Network unreachable.",
    Nfile "ENFILE" "Too many files open in system.",
    NoBufs "ENOBUFS" "No buffer space available.",
    NoDev "ENODEV" "No such device.",
    NoEnt "ENOENT" "No such file or directory.",
    NoExec "ENOEXEC" "Executable file format error.",
    NoLck "ENOLCK" "No locks available.",
    NoLink "ENOLINK" "Reserved.",
    NoMem "ENOMEM" "Not enough space.",
    NoMsg "ENOMSG" "No message of the desired type.",
    NoProtoOpt "ENOPROTOOPT" "Protocol not available.",
    NoSpc "ENOSPC" "No space left on device.",
    NoSys "ENOSYS" "Function not supported.",
    NotConn "ENOTCONN" "The socket is not connected.",
    NotDir "ENOTDIR" "Not a directory or a symbolic link to a directory.",
    NotEmpty "ENOTEMPTY" "Directory not empty.",
    NotRecoverable "ENOTRECOVERABLE" "State not recoverable.",
    NotSock "ENOTSOCK" "Not a socket.",
    NotSup "ENOTSUP" "Not supported, or operation not supported on socket.",
    NotTy "ENOTTY" "Inappropriate I/O control operation.",
    Nxio "ENXIO" "No such device or address.",
    Overflow "EOVERFLOW" "Value too large to be stored in data type.",
    OwnerDead "EOWNERDEAD" "Previous owner died.",
    Perm "EPERM" "Operation not permitted.",
    Pipe "EPIPE" "Broken pipe.",
    Proto "EPROTO" "Protocol error.",
    ProtoNoSupport "EPROTONOSUPPORT" "Protocol not supported.",
    Prototype "EPROTOTYPE" "Protocol wrong type for socket.",
    Range "ERANGE" "Result too large.",
    Rofs "EROFS" "Read-only file system.",
    Spipe "ESPIPE" "Invalid seek.",
    Srch "ESRCH" "No such process.",
    Stale "ESTALE" "Reserved.",
    TimedOut "ETIMEDOUT" "Connection timed out.",
    TxtBsy "ETXTBSY" "Text file busy.",
    Xdev "EXDEV" "Cross-device link.",
    NotCapable "ENOTCAPABLE" "Extension: capabilities insufficient.",
}

/// Result of a host operation.
pub type Result<T> = std::result::Result<T, Errno>;

impl std::fmt::Display for Errno {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl std::error::Error for Errno {}

impl From<std::io::Error> for Errno {
    fn from(error: std::io::Error) -> Self {
        rustix::io::Errno::from_io_error(&error).map_or(Errno::Io, Errno::from)
    }
}

impl From<rustix::io::Errno> for Errno {
    fn from(error: rustix::io::Errno) -> Self {
        use rustix::io::Errno as Os;
        match error {
            Os::TOOBIG => Errno::TooBig,
            Os::ACCESS => Errno::Acces,
            Os::ADDRINUSE => Errno::AddrInUse,
            Os::ADDRNOTAVAIL => Errno::AddrNotAvail,
            Os::AFNOSUPPORT => Errno::AfNoSupport,
            Os::AGAIN => Errno::Again,
            Os::ALREADY => Errno::Already,
            Os::BADF => Errno::Badf,
            Os::BADMSG => Errno::BadMsg,
            Os::BUSY => Errno::Busy,
            Os::CANCELED => Errno::Canceled,
            Os::CHILD => Errno::Child,
            Os::CONNABORTED => Errno::ConnAborted,
            Os::CONNREFUSED => Errno::ConnRefused,
            Os::CONNRESET => Errno::ConnReset,
            Os::DEADLK => Errno::Deadlk,
            Os::DESTADDRREQ => Errno::DestAddrReq,
            Os::DOM => Errno::Dom,
            Os::DQUOT => Errno::Dquot,
            Os::EXIST => Errno::Exist,
            Os::FAULT => Errno::Fault,
            Os::FBIG => Errno::Fbig,
            Os::HOSTUNREACH => Errno::HostUnreach,
            Os::IDRM => Errno::Idrm,
            Os::ILSEQ => Errno::Ilseq,
            Os::INPROGRESS => Errno::InProgress,
            Os::INTR => Errno::Intr,
            Os::INVAL => Errno::Inval,
            Os::IO => Errno::Io,
            Os::ISCONN => Errno::IsConn,
            Os::ISDIR => Errno::IsDir,
            Os::LOOP => Errno::Loop,
            Os::MFILE => Errno::Mfile,
            Os::MLINK => Errno::Mlink,
            Os::MSGSIZE => Errno::MsgSize,
            Os::MULTIHOP => Errno::Multihop,
            Os::NAMETOOLONG => Errno::NameTooLong,
            Os::NETDOWN => Errno::NetDown,
            Os::NETRESET => Errno::NetReset,
            Os::NETUNREACH => Errno::NetUnreach,
            Os::NFILE => Errno::Nfile,
            Os::NOBUFS => Errno::NoBufs,
            Os::NODEV => Errno::NoDev,
            Os::NOENT => Errno::NoEnt,
            Os::NOEXEC => Errno::NoExec,
            Os::NOLCK => Errno::NoLck,
            Os::NOLINK => Errno::NoLink,
            Os::NOMEM => Errno::NoMem,
            Os::NOMSG => Errno::NoMsg,
            Os::NOPROTOOPT => Errno::NoProtoOpt,
            Os::NOSPC => Errno::NoSpc,
            Os::NOSYS => Errno::NoSys,
            Os::NOTCONN => Errno::NotConn,
            Os::NOTDIR => Errno::NotDir,
            Os::NOTEMPTY => Errno::NotEmpty,
            Os::NOTRECOVERABLE => Errno::NotRecoverable,
            Os::NOTSOCK => Errno::NotSock,
            Os::NOTSUP => Errno::NotSup,
            Os::NOTTY => Errno::NotTy,
            Os::NXIO => Errno::Nxio,
            Os::OVERFLOW => Errno::Overflow,
            Os::OWNERDEAD => Errno::OwnerDead,
            Os::PERM => Errno::Perm,
            Os::PIPE => Errno::Pipe,
            Os::PROTO => Errno::Proto,
            Os::PROTONOSUPPORT => Errno::ProtoNoSupport,
            Os::PROTOTYPE => Errno::Prototype,
            Os::RANGE => Errno::Range,
            Os::ROFS => Errno::Rofs,
            Os::SPIPE => Errno::Spipe,
            Os::SRCH => Errno::Srch,
            Os::STALE => Errno::Stale,
            Os::TIMEDOUT => Errno::TimedOut,
            Os::TXTBSY => Errno::TxtBsy,
            Os::XDEV => Errno::Xdev,
            _ => Errno::Io,
        }
    }
}
