//! A guest with its store, from the first call into it to the last.
#![allow(unsafe_code)] // The byte that ends a guest.

use std::sync::Arc;
use std::time::{Duration, Instant};

use wasmtime::{GcHeapOutOfMemory, Instance, Store, Trap};

use super::bounds::Bounds;
use super::failure::{Failure, guarded};
use super::life::{Flag, Life, Reach, Reason};
use super::limits::MemoryLimit;
use super::linker::Stop;
use super::memories::Slot;
use super::outcome::Outcome;
use super::ready::Ready;
use super::settings::Settings;
use super::signals::OwnSignal;
use super::store::Guest;
use super::trap::ended;
use super::watchdog;
use crate::system::Output;

/// See the module. What is in use by others is dropped after them.
pub(super) struct Session {
    pub store: Store<Guest>,
    pub ready: Arc<Ready>,
    flag: Option<Flag>,
    signal: OwnSignal,
    _slot: Slot,
    fuel: Option<u64>,
    bounds: Bounds,
    /// When the last call began, and how long it took.
    began: Instant,
    took: Duration,
}

/// How a call ends that gives no value.
pub(super) enum End {
    Exit(u32),
    Failure(Failure),
}

impl Session {
    /// Descriptors, limits and memory for a guest that has not run yet.
    ///
    /// Errors: those of `Guest::new`, `ERR_WASI_LINK`, `ERR_WASI_TOO_MANY_INSTANCES`.
    pub fn new(ready: &Arc<Ready>, settings: Settings, life: &Arc<Life>) -> Result<Self, Failure> {
        let signal = OwnSignal::take();
        let fuel = settings.fuel;
        let bounds = Bounds::of(&settings, ready.machine.max_stack);
        let guest = Guest::new(settings, *signal, life)?;
        ready.linked.as_ref().map(drop).map_err(Clone::clone)?;
        let (ready, slot) = ready.reserve()?;
        let store = store(&ready, guest, fuel);
        let (began, took) = (Instant::now(), Duration::ZERO);
        Ok(Session { store, ready, flag: None, signal, _slot: slot, fuel, bounds, began, took })
    }

    /// Makes the instance; a start function runs.
    pub fn instantiate(&mut self) -> wasmtime::Result<Instance> {
        let linked = self.ready.linked.as_ref();
        let linked = linked.map_err(|failure| wasmtime::Error::msg(failure.message.clone()))?;
        let instance = linked.instantiate(&mut self.store).map_err(no_room)?;
        self.store.data_mut().memory = instance.get_memory(&mut self.store, "memory");
        self.flag = self.flag_of(instance);
        if let Some(flag) = self.flag {
            self.store.data().life.instantiated(flag);
        }
        if let Some(start) = instance.get_func(&mut self.store, &self.ready.names.start) {
            start.typed::<(), ()>(&self.store)?.call(&mut self.store, ())?;
        }
        Ok(instance)
    }

    fn flag_of(&mut self, instance: Instance) -> Option<Flag> {
        let memory = instance.get_memory(&mut self.store, &self.ready.names.interrupt)?;
        // SAFETY: memories stay where they are as long as the store, which outlives every call;
        // this one has a byte.
        Some(unsafe { Flag::new(memory.data_ptr(&self.store)) })
    }

    /// Runs guest code that `life` and the timeout can end.
    pub fn enter<T>(
        &mut self,
        life: &Arc<Life>,
        timeout: Option<Duration>,
        body: impl FnOnce(&mut Self) -> wasmtime::Result<T>,
    ) -> Result<T, End> {
        self.began = Instant::now();
        self.bounds.timeout = timeout;
        self.store.data_mut().life = Arc::clone(life);
        if let Some(timeout) = timeout {
            watchdog::set(life, timeout).map_err(|error| End::Failure(no_thread(&error)))?;
        }
        life.start(Reach { flag: self.flag, signal: *self.signal });
        let result = guarded(|| body(self));
        self.took = self.began.elapsed();
        if timeout.is_some_and(|timeout| self.took >= timeout) {
            life.end(Reason::Timeout);
        }
        if matches!(&result, Ok(Err(error)) if self.exceeded_memory(error)) {
            life.end(Reason::Memory);
        }
        match (result, life.finish()) {
            (Err(bug), _) => Err(End::Failure(bug)),
            (Ok(_), Some(reason)) => Err(End::Failure(self.failure(reason))),
            (Ok(Ok(result)), None) => Ok(result),
            (Ok(Err(error)), None) => Err(self.end(&error)),
        }
    }

    /// The engine tries to make do with less before it gives up: what was refused once need not be
    /// what the guest ended of.
    fn exceeded_memory(&mut self, error: &wasmtime::Error) -> bool {
        let wanted_too_much = error.is::<MemoryLimit>()
            || error.is::<GcHeapOutOfMemory<()>>()
            || error.downcast_ref::<Trap>() == Some(&Trap::AllocationTooLarge);
        wanted_too_much && std::mem::take(&mut self.store.data_mut().limits.exceeded)
    }

    /// What to tell of a guest that was ended.
    fn failure(&self, reason: Reason) -> Failure {
        match reason {
            Reason::Timeout => self.bounds.timeout(),
            Reason::Abort => Failure::aborted(),
            Reason::Close => Failure::closed(),
            Reason::Memory => self.bounds.memory(self.ready.initial_memory()),
            Reason::MaxBuffer => {
                self.bounds.buffer(self.store.data().wrote_too_much().unwrap_or_default())
            }
        }
    }

    /// What came of a guest that ended by itself.
    fn end(&self, error: &wasmtime::Error) -> End {
        if let Some(NoRoom(reason)) = error.downcast_ref() {
            return End::Failure(refused(reason));
        }
        match error.downcast_ref::<Stop>() {
            Some(Stop::Exit(code)) => End::Exit(*code),
            _ => End::Failure(ended(error, self.ready.names.functions, &self.bounds)),
        }
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

/// The system has no memory for an instance.
#[derive(Debug)]
struct NoRoom(String);

impl std::fmt::Display for NoRoom {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for NoRoom {}

/// Nothing of the guest runs while its instance is made, but its data may not fit.
fn no_room(error: wasmtime::Error) -> wasmtime::Error {
    let is_of_guest =
        error.is::<Trap>() || error.is::<MemoryLimit>() || error.is::<GcHeapOutOfMemory<()>>();
    if is_of_guest { error } else { wasmtime::Error::new(NoRoom(error.root_cause().to_string())) }
}

fn refused(reason: &str) -> Failure {
    let message = format!(
        "The system has no memory for another instance: {reason}. Close instances that you no \
         longer need, or raise the limit of the address space (ulimit -v)"
    );
    Failure::new("ERR_WASI_TOO_MANY_INSTANCES", message)
}

fn no_thread(error: &std::io::Error) -> Failure {
    Failure::new("EAGAIN", format!("EAGAIN: no thread to watch the time: {error}"))
}
