//! The options of the class: the checks of node:wasi, in their order, reading each property as
//! often as it does.

use std::ffi::CStr;

use super::environment::Glue;
use super::share::{self, Token};
use crate::abi::Version;
use crate::front::js::{Js, JsResult, Type, Value};
use crate::system::{Mount, SharedDescriptors};

/// All options but `returnOnExit`, which is read only after the rest has been put to use.
pub struct Options {
    pub version: Version,
    pub args: Vec<Vec<u8>>,
    /// `NAME=value` each.
    pub environ: Vec<Vec<u8>>,
    pub preopens: Vec<Preopen>,
    pub stdio: [i32; 3],
    /// Most descriptors at once.
    pub max_files: Option<u32>,
    /// The descriptors of other objects, instead of all those above, and their token.
    pub shared: Option<(SharedDescriptors, Token)>,
}

/// A directory that the guest gets.
pub struct Preopen {
    /// By which the guest knows it.
    pub name: String,
    /// In the host.
    pub path: String,
    pub mount: Mount,
}

/// Reads and checks the options given to the constructor.
#[derive(Clone, Copy)]
pub struct Reader {
    pub js: Js,
    pub glue: Glue,
    /// The first argument of the constructor.
    pub options: Value,
}

impl Reader {
    /// Errors: `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE`, `ERR_OUT_OF_RANGE`.
    pub fn read(self) -> JsResult<Options> {
        let options = Options {
            version: self.version()?,
            args: self.args()?,
            environ: self.environ()?,
            preopens: self.preopens()?,
            stdio: self.stdio()?,
            max_files: self.max_files()?,
            shared: self.shared()?,
        };
        self.check_no_mistaken()?;
        Ok(options)
    }

    /// A guest must not run without a limit that its author believes in. Other unknown names are
    /// ignored, as in node:wasi.
    fn check_no_mistaken(self) -> JsResult<()> {
        let mistaken = self.glue.call(c"mistakenOption", &[self.options])?;
        if self.js.is_undefined(mistaken) {
            return Ok(());
        }
        let text = |index| self.js.as_text(self.js.element(mistaken, index)?);
        Err(self.glue.invalid_option(&format!("options.{}", text(0)?), &text(1)?))
    }

    /// `wasi_unstable` and `wasi_snapshot_preview1` are the modules that guests import from.
    fn version(self) -> JsResult<Version> {
        let name = "options.version";
        let version = self.get(c"version")?;
        if self.js.type_of(version) != Type::String {
            return Err(self.glue.invalid_type(name, "of type string", version));
        }
        let version = self.get(c"version")?;
        let is_string = self.js.type_of(version) == Type::String;
        let text = if is_string { self.js.as_text(version)? } else { String::new() };
        match text.as_str() {
            "unstable" => Ok(Version::Unstable),
            "preview1" => Ok(Version::Preview1),
            _ => {
                let version = self.get(c"version")?;
                let reason = "unsupported WASI version";
                Err(self.glue.invalid_value(name, reason, version))
            }
        }
    }

    fn args(self) -> JsResult<Vec<Vec<u8>>> {
        let name = "options.args";
        if !self.js.is_undefined(self.get(c"args")?) {
            let args = self.get(c"args")?;
            if !self.glue.test(c"isArray", &[args])? {
                return Err(self.glue.invalid_type(name, "an instance of Array", args));
            }
            // Node's `validateArray` looks at it, which a Proxy can see.
            self.js.get(args, c"length")?;
        }
        let args = self.get(c"args")?;
        if !self.js.truthy(args)? {
            return Ok(Vec::new());
        }
        let strings = self.glue.call(c"toStrings", &[args])?;
        if self.js.type_of(strings) == Type::Null {
            return Err(self.glue.invalid_value(name, "must not have holes", args));
        }
        (0..self.js.array_length(strings)?)
            .map(|index| Ok(self.js.as_text(self.js.element(strings, index)?)?.into_bytes()))
            .collect()
    }

    fn environ(self) -> JsResult<Vec<Vec<u8>>> {
        let mut environ = Vec::new();
        for [name, value] in self.entries(c"env", "options.env")? {
            if !self.js.is_undefined(value) {
                environ.push(self.glue.text(c"variable", &[name, value])?.into_bytes());
            }
        }
        Ok(environ)
    }

    fn preopens(self) -> JsResult<Vec<Preopen>> {
        let entries = self.entries(c"preopens", "options.preopens")?;
        entries.into_iter().map(|[name, value]| self.preopen(name, value)).collect()
    }

    /// An object with a `path` is ours; anything else becomes a string, as in node:wasi.
    fn preopen(self, name: Value, value: Value) -> JsResult<Preopen> {
        let name = self.glue.text(c"string", &[name])?;
        if self.js.type_of(value) == Type::Object {
            let path = self.js.get(value, c"path")?;
            if !self.js.is_undefined(path) && self.is_own(value, c"path")? {
                return self.preopen_object(name, value, path);
            }
        }
        let path = self.glue.text(c"string", &[value])?;
        Ok(Preopen { name, path, mount: Mount::ReadWrite })
    }

    fn preopen_object(self, name: String, value: Value, path: Value) -> JsResult<Preopen> {
        let option = format!("options.preopens['{name}']");
        self.check_names(value, &option)?;
        if self.js.type_of(path) != Type::String {
            return Err(self.glue.invalid_type(&format!("{option}.path"), "of type string", path));
        }
        let readonly = match self.is_own(value, c"readonly")? {
            true => self.js.get(value, c"readonly")?,
            false => self.js.undefined()?,
        };
        if !matches!(self.js.type_of(readonly), Type::Undefined | Type::Boolean) {
            let option = format!("{option}.readonly");
            return Err(self.glue.invalid_type(&option, "of type boolean", readonly));
        }
        let mount = if self.js.truthy(readonly)? { Mount::ReadOnly } else { Mount::ReadWrite };
        Ok(Preopen { name, path: self.js.as_text(path)?, mount })
    }

