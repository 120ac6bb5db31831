//! What `lib/` asks of wasmtime: functions that start something on another thread and tell a
//! callback, on the event loop, what came of it. And of the host: pipes and files in memory.
#![allow(unsafe_code)] // Callbacks of Node-API.

mod access;
mod arguments;
mod convert;
mod ending;
mod files;
mod functions;
mod guest_ends;
mod handle;
mod host;
mod operation;
mod report;
mod sync;
mod sync_guest;
mod tasks;

use std::ffi::c_void;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;

use napi::sys;

use super::js::{Js, JsResult, Value};

/// A function for JavaScript: values in, a value out, null for undefined.
type Function = fn(Js, &[Value]) -> JsResult<Value>;

const FUNCTIONS: &[(&str, &std::ffi::CStr, Function)] = &[
    ("answer", c"answer", host::answer),
    ("call", c"call", functions::call),
    ("callExport", c"callExport", host::call_export),
    ("callSync", c"callSync", sync::call),
    ("cancel", c"cancel", functions::cancel),
    ("clearMemoryFile", c"clearMemoryFile", files::clear_memory_file),
    ("close", c"close", functions::close),
    ("closeGuestEnd", c"closeGuestEnd", files::close_guest_end),
    ("closeMemoryFile", c"closeMemoryFile", files::close_memory_file),
    ("compile", c"compile", functions::compile),
    ("compileForParent", c"compileForParent", functions::compile_for_parent),
    ("configure", c"configure", functions::configure),
    ("configureFirst", c"configureFirst", functions::configure_first),
    ("describe", c"describe", functions::describe),
    ("ending", c"ending", sync::ending),
    ("getGlobal", c"getGlobal", access::get_global),
    ("growMemory", c"growMemory", access::grow_memory),
    ("hostImports", c"hostImports", functions::host_imports),
    ("inspect", c"inspect", functions::inspect),
    ("instantiate", c"instantiate", functions::instantiate),
    ("instantiateSync", c"instantiateSync", sync::instantiate),
    ("memoryBuffer", c"memoryBuffer", access::memory_buffer),
    ("memoryFile", c"memoryFile", files::memory_file),
    ("memoryFileSize", c"memoryFileSize", files::memory_file_size),
    ("memorySize", c"memorySize", access::memory_size),
    ("nullDevice", c"nullDevice", files::null_device),
    ("origin", c"origin", functions::origin),
    ("output", c"output", functions::output),
    ("pipe", c"pipe", files::pipe),
    ("readMemory", c"readMemory", access::read_memory),
    ("readMemoryFile", c"readMemoryFile", files::read_memory_file),
    ("release", c"release", functions::release),
    ("run", c"run", functions::run),
    ("runSync", c"runSync", sync::run),
    ("serialize", c"serialize", functions::serialize),
    ("setCompiler", c"setCompiler", functions::set_compiler),
    ("setGlobal", c"setGlobal", access::set_global),
    ("settingNames", c"settingNames", functions::setting_names),
    ("textOfMemory", c"textOfMemory", access::text_of_memory),
    ("writeMemory", c"writeMemory", access::write_memory),
];

/// Puts the functions on the exports of the addon.
pub fn export(js: Js, exports: Value) -> JsResult<()> {
    for (index, (name, property, _)) in FUNCTIONS.iter().enumerate() {
        // The number of the function travels as its data.
        let data = ptr::without_provenance_mut::<c_void>(index);
        let function = js.function(name, enter, data)?;
        js.set(exports, property, function)?;
    }
    Ok(())
}

/// As many as any of the functions takes.
const MAX_ARGUMENTS: usize = 16;

unsafe extern "C" fn enter(env: sys::napi_env, info: sys::napi_callback_info) -> Value {
    let js = Js(env);
    let mut arguments = [ptr::null_mut(); MAX_ARGUMENTS];
    let mut count = arguments.len();
    let mut data = ptr::null_mut();
    // SAFETY: writes to locals, at most as many arguments as said. Node-API fills up with
    // undefined.
    unsafe {
        let this = ptr::null_mut();
        sys::napi_get_cb_info(env, info, &mut count, arguments.as_mut_ptr(), this, &mut data);
    }
    let body = || FUNCTIONS[data.addr()].2(js, &arguments);
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(result) => result.unwrap_or(ptr::null_mut()),
        Err(_) => {
            js.throw_error(c"ERR_INTERNAL_ASSERTION", "wasi-rs: a bug in the addon, please report");
            ptr::null_mut()
        }
    }
}
