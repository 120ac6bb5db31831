//! A guest with its store, from the first call into it to the last.
#![allow(unsafe_code)] // The byte that ends a guest.

use std::sync::Arc;
use std::time::{Duration, Instant};

use wasmtime::{Instance, Store};

use super::bounds::size;
use super::ending::{End, no_room};
use super::failure::{Failure, guarded};
use super::life::{Flag, Life, Reach, Reason};
use super::memories::Slot;
use super::outcome::Outcome;
use super::ready::Ready;
use super::settings::Settings;
use super::signals::{OnThread, OwnSignal};
use super::store::{Guest, Hosting};
use super::watchdog;
use crate::system::{Output, stack_left};

/// See the module. What is in use by others is dropped after them.
pub(super) struct Session {
    pub store: Store<Guest>,
    pub ready: Arc<Ready>,
    flag: Option<Flag>,
    signal: OwnSignal,
    _slot: Slot,
    fuel: Option<u64>,
    /// When the last call began, and how long it took.
    began: Instant,
    took: Duration,
}

impl Session {
    /// Descriptors, limits and memory for a guest that has not run yet.
    ///
    /// Errors: those of `Guest::new`, `ERR_WASI_LINK`, `ERR_WASI_TOO_MANY_INSTANCES`.
    pub fn new(
        ready: &Arc<Ready>,
        settings: Settings,
        thread: OnThread,
        life: &Arc<Life>,
    ) -> Result<Self, Failure> {
        let (fuel, signal) = (settings.fuel, OwnSignal::take(thread));
        ready.check(&settings.given)?;
        let (ready, slot) = ready.reserve()?;
        let max_stack = ready.machine.max_stack;
        let guest = Guest::new(settings, &ready.profile, max_stack, *signal, life)?;
        let store = store(&ready, guest, fuel);
        let (began, took) = (Instant::now(), Duration::ZERO);
        Ok(Session { store, ready, flag: None, signal, _slot: slot, fuel, began, took })
    }

    /// Where it runs.
    pub fn thread(&self) -> OnThread {
        self.signal.thread()
    }

    /// Makes the instance; a start function runs.
    pub fn instantiate(&mut self) -> wasmtime::Result<Instance> {
        let instance = self.ready.linked()?.instantiate(&mut self.store).map_err(no_room)?;
        let memory = instance.get_memory(&mut self.store, "memory");
        let guest = self.store.data_mut();
        guest.memory = memory.or(guest.memory);
        guest.instance = Some(instance);
        self.flag = self.flag_of(instance);
        if let Some(flag) = self.flag {
            self.store.data().life.instantiated(flag);
        }
        if let Some(start) = instance.get_func(&mut self.store, &self.ready.profile.names.start) {
            start.typed::<(), ()>(&self.store)?.call(&mut self.store, ())?;
        }
        Ok(instance)
    }

    fn flag_of(&mut self, instance: Instance) -> Option<Flag> {
        let interrupt = &self.ready.profile.names.interrupt;
        let memory = instance.get_memory(&mut self.store, interrupt)?;
        // SAFETY: memories stay where they are as long as the store, which outlives every call;
        // this one has a byte.
        Some(unsafe { Flag::new(memory.data_ptr(&self.store)) })
    }

    /// Runs guest code that the life and the timeout can end.
    pub fn enter<T>(
        &mut self,
        life: &Arc<Life>,
        hosting: Option<Arc<dyn Hosting>>,
        timeout: Option<Duration>,
        body: impl FnOnce(&mut Self) -> wasmtime::Result<T>,
    ) -> Result<T, End> {
        self.took = Duration::ZERO;
        if self.thread() == OnThread::OfCaller {
            check_stack(self.ready.machine.max_stack).map_err(End::Failure)?;
        }
        self.began = Instant::now();
        if let Some(timeout) = timeout {
            watchdog::set(life, self.began, timeout)
                .map_err(|error| End::Failure(no_thread(&error)))?;
        }
        let guest = self.store.data_mut();
        (guest.bounds.timeout, guest.hosting, guest.life) = (timeout, hosting, Arc::clone(life));
        life.start(Reach { flag: self.flag, signal: *self.signal });
        let result = guarded(|| body(self));
        self.took = self.began.elapsed();
        if timeout.is_some_and(|timeout| self.took >= timeout) {
            life.end(Reason::Timeout);
        }
        let guest = self.store.data_mut();
        guest.hosting = None;
        let told = guest.told(result, |guest| guest.life.finish());
        guest.calling = None;
        told
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

/// Beside the guest's stack, for the functions that it calls.
const HOST_STACK: usize = 512 << 10;

/// A thread that isn't one of ours may have too little stack left.
fn check_stack(max_stack: usize) -> Result<(), Failure> {
    match stack_left() {
        Some(left) if left < max_stack + HOST_STACK => Err(Failure::new(
            "ERR_WASI_STACK",
            format!(
                "The stack of this thread has {} bytes left, which is not enough: options.maxStack is \
                 {}, and host functions need {} more. Lower options.maxStack, call the guest with less \
                 on the stack, or use the asynchronous functions",
                left,
                size(max_stack as u64),
                size(HOST_STACK as u64),
            ),
        )),
        _ => Ok(()),
    }
}

fn no_thread(error: &std::io::Error) -> Failure {
    Failure::new("EAGAIN", format!("EAGAIN: no thread to watch the time: {error}"))
}
