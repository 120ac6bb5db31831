//! `class WASI`, as the [Node.js docs](https://nodejs.org/api/wasi.html) describe it.
#![allow(unsafe_code)] // Conversions between raw and napi-rs values.

use napi::bindgen_prelude::{FromNapiValue, JsValue, This, Unknown};
use napi::{Env, Error, Result};
use napi_derive::napi;

use super::environment::Glue;
use super::errors::{already_started, init_failed, invalid_type};
use super::guest::Guest;
use super::js::{Js, JsResult, Thrown, Type, Value};
use super::options::{Options, Reader, check_object};
use crate::abi::Version;
use crate::system::{Errno, Strings, System};

/// The state of an object is in its own properties, where loaders of WebAssembly packages look for
/// it, and behind its imports.
#[napi(js_name = "WASI")]
pub struct Wasi {}

/// A WASI object in the running environment.
#[derive(Clone, Copy)]
struct Object {
    js: Js,
    glue: Glue,
    this: Value,
}

#[napi]
impl Wasi {
    /// Checks the options, opens the preopens and makes the imports.
    #[napi(constructor, catch_unwind)]
    pub fn new(env: Env, this: This<'_>, options: Unknown<'_>) -> Result<Self> {
        Object::of(env, &this)?.construct(options.raw())?;
        Ok(Wasi {})
    }

    /// Ties the object to an instance without running it.
    #[napi(catch_unwind, enumerable = false)]
    pub fn finalize_bindings(
        &self,
        env: Env,
        this: This<'_>,
        instance: Unknown<'_>,
        options: Unknown<'_>,
    ) -> Result<()> {
        Ok(Object::of(env, &this)?.finalize_bindings(instance.raw(), options.raw())?)
    }

    /// Runs a command: its `_start`. Gives its exit code.
    #[napi(catch_unwind, enumerable = false)]
    pub fn start<'e>(
        &self,
        env: Env,
        this: This<'_>,
        instance: Unknown<'_>,
    ) -> Result<Unknown<'e>> {
        let code = Object::of(env, &this)?.start(instance.raw())?;
        // SAFETY: a value of this environment.
        unsafe { Unknown::from_napi_value(env.raw(), code) }
    }

    /// Starts a reactor: its `_initialize`, if it has one.
    #[napi(catch_unwind, enumerable = false)]
    pub fn initialize(&self, env: Env, this: This<'_>, instance: Unknown<'_>) -> Result<()> {
        Ok(Object::of(env, &this)?.initialize(instance.raw())?)
    }

    /// The imports under the module name that guests of this version import from.
    #[napi(catch_unwind, enumerable = false)]
    pub fn get_import_object<'e>(&self, env: Env, this: This<'_>) -> Result<Unknown<'e>> {
        let object = Object::of(env, &this)?.import_object()?;
        // SAFETY: a value of this environment.
        unsafe { Unknown::from_napi_value(env.raw(), object) }
    }
}

impl Object {
    fn of(env: Env, this: &This<'_>) -> Result<Self> {
        let glue = Glue::of(env).map_err(Error::from)?;
        Ok(Object {
            js: Js(env.raw()),
            glue,
            this: this.object.raw(),
        })
    }

    fn construct(self, options: Value) -> JsResult<()> {
        self.check_constructed()?;
        let options = match self.js.type_of(options) {
            Type::Undefined => self.js.object()?,
            _ => options,
        };
        check_object(self.js, self.glue, options, "options")?;
        let reader = Reader {
            js: self.js,
            glue: self.glue,
            options,
        };
        let options = reader.read()?;
        let version = options.version;
        self.set(c"kBindingName", self.js.string(module_name(version))?)?;
        let system = system(options).map_err(|error| init_failed(self.glue, self.js, error))?;
        let return_on_exit = reader.return_on_exit()?;
        let guest = Guest::new(system, version, return_on_exit, self.glue.scratch()?);
        self.glue
            .connect(self.this, guest.into_functions(self.js)?, return_on_exit)?;
        self.set(c"kStarted", self.js.boolean(false)?)?;
        self.set(c"kExitCode", self.js.int32(0)?)?;
        self.set(c"kInstance", self.js.undefined()?)
    }

