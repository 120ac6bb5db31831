//! Tells the linker how to build a Node.js addon (only when the `v8` feature is on).

fn main() {
    if std::env::var_os("CARGO_FEATURE_V8").is_some() {
        napi_build::setup();
    }
}
