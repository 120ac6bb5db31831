//! `class WASI`, as the [Node.js docs](https://nodejs.org/api/wasi.html) describe it.
#![allow(unsafe_code)] // Conversions between raw and napi-rs values.

use std::rc::Rc;

use napi::bindgen_prelude::{FromNapiValue, JsObjectValue, JsValue, Object, This, Unknown};
use napi::{Env, Result};
use napi_derive::napi;

use super::environment::{Glue, interrupt, waits_can_end};
use super::guest::Guest;
use super::options::{Options, Preopen, Reader, check_object};
use crate::abi::Version;
use crate::front::init;
use crate::front::js::{Js, JsResult, Type, Value};
use crate::system::{Errno, Mount, Setup, Stdio, Strings, System, duplicate};

/// Makes WASI objects. Their state is in their own properties, where loaders of WebAssembly
/// packages look for it, and behind their imports; their methods, which glue.js gives the right
/// shape, are the functions here, with the object as the first argument.
#[napi(js_name = "WASI")]
pub struct Wasi {
    guest: Rc<Guest>,
}

/// A WASI object, or whatever else a method was called on.
#[derive(Clone, Copy)]
struct Receiver {
    glue: Glue,
    this: Value,
}

#[napi]
impl Wasi {
    /// Checks the options, opens the preopens and makes the imports.
    #[napi(constructor, catch_unwind)]
    pub fn new(env: Env, this: This<'_>, options: Unknown<'_>) -> Result<Self> {
        let guest = Receiver::new(env, this.object.raw())?.construct(options.raw())?;
        Ok(Wasi { guest })
    }

    /// Closes all descriptors now. The host's own, 0 to 2 by default, stay open there.
    #[napi(catch_unwind)]
    pub fn close(&self) {
        self.guest.close();
    }

    /// Gives a token by which objects of any thread get the same descriptors.
    #[napi(catch_unwind)]
    pub fn share(&self, env: Env) -> Result<String> {
        Ok(self.guest.share(Js(env.raw()))?)
    }

    /// Ties the object to an instance without running it.
    #[napi(catch_unwind)]
    pub fn finalize_bindings(
        env: Env,
        wasi: Unknown<'_>,
        instance: Unknown<'_>,
        memory: Unknown<'_>,
    ) -> Result<()> {
        Ok(Receiver::new(env, wasi.raw())?.finalize_bindings(instance.raw(), memory.raw())?)
    }

    /// Runs a command: its `_start`. Gives its exit code.
    #[napi(catch_unwind)]
    pub fn start<'e>(env: Env, wasi: Unknown<'_>, instance: Unknown<'_>) -> Result<Unknown<'e>> {
        let code = Receiver::new(env, wasi.raw())?.start(instance.raw())?;
        // SAFETY: a value of this environment.
        unsafe { Unknown::from_napi_value(env.raw(), code) }
    }

    /// Starts a reactor: its `_initialize`, if it has one.
    #[napi(catch_unwind)]
    pub fn initialize(env: Env, wasi: Unknown<'_>, instance: Unknown<'_>) -> Result<()> {
        Ok(Receiver::new(env, wasi.raw())?.initialize(instance.raw())?)
    }
}

/// Exports the class in the shape that JavaScript gives it; `restrict`, which takes the check of
/// permissions; and the version, so that JavaScript can tell an addon that is not its own.
#[napi(module_exports)]
#[cfg_attr(test, allow(dead_code))] // In Rust tests, napi registers nothing.
pub fn shape_class(mut exports: Object<'_>, env: Env) -> Result<()> {
    let native: Unknown<'_> = exports.get_named_property("WASI")?;
    let glue = Glue::of(env)?;
    let class = glue.call(c"classOf", &[native.raw()])?;
    // SAFETY: a value of this environment.
    let class = unsafe { Unknown::from_napi_value(env.raw(), class)? };
    glue.js.set(exports.raw(), c"restrict", glue.get(c"restrict")?)?;
    #[cfg(feature = "wasmtime")]
    crate::front::bridge::export(Js(env.raw()), exports.raw())?;
    exports.set_named_property("version", env!("CARGO_PKG_VERSION"))?;
    exports.set_named_property("WASI", class)
}

impl Receiver {
    fn new(env: Env, this: Value) -> JsResult<Self> {
        Ok(Receiver { glue: Glue::of(env)?, this })
    }

    fn construct(self, options: Value) -> JsResult<Rc<Guest>> {
        check_object(self.glue, options, "options")?;
        let reader = Reader { js: self.glue.js, glue: self.glue, options };
        let options = reader.read()?;
        let version = options.version;
        let name = self.glue.js.string(module_name(version))?;
        let require = self.glue.call(c"initialState", &[self.this, name])?;
        self.check_permissions(require, &options.preopens)?;
        let token = options.shared.as_ref().map(|(_, token)| token.clone());
        let system = system(options).map_err(|NoSystem { error, message, preopen }| {
            self.glue.init_failed(error, &message, preopen.as_ref())
        })?;
        let return_on_exit = reader.return_on_exit()?;
        let guest = Guest::new(system, version, return_on_exit, self.glue.scratch()?);
        let guest = Rc::new(guest.with_token(token));
        let functions = guest.functions(self.glue.js)?;
        self.glue.connect(self.this, functions, return_on_exit)?;
        self.glue.call(c"finalState", &[self.this])?;
        Ok(guest)
    }