    /// Called without `new`, the object would be the global one.
    fn check_constructed(self) -> JsResult<()> {
        if !self.js.strict_equals(self.this, self.js.global()?)? {
            return Ok(());
        }
        let message = self
            .js
            .string("Class constructor WASI cannot be invoked without 'new'")?;
        Err(self.js.throw(self.glue.call(c"typeError", &[message])?))
    }

    fn finalize_bindings(self, instance: Value, options: Value) -> JsResult<()> {
        let memory = self.glue.call(c"memoryOf", &[instance, options])?;
        if self.js.truthy(self.get(c"kStarted")?)? {
            return Err(already_started(self.glue));
        }
        check_object(self.js, self.glue, instance, "instance")?;
        let exports = self.js.get(instance, c"exports")?;
        check_object(self.js, self.glue, exports, "instance.exports")?;
        self.js
            .call(self.this, self.get(c"kSetMemory")?, &[memory])?;
        self.set(c"kInstance", instance)?;
        self.set(c"kStarted", self.js.boolean(true)?)
    }

    fn start(self, instance: Value) -> JsResult<Value> {
        let [start, initialize] = self.bind(instance)?;
        self.check_function(start, "instance.exports._start")?;
        self.check_undefined(initialize, "instance.exports._initialize")?;
        match self.js.call(self.js.undefined()?, start, &[]) {
            Ok(_) => {}
            Err(Thrown) => self.catch_exit()?,
        }
        self.get(c"kExitCode")
    }

    fn initialize(self, instance: Value) -> JsResult<()> {
        let [start, initialize] = self.bind(instance)?;
        self.check_undefined(start, "instance.exports._start")?;
        if self.js.is_undefined(initialize) {
            return Ok(());
        }
        self.check_function(initialize, "instance.exports._initialize")?;
        self.js
            .call(self.js.undefined()?, initialize, &[])
            .map(drop)
    }

    /// Subclasses and loaders may have replaced `finalizeBindings` or the instance.
    fn bind(self, instance: Value) -> JsResult<[Value; 2]> {
        let finalize_bindings = self.js.get(self.this, c"finalizeBindings")?;
        self.js.call(self.this, finalize_bindings, &[instance])?;
        let exports = self.js.get(self.get(c"kInstance")?, c"exports")?;
        Ok([
            self.js.get(exports, c"_start")?,
            self.js.get(exports, c"_initialize")?,
        ])
    }

    /// `proc_exit` unwinds the guest by throwing a symbol.
    fn catch_exit(self) -> JsResult<()> {
        let thrown = self.js.take_exception()?;
        if self
            .js
            .strict_equals(thrown, self.glue.get(c"kExitCode")?)?
        {
            return Ok(());
        }
        Err(self.js.throw(thrown))
    }

    fn check_function(self, value: Value, name: &str) -> JsResult<()> {
        match self.js.type_of(value) {
            Type::Function => Ok(()),
            _ => Err(invalid_type(self.glue, name, "of type function", value)),
        }
    }

    fn check_undefined(self, value: Value, name: &str) -> JsResult<()> {
        match self.js.type_of(value) {
            Type::Undefined => Ok(()),
            _ => Err(invalid_type(self.glue, name, "undefined", value)),
        }
    }

    fn import_object(self) -> JsResult<Value> {
        let object = self.js.object()?;
        let imports = self.js.get(self.this, c"wasiImport")?;
        self.js
            .set_by(object, self.get(c"kBindingName")?, imports)?;
        Ok(object)
    }

    fn get(self, symbol: &std::ffi::CStr) -> JsResult<Value> {
        self.js.get_by(self.this, self.glue.get(symbol)?)
    }

    fn set(self, symbol: &std::ffi::CStr, value: Value) -> JsResult<()> {
        self.js.set_by(self.this, self.glue.get(symbol)?, value)
    }
}

fn module_name(version: Version) -> &'static str {
    match version {
        Version::Preview1 => "wasi_snapshot_preview1",
        Version::Unstable => "wasi_unstable",
    }
}

fn system(options: Options) -> std::result::Result<System, Errno> {
    let args = Strings::new(options.args)?;
    let environ = Strings::new(options.environ)?;
    let mut system = System::new(args, environ, options.stdio)?;
    for (name, path) in options.preopens {
        // As for the C strings of node:wasi, a path ends at its first NUL.
        let path = path.split('\0').next().unwrap_or_default();
        let name = name.split('\0').next().unwrap_or_default();
        system.preopen(name.into(), path.as_ref())?;
    }
    Ok(system)
}