    /// Who writes `readOnly`, or has a class with a `readonly`, must not give away more than was
    /// meant.
    fn check_names(self, value: Value, option: &str) -> JsResult<()> {
        let names = self.glue.call(c"ownNames", &[value])?;
        for index in 0..self.js.array_length(names)? {
            let name = self.js.as_text(self.js.element(names, index)?)?;
            if !matches!(name.as_str(), "path" | "readonly") {
                let reason = "is not an option of a preopen. The options are 'path', 'readonly'";
                return Err(self.glue.invalid_option(&format!("{option}.{name}"), reason));
            }
        }
        if self.glue.test(c"isInherited", &[value, self.js.string("readonly")?])? {
            let reason = "is inherited, and only own properties are options";
            return Err(self.glue.invalid_option(&format!("{option}.readonly"), reason));
        }
        Ok(())
    }

    /// Whether a property is not inherited.
    fn is_own(self, object: Value, name: &CStr) -> JsResult<bool> {
        let key = self.js.string(&name.to_string_lossy())?;
        self.glue.test(c"hasOwn", &[object, key])
    }

    /// `Object.entries` of an option; none when it is undefined.
    fn entries(self, option: &CStr, name: &str) -> JsResult<Vec<[Value; 2]>> {
        if self.js.is_undefined(self.get(option)?) {
            return Ok(Vec::new());
        }
        let value = self.get(option)?;
        check_object(self.glue, value, name)?;
        let entries = self.glue.call(c"entries", &[self.get(option)?])?;
        (0..self.js.array_length(entries)?)
            .map(|index| {
                let entry = self.js.element(entries, index)?;
                Ok([self.js.element(entry, 0)?, self.js.element(entry, 1)?])
            })
            .collect()
    }

    fn stdio(self) -> JsResult<[i32; 3]> {
        let streams = [self.get(c"stdin")?, self.get(c"stdout")?, self.get(c"stderr")?];
        let names = ["options.stdin", "options.stdout", "options.stderr"];
        let mut fds = [0, 1, 2];
        for ((fd, stream), name) in fds.iter_mut().zip(streams).zip(names) {
            if !self.js.is_undefined(stream) {
                *fd = self.fd(stream, name)?;
            }
        }
        Ok(fds)
    }

    fn max_files(self) -> JsResult<Option<u32>> {
        let value = self.get(c"maxFiles")?;
        if self.js.is_undefined(value) {
            return Ok(None);
        }
        Ok(Some(self.fd(value, "options.maxFiles")?.unsigned_abs()))
    }

    /// Errors also for what would have no effect: who gives fewer directories than the others have
    /// must not believe that it helps.
    fn shared(self) -> JsResult<Option<(SharedDescriptors, Token)>> {
        let value = self.get(c"share")?;
        if self.js.is_undefined(value) {
            return Ok(None);
        }
        if self.js.type_of(value) != Type::String {
            return Err(self.glue.invalid_type("options.share", "of type string", value));
        }
        for option in [c"preopens", c"stdin", c"stdout", c"stderr", c"maxFiles"] {
            let value = self.get(option)?;
            if !self.js.is_undefined(value) {
                let name = format!("options.{}", option.to_string_lossy());
                let reason = "must not be given with options.share";
                return Err(self.glue.invalid_value(&name, reason, value));
            }
        }
        let token = self.js.as_text(value)?;
        let Some(descriptors) = share::find(&token) else {
            let reason = "must come from share() of a WASI object that is still in use";
            return Err(self.glue.invalid_value("options.share", reason, value));
        };
        Ok(Some((descriptors, token)))
    }

    /// An integer from 0 to 2^31 - 1.
    fn fd(self, value: Value, name: &str) -> JsResult<i32> {
        if self.js.type_of(value) != Type::Number {
            return Err(self.glue.invalid_type(name, "of type number", value));
        }
        let number = self.js.as_f64(value)?;
        if !number.is_finite() || number.fract() != 0.0 {
            return Err(self.glue.out_of_range(name, "an integer", value));
        }
        if !(0.0..=f64::from(i32::MAX)).contains(&number) {
            return Err(self.glue.out_of_range(name, ">= 0 && <= 2147483647", value));
        }
        Ok(number as i32)
    }

    /// Whether `proc_exit` makes `start()` return, which is the default.
    pub fn return_on_exit(self) -> JsResult<bool> {
        if self.js.is_undefined(self.get(c"returnOnExit")?) {
            return Ok(true);
        }
        let value = self.get(c"returnOnExit")?;
        if self.js.type_of(value) != Type::Boolean {
            return Err(self.glue.invalid_type("options.returnOnExit", "of type boolean", value));
        }
        self.js.truthy(self.get(c"returnOnExit")?)
    }

    fn get(self, name: &CStr) -> JsResult<Value> {
        self.js.get(self.options, name)
    }
}

/// Node's `validateObject`: no array, no function.
pub fn check_object(glue: Glue, value: Value, name: &str) -> JsResult<()> {
    let is_array = glue.js.type_of(value) != Type::Null && glue.test(c"isArray", &[value])?;
    if glue.js.type_of(value) == Type::Object && !is_array {
        return Ok(());
    }
    Err(glue.invalid_type(name, "of type object", value))
}