    /// Of Node's permission model, where that is in force: lib/permission.js.
    fn check_permissions(self, require: Value, preopens: &[Preopen]) -> JsResult<()> {
        let js = self.glue.js;
        if js.is_undefined(require) {
            return Ok(());
        }
        let preopens = preopens.iter().map(|Preopen { name, path, mount }| {
            let readonly = js.boolean(*mount == Mount::ReadOnly)?;
            js.array(&[js.string(name)?, js.string(path)?, readonly])
        });
        let preopens = js.array(&preopens.collect::<JsResult<Vec<_>>>()?)?;
        js.call(js.undefined()?, require, &[preopens]).map(drop)
    }

    fn finalize_bindings(self, instance: Value, memory: Value) -> JsResult<()> {
        if self.glue.test(c"isStarted", &[self.this])? {
            return Err(self.glue.already_started());
        }
        check_object(self.glue, instance, "instance")?;
        let exports = self.glue.call(c"exportsOf", &[instance])?;
        check_object(self.glue, exports, "instance.exports")?;
        self.glue.call_on(self.this, c"bindMemory", &[memory])?;
        self.glue.call_on(self.this, c"bound", &[instance]).map(drop)
    }

    fn start(self, instance: Value) -> JsResult<Value> {
        let [start, initialize] = self.bind(instance)?;
        self.check_function(start, "instance.exports._start")?;
        self.check_undefined(initialize, "instance.exports._initialize")?;
        self.glue.call(c"run", &[start])?;
        self.glue.call(c"exitCode", &[self.this])
    }

    fn initialize(self, instance: Value) -> JsResult<()> {
        let [start, initialize] = self.bind(instance)?;
        self.check_undefined(start, "instance.exports._start")?;
        if self.glue.js.is_undefined(initialize) {
            return Ok(());
        }
        self.check_function(initialize, "instance.exports._initialize")?;
        self.glue.js.call(self.glue.js.undefined()?, initialize, &[]).map(drop)
    }

    /// Subclasses and loaders may have replaced `finalizeBindings` or the instance.
    fn bind(self, instance: Value) -> JsResult<[Value; 2]> {
        self.glue.call_on(self.this, c"finalizeBindings", &[instance])?;
        let entry_points = self.glue.call_on(self.this, c"entryPoints", &[])?;
        let js = self.glue.js;
        Ok([js.element(entry_points, 0)?, js.element(entry_points, 1)?])
    }

    fn check_function(self, value: Value, name: &str) -> JsResult<()> {
        match self.glue.js.type_of(value) {
            Type::Function => Ok(()),
            _ => Err(self.glue.invalid_type(name, "of type function", value)),
        }
    }

    fn check_undefined(self, value: Value, name: &str) -> JsResult<()> {
        match self.glue.js.type_of(value) {
            Type::Undefined => Ok(()),
            _ => Err(self.glue.invalid_type(name, "undefined", value)),
        }
    }
}

fn module_name(version: Version) -> &'static str {
    match version {
        Version::Preview1 => "wasi_snapshot_preview1",
        Version::Unstable => "wasi_unstable",
    }
}

/// Why there is none, and of which preopen, if it is one's fault.
struct NoSystem {
    error: Errno,
    message: String,
    preopen: Option<Preopen>,
}

impl From<Errno> for NoSystem {
    fn from(error: Errno) -> Self {
        NoSystem { error, message: init::message(error), preopen: None }
    }
}

fn system(options: Options) -> std::result::Result<System, NoSystem> {
    let args = Strings::new(options.args)?;
    let environ = Strings::new(options.environ)?;
    if let Some((descriptors, _)) = options.shared {
        let setup = Setup { args, environ, interrupt: waits_can_end(), ..Setup::default() };
        return Ok(System::sharing(setup, descriptors));
    }
    let stdio = options.stdio.map(Stdio::Lent);
    let max_files = options.max_files;
    let setup =
        Setup { args, environ, stdio, max_files, interrupt: interrupt(), ..Setup::default() };
    let mut system = System::new(setup).map_err(|error| closed_stream(options.stdio, error))?;
    for preopen in options.preopens {
        let Preopen { name, path, mount } = &preopen;
        if let Err(error) = system.preopen(name.as_str().into(), path.as_ref(), *mount) {
            let message = init::preopen(error, path, name);
            return Err(NoSystem { error, message, preopen: Some(preopen) });
        }
    }
    Ok(system)
}

/// Names the stream whose descriptor is not open, if that is why.
fn closed_stream(stdio: [i32; 3], error: Errno) -> NoSystem {
    let names = ["stdin", "stdout", "stderr"];
    let closed = names.into_iter().zip(stdio).find(|(_, fd)| duplicate(*fd).is_err());
    match closed {
        Some((name, fd)) if error == Errno::Badf => {
            NoSystem { error, message: init::stream(error, name, fd), preopen: None }
        }
        _ => error.into(),
    }
}
