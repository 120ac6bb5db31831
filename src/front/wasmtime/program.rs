//! A compiled program.

use std::collections::HashMap;
use std::fs::File;
use std::io::Read;
use std::os::unix::fs::FileTypeExt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use wasmtime::ExternType;

use super::cache::Cache;
use super::compile::{Limits, Order, Source as Wasm, Ticket, order, outside};
use super::engine::Variant;
use super::failure::{Failure, guarded};
use super::imports::Imports;
use super::info::{Info, Signature, signature_of};
use super::kind::Kind;
use super::memories::Memories;
use super::pools::compilers;
use super::ready::{Ready, load_precompiled};
use super::short::{list, name};
use super::value::Crossing;

/// Where a program comes from.
#[derive(Debug)]
pub enum Source {
    /// A file of the host.
    Path(String),
    /// Its content.
    Bytes(Vec<u8>),
}

/// What to compile and how.
#[derive(Debug)]
pub struct Request {
    /// WebAssembly, binary or text.
    pub source: Source,
    /// Directory for compiled code.
    pub cache: Option<PathBuf>,
    /// The source may be what `serialize` gave. It can do anything in this process: the caller
    /// must know where it comes from.
    pub precompiled: bool,
    /// Of this compilation, and of those for other variants later.
    pub limits: Limits,
}

/// A program, compiled for the variants that were asked for so far.
pub struct Program {
    /// `None` when it was compiled elsewhere.
    wasm: Option<Arc<Wasm>>,
    cache: Option<Cache>,
    limits: Limits,
    usual: (Variant, Arc<Ready>),
    others: Mutex<HashMap<Variant, Arc<Ready>>>,
    info: OnceLock<Info>,
    /// Bytes of its source.
    size: usize,
}

impl Program {
    /// Reads and compiles, on other threads. `done` is told, on one of them.
    ///
    /// Errors: what starting the first thread gives; `done` is dropped then.
    pub fn compile(
        request: Request,
        ticket: &Ticket,
        done: impl FnOnce(Result<Self, Failure>) + Send + 'static,
    ) -> std::io::Result<()> {
        let ticket = ticket.clone();
        let waits = request.source.may_wait();
        let job = move || match guarded(|| Given::read(request)).and_then(|given| given) {
            Ok(given) => given.compile(&ticket, done),
            Err(failure) => done(Err(failure)),
        };
        if waits {
            return std::thread::Builder::new().name("wasi-rs-read".into()).spawn(job).map(drop);
        }
        compilers().submit(job)
    }

    /// What is known of it.
    pub fn info(&self) -> &Info {
        let Ready { module, profile, .. } = &*self.usual.1;
        self.info.get_or_init(|| Info::of(module, &profile.names, self.size))
    }

    /// What it expects of its host. Nothing if that can't be had.
    pub fn imports(&self) -> &Imports {
        &self.usual.1.profile.imports
    }

    /// What the exported function with this number takes and gives. `None` if something of it doesn't
    /// cross.
    pub(super) fn exported(&self, number: usize) -> Option<&Crossing> {
        self.usual.1.profile.exported(number)?.signature.as_ref()
    }

    /// Types of an exported function.
    pub fn signature(&self, name: &str) -> Option<Signature> {
        signature_of(&self.usual.1.module.get_export(name)?)
    }

    /// Some of the functions that it exports, for a message; empty if there are none.
    pub fn functions(&self) -> String {
        let Ready { module, profile, .. } = &*self.usual.1;
        let functions = module.exports().filter(|export| {
            matches!(export.ty(), ExternType::Func(_)) && !profile.names.contains(export.name())
        });
        list(functions.map(|export| name(export.name())))
    }

    /// Its code, for a later process of the same version of this package on a like machine.
    pub fn serialize(&self) -> Result<Vec<u8>, Failure> {
        self.usual.1.serialize()
    }

    /// Ready to start, when it has been compiled like this.
    pub fn known(&self, fuel: bool, max_stack: usize) -> Option<Arc<Ready>> {
        self.look_up(self.variant(fuel, max_stack))
    }

    /// Compiles it like this, on other threads. `done` is told, on one of them.
    pub fn prepare(
        self: &Arc<Self>,
        fuel: bool,
        max_stack: usize,
        ticket: &Ticket,
        done: impl FnOnce(Result<Arc<Ready>, Failure>) + Send + 'static,
    ) {
        let variant = self.variant(fuel, max_stack);
        let program = Arc::clone(self);
        self.same_code(variant, ticket, move |same| {
            done(same.and_then(|same| program.with_stack(&same, variant)));
        });
    }

    fn variant(&self, fuel: bool, max_stack: usize) -> Variant {
        Variant::new(fuel, max_stack, self.usual.0.memories)
    }

    /// Stacks make no difference to the code, counting fuel does.
    fn same_code(
        self: &Arc<Self>,
        variant: Variant,
        ticket: &Ticket,
        done: impl FnOnce(Result<Arc<Ready>, Failure>) + Send + 'static,
    ) {
        let variant = variant.with_usual_stack();
        if let Some(ready) = self.look_up(variant) {
            return outside(move || done(Ok(ready)));
        }
        let Some(wasm) = &self.wasm else {
            return done(Err(Failure::new(
                "ERR_INVALID_ARG_VALUE",
                "A precompiled program was compiled without counting: it can't be run with fuel",
            )));
        };
        let (cache, limits) = (self.cache.clone(), self.limits);
        let program = Arc::clone(self);
        let keep = move |(_, ready)| program.keep(variant, ready);
        let wanted = Order { source: Arc::clone(wasm), variant, cache, limits };
        order(wanted, ticket, Box::new(move |compiled| done(compiled.map(keep))));
    }

