//! Writes generated modules to standard output, for `run.mjs`: of each its size, as four bytes,
//! then itself. The same seed gives the same module.
//!
//! ```sh
//! wasi-rs-fuzz-modules results|limits <first seed> <count> [features]
//! ```

mod generate;
mod observe;

use std::io::Write;
use std::process::ExitCode;

use generate::{Features, Purpose};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some((purpose, first, count, features)) = parse(&arguments) else {
        eprintln!("usage: wasi-rs-fuzz-modules results|limits <first seed> <count> [features]");
        return ExitCode::from(2);
    };
    let written = (first..first + count).try_for_each(|seed| write(seed, purpose, &features));
    if let Err(error) = written {
        eprintln!("wasi-rs-fuzz-modules: {error}");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

fn parse(arguments: &[String]) -> Option<(Purpose, u64, u64, Features)> {
    let [purpose, first, count, features @ ..] = arguments else { return None };
    let purpose = match purpose.as_str() {
        "results" => Purpose::Results,
        "limits" => Purpose::Limits,
        _ => return None,
    };
    let features = features.iter().map(String::as_str).collect();
    Some((purpose, first.parse().ok()?, count.parse().ok()?, features))
}

/// A module that can't be made has no bytes.
fn write(seed: u64, purpose: Purpose, features: &Features) -> std::io::Result<()> {
    let module = generate::module(seed, purpose, features).unwrap_or_default();
    let size = u32::try_from(module.len()).expect("modules of some kilobytes");
    let mut output = std::io::stdout().lock();
    output.write_all(&size.to_le_bytes())?;
    output.write_all(&module)
}
