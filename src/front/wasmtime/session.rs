//! A guest with its store, from the first call into it to the last.
#![allow(unsafe_code)] // The word that ends a guest.

use std::sync::Arc;
use std::time::{Duration, Instant};

use wasmtime::{GcHeapOutOfMemory, Instance, PoolConcurrencyLimitError, Store, Trap};

use super::bounds::Bounds;
use super::control::{Control, Reason, Word, give_back, take_signal};
use super::failure::{Failure, guarded};
use super::limits::{Limits, MemoryLimit};
use super::linker::Stop;
use super::program::Ready;
use super::run::{Outcome, Settings, Stream};
use super::store::Guest;
use super::trap::ended;
use super::watchdog;
use crate::system::{Interrupt, Mount, Output, Setup, Signal, Stdio, Strings, System, Time};

/// See the module.
pub(super) struct Session {
    pub store: Store<Guest>,
    pub ready: Arc<Ready>,
    signal: &'static Signal,
    word: Option<Word>,
    fuel: Option<u64>,
    bounds: Bounds,
    /// When the last call began, and how long it took.
    began: Instant,
    took: Duration,
}

impl Drop for Session {
    fn drop(&mut self) {
        give_back(self.signal);
    }
}

/// How a call ends that gives no value.
pub(super) enum End {
    Exit(u32),
    Failure(Failure),
}

impl Session {
    /// Descriptors, limits and memory for a guest that has not run yet.
    pub fn new(
        ready: &Arc<Ready>,
        settings: Settings,
        control: &Arc<Control>,
    ) -> Result<Self, Failure> {
        let ready = Arc::clone(ready);
        let signal = take_signal();
        let fuel = settings.fuel;
        let bounds = Bounds::of(&settings, ready.machine.max_stack);
        let store = match guest(settings, signal, control) {
            Ok(guest) => store(&ready, guest, fuel),
            Err(failure) => {
                give_back(signal);
                return Err(failure);
            }
        };
        let now = Instant::now();
        let (word, took) = (None, Duration::ZERO);
        Ok(Session { store, ready, signal, word, fuel, bounds, began: now, took })
    }

    /// Makes the instance; a start function runs.
    pub fn instantiate(&mut self) -> wasmtime::Result<Instance> {
        let linked = self.ready.linked.as_ref();
        let linked = linked.map_err(|failure| wasmtime::Error::msg(failure.message.clone()))?;
        let instance = linked.instantiate(&mut self.store)?;
        self.store.data_mut().memory = instance.get_memory(&mut self.store, "memory");
        self.word = self.word_of(instance);
        if let Some(word) = self.word {
            self.store.data().control.instantiated(word);
        }
        if let Some(start) = instance.get_func(&mut self.store, &self.ready.names.start) {
            start.typed::<(), ()>(&self.store)?.call(&mut self.store, ())?;
        }
        Ok(instance)
    }

    fn word_of(&mut self, instance: Instance) -> Option<Word> {
        let memory = instance.get_memory(&mut self.store, &self.ready.names.interrupt)?;
        // SAFETY: memories start at a page and stay where they are as long as the store, which
        // outlives every call; this one has a page.
        Some(unsafe { Word::new(memory.data_ptr(&self.store)) })
    }

    /// Runs guest code that `control` and the timeout can end.
    pub fn enter<T>(
        &mut self,
        control: &Arc<Control>,
        timeout: Option<Duration>,
        body: impl FnOnce(&mut Self) -> wasmtime::Result<T>,
    ) -> Result<T, End> {
        self.began = Instant::now();
        self.bounds.timeout = timeout;
        self.store.data_mut().control = Arc::clone(control);
        if let Some(timeout) = timeout {
            watchdog::watch(control, timeout).map_err(|error| End::Failure(no_thread(&error)))?;
        }
        control.start(self.word, self.signal);
        let result = guarded(|| body(self));
        self.took = self.began.elapsed();
        if timeout.is_some_and(|timeout| self.took >= timeout) {
            control.cancel(Reason::Timeout);
        }
        control.finish();
        match result {
            Ok(result) => self.ended(control, result),
            Err(bug) => Err(End::Failure(bug)),
        }
    }

    /// A guest that was to end has no result, even if it has reached its own end since.
    fn ended<T>(&mut self, control: &Control, result: wasmtime::Result<T>) -> Result<T, End> {
        let end = match result.map_err(|error| self.end(&error)) {
            Err(End::Failure(failure)) => return Err(End::Failure(failure)),
            end => end,
        };
        match control.reason() {
            Some(reason) => Err(End::Failure(self.bounds.canceled(reason))),
            None => end,
        }
    }