    fn with_stack(&self, same: &Arc<Ready>, variant: Variant) -> Result<Arc<Ready>, Failure> {
        if let Some(ready) = self.look_up(variant) {
            return Ok(ready);
        }
        let ready = guarded(|| same.again(variant))??;
        Ok(self.keep(variant, Arc::new(ready)))
    }

    fn look_up(&self, variant: Variant) -> Option<Arc<Ready>> {
        let (usual, ready) = &self.usual;
        if *usual == variant {
            Some(Arc::clone(ready))
        } else {
            self.others().get(&variant).cloned()
        }
    }

    fn keep(&self, variant: Variant, ready: Arc<Ready>) -> Arc<Ready> {
        Arc::clone(self.others().entry(variant).or_insert(ready))
    }

    /// Nobody panics while holding the lock.
    fn others(&self) -> MutexGuard<'_, HashMap<Variant, Arc<Ready>>> {
        self.others.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Source {
    /// Whether reading it may take for ever: a pipe, say.
    fn may_wait(&self) -> bool {
        match self {
            Source::Path(path) => std::fs::metadata(path).is_ok_and(|metadata| !metadata.is_file()),
            Source::Bytes(_) => false,
        }
    }

    fn read(self, most: u64) -> Result<Vec<u8>, Failure> {
        match self {
            Source::Bytes(bytes) => Ok(bytes),
            Source::Path(path) => read_file(&path, most),
        }
    }
}

/// Bytes of a module, as far as parsers go. So much is read of a pipe, which need not end.
const MOST: u64 = 1 << 30;

fn read_file(path: &str, most: u64) -> Result<Vec<u8>, Failure> {
    let failed = |error| Failure::file(&error, path);
    let metadata = std::fs::metadata(path).map_err(failed)?;
    if metadata.is_file() && metadata.len() > most {
        return Err(too_large(path));
    }
    if metadata.is_file() || metadata.is_dir() {
        return std::fs::read(path).map_err(failed);
    }
    if !metadata.file_type().is_fifo() {
        let message = format!("A program must be a regular file or a pipe, which '{path}' is not");
        return Err(Failure::new("ERR_INVALID_ARG_VALUE", message));
    }
    let mut bytes = Vec::new();
    let pipe = File::open(path).map_err(failed)?;
    pipe.take(MOST + 1).read_to_end(&mut bytes).map_err(failed)?;
    match bytes.len() as u64 > MOST {
        true => Err(too_large(path)),
        false => Ok(bytes),
    }
}

fn too_large(path: &str) -> Failure {
    let message =
        format!("The program in '{path}' is larger than {MOST} bytes, the limit for a module");
    Failure::new("ERR_FS_FILE_TOO_LARGE", message)
}

/// A request, its source read.
struct Given {
    bytes: Vec<u8>,
    cache: Option<Cache>,
    precompiled: bool,
    limits: Limits,
}

impl Given {
    fn read(request: Request) -> Result<Self, Failure> {
        let Request { source, cache, precompiled, limits } = request;
        // What was compiled may be larger than the module.
        let bytes = source.read(if precompiled { u64::MAX } else { MOST })?;
        let precompiled = precompiled && Kind::of(&bytes) == Kind::Precompiled;
        Ok(Given { bytes, cache: cache.map(Cache::new), precompiled, limits })
    }

    fn compile(
        self,
        ticket: &Ticket,
        done: impl FnOnce(Result<Program, Failure>) + Send + 'static,
    ) {
        if self.precompiled {
            return done(self.loaded());
        }
        let Given { bytes, cache, limits, .. } = self;
        let source = match Wasm::checked(bytes) {
            Ok(source) => source,
            Err(failure) => return done(Err(failure)),
        };
        let wanted = Order {
            source: Arc::clone(&source),
            variant: Variant::usual(Memories::of_data(source.data_size())),
            cache: cache.clone(),
            limits,
        };
        let size = source.bytes.len();
        let program = move |usual| Program::new(Some(source), cache, limits, usual, size);
        order(wanted, ticket, Box::new(move |compiled| done(compiled.map(program))));
    }

    fn loaded(self) -> Result<Program, Failure> {
        let load = || load_precompiled(&self.bytes);
        let (variant, ready) = guarded(load)?.map_err(not_loaded)?;
        let usual = (variant, Arc::new(ready));
        Ok(Program::new(None, self.cache, self.limits, usual, self.bytes.len()))
    }
}

fn not_loaded(failure: Failure) -> Failure {
    let message = format!(
        "This precompiled code can't be loaded: {}. Compile the module again, with this version of \
         wasi-rs and on the same kind of processor",
        failure.message
    );
    Failure { message, ..failure }
}

impl Program {
    fn new(
        wasm: Option<Arc<Wasm>>,
        cache: Option<Cache>,
        limits: Limits,
        usual: (Variant, Arc<Ready>),
        size: usize,
    ) -> Self {
        let (others, info) = (Mutex::default(), OnceLock::new());
        Program { wasm, cache, limits, usual, others, info, size }
    }
}
