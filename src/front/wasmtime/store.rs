//! What belongs to one guest.

use std::sync::Arc;

use wasmtime::{Caller, Func, Instance, Memory};

use super::bounds::Bounds;
use super::failure::Failure;
use super::imports::Given;
use super::life::Life;
use super::limits::Limits;
use super::profile::Profile;
use super::settings::{Settings, Stream};
use super::value::{Crossing, Value};
use crate::system::{Interrupt, Mount, Output, Setup, Signal, Stdio, Strings, System, Time};

/// Data of a guest's store.
pub struct Guest {
    pub(super) system: System,
    /// Of its program.
    pub(super) profile: Arc<Profile>,
    /// Ends its waits.
    pub(super) signal: &'static Signal,
    /// Once it is there.
    pub(super) instance: Option<Instance>,
    /// The one that WASI uses: the exported one, once the instance is there, or else an imported one.
    pub(super) memory: Option<Memory>,
    /// Exported functions by their numbers, as far as they have been looked up.
    pub(super) functions: Vec<Option<Func>>,
    /// What it imports.
    pub(super) given: Given,
    /// Of the call under way.
    pub(super) hosting: Option<Arc<dyn Hosting>>,
    /// The number of the function of the host that it waits for.
    pub(super) calling: Option<u32>,
    pub(super) limits: Limits,
    pub(super) bounds: Bounds,
    /// Of the call under way.
    pub(super) life: Arc<Life>,
    /// Captured streams.
    pub(super) outputs: [Option<Output>; 2],
    /// Whether each WASI call is told on stderr.
    pub(super) trace: bool,
}

/// Calls functions of the host for a guest.
pub(super) trait Hosting: Send + Sync {
    /// Calls the function with this number. It gives as many numbers as the signature says, of its types.
    ///
    /// Errors: why the guest does not go on.
    fn call(
        &self,
        caller: &mut Caller<'_, Guest>,
        number: u32,
        arguments: Vec<Value>,
        signature: &Arc<Crossing>,
    ) -> wasmtime::Result<Vec<Value>>;
}

impl Guest {
    /// With descriptors and limits, and without memory as yet. `signal` ends its waits.
    ///
    /// Errors: what opening its preopens gives, and those of arguments that are too long.
    pub(super) fn new(
        settings: Settings,
        profile: &Arc<Profile>,
        max_stack: usize,
        signal: &'static Signal,
        life: &Arc<Life>,
    ) -> Result<Self, Failure> {
        let bounds = Bounds::of(&settings, max_stack);
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
        Ok(Guest {
            system,
            profile: Arc::clone(profile),
            signal,
            instance: None,
            memory: None,
            functions: Vec::new(),
            given: settings.given,
            hosting: None,
            calling: None,
            limits,
            bounds,
            life: Arc::clone(life),
            outputs,
            trace: settings.trace,
        })
    }

    /// The stream to which it wrote more than is captured.
    pub(super) fn wrote_too_much(&self) -> Option<&'static str> {
        let streams = ["stdout", "stderr"].into_iter().zip(&self.outputs);
        let exceeded = |output: &Option<Output>| output.as_ref().is_some_and(Output::is_exceeded);
        streams.into_iter().find(|(_, output)| exceeded(output)).map(|(name, _)| name)
    }
}

fn stdio(stream: Stream, output: Option<Output>) -> Stdio {
    match (stream, output) {
        (Stream::Fd(fd), _) => Stdio::Given(fd),
        (Stream::Input(bytes), _) => Stdio::Input(bytes),
        (Stream::Capture, Some(output)) => Stdio::Output(output),
        (Stream::Capture, None) => Stdio::Input([].into()),
    }
}