    fn end(&mut self, error: &wasmtime::Error) -> End {
        let guest = self.store.data_mut();
        let stop = error.downcast_ref::<Stop>().copied();
        if let Some(Stop::Exit(code)) = stop {
            return End::Exit(code);
        }
        if wanted_too_much(error) && std::mem::take(&mut guest.limits.exceeded) {
            return End::Failure(self.bounds.memory(self.ready.initial_memory()));
        }
        End::Failure(match (guest.control.reason(), stop) {
            (_, Some(Stop::MaxBuffer)) => {
                self.bounds.buffer(guest.wrote_too_much().unwrap_or_default())
            }
            (Some(reason), _) => self.bounds.canceled(reason),
            _ if error.is::<PoolConcurrencyLimitError>() => too_many(error),
            _ => ended(error, self.ready.names.functions, &self.bounds),
        })
    }

    /// What there is to tell when a run is over.
    pub fn outcome(&self, end: Result<Option<u32>, Failure>) -> Outcome {
        let [stdout, stderr] = self.store.data().outputs.each_ref().map(taken);
        Outcome { stdout, stderr, ..self.outcome_without_output(end) }
    }

    /// What there is to tell when a call is over: the output stays for later.
    pub fn outcome_without_output(&self, end: Result<Option<u32>, Failure>) -> Outcome {
        let (exit_code, failure) = match end {
            Ok(code) => (code, None),
            Err(failure) => (None, Some(failure)),
        };
        Outcome {
            started: true,
            failure,
            exit_code,
            stdout: Vec::new(),
            stderr: Vec::new(),
            duration: self.took,
            fuel_used: self
                .fuel
                .map(|fuel| fuel.saturating_sub(self.store.get_fuel().unwrap_or(0))),
            memory_peak: self.store.data().limits.peak(),
            results: Vec::new(),
        }
    }
}

fn taken(output: &Option<Output>) -> Vec<u8> {
    output.as_ref().map(Output::take).unwrap_or_default()
}

fn store(ready: &Ready, guest: Guest, fuel: Option<u64>) -> Store<Guest> {
    let mut store = Store::new(&ready.machine.engine, guest);
    store.limiter(|guest| &mut guest.limits);
    if let Some(fuel) = fuel {
        store.set_fuel(fuel).expect("an engine that counts");
    }
    store
}

fn guest(
    settings: Settings,
    signal: &'static Signal,
    control: &Arc<Control>,
) -> Result<Guest, Failure> {
    let outputs = [&settings.stdout, &settings.stderr].map(|stream| match stream {
        Stream::Capture => Some(Output::new(settings.max_buffer)),
        _ => None,
    });
    let [stdout, stderr] = outputs.clone();
    let setup = Setup {
        args: Strings::new(settings.args).map_err(Failure::init)?,
        environ: Strings::new(settings.environ).map_err(Failure::init)?,
        stdio: [
            stdio(settings.stdin, None),
            stdio(settings.stdout, stdout),
            stdio(settings.stderr, stderr),
        ],
        max_files: settings.max_files,
        interrupt: Interrupt::on(signal),
        seed: settings.seed,
        time: settings.clock.map_or(Time::Real, Time::starting_at),
    };
    let mut system = System::new(setup).map_err(Failure::init)?;
    for (name, path, readonly) in settings.preopens {
        let mount = if readonly { Mount::ReadOnly } else { Mount::ReadWrite };
        let opened = system.preopen(name.as_str().into(), path.as_ref(), mount);
        opened.map_err(|error| Failure::init_preopen(error, &path, &name))?;
    }
    let limits = Limits::new(settings.memory_limit);
    let control = Arc::clone(control);
    Ok(Guest { system, memory: None, limits, control, outputs, trace: settings.trace })
}

fn stdio(stream: Stream, output: Option<Output>) -> Stdio {
    match (stream, output) {
        (Stream::Fd(fd), _) => Stdio::Given(fd),
        (Stream::Input(bytes), _) => Stdio::Input(bytes),
        (Stream::Capture, Some(output)) => Stdio::Output(output),
        (Stream::Capture, None) => Stdio::Input([].into()),
    }
}

/// The engine tries to make do with less before it gives up: what was refused once need not be what
/// the guest ended of.
fn wanted_too_much(error: &wasmtime::Error) -> bool {
    error.is::<MemoryLimit>()
        || error.is::<GcHeapOutOfMemory<()>>()
        || error.downcast_ref::<Trap>() == Some(&Trap::AllocationTooLarge)
}

fn no_thread(error: &std::io::Error) -> Failure {
    Failure::new("EAGAIN", format!("EAGAIN: no thread to watch the time: {error}"))
}

fn too_many(error: &wasmtime::Error) -> Failure {
    let message = format!("Too many instances are open: {error:#}");
    Failure::new("ERR_WASI_TOO_MANY_INSTANCES", message)
}
