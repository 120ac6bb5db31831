//! Greets a user in the user's language. README.md describes how strings are passed.

/// The functions of the host.
mod host {
    #[link(wasm_import_module = "env")]
    unsafe extern "C" {
        pub fn log(pointer: *const u8, length: usize);
        pub fn lookup(pointer: *const u8, length: usize) -> u64;
    }
}

fn log(message: &str) {
    unsafe { host::log(message.as_ptr(), message.len()) }
}

/// To the plugin, this is an ordinary function, although the host answers later.
fn lookup(key: &str) -> String {
    unsafe {
        let packed = host::lookup(key.as_ptr(), key.len());
        take((packed >> 32) as *mut u8, packed as u32 as usize)
    }
}

fn greet(user: &str) -> String {
    let language = lookup(&format!("{user}/language"));
    let name = lookup(&format!("{user}/name"));
    log(&format!("the language of {name} is {language}"));
    match language.as_str() {
        "fr" => format!("Bonjour, {name} !"),
        _ => format!("Hello, {name}!"),
    }
}

/// The host calls this to get memory for each string that it passes to the plugin.
#[unsafe(no_mangle)]
pub extern "C" fn alloc(length: usize) -> *mut u8 {
    Box::leak(vec![0; length].into_boxed_slice()).as_mut_ptr()
}

/// Takes over a string that the host has written into memory from `alloc`.
unsafe fn take(pointer: *mut u8, length: usize) -> String {
    let bytes = unsafe { Vec::from_raw_parts(pointer, length, length) };
    String::from_utf8(bytes).expect("the host passes UTF-8")
}

/// The host calls this for each request. The result is freed with the instance.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn handle(pointer: *mut u8, length: usize) -> u64 {
    let user = unsafe { take(pointer, length) };
    let answer = greet(&user).leak();
    ((answer.as_ptr() as u64) << 32) | answer.len() as u64
}
