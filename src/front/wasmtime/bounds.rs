//! The limits of a guest, in the words of the options that set them.

use std::time::Duration;

use super::failure::Failure;
use super::settings::{MAX_STACK, Settings};

/// What ended a guest, if it was one of these.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    /// Of the call under way.
    pub timeout: Option<Duration>,
    memory: u64,
    fuel: Option<u64>,
    buffer: usize,
    stack: usize,
}

impl Bounds {
    /// `stack` is the size that it really has.
    pub fn of(settings: &Settings, stack: usize) -> Self {
        let Settings { timeout, memory_limit: memory, fuel, max_buffer: buffer, .. } = *settings;
        Bounds { timeout, memory, fuel, buffer, stack }
    }

    /// `ERR_WASI_TIMEOUT`, of a guest that was waiting for this host function, if it was.
    pub fn timeout(&self, host_function: Option<String>) -> Failure {
        let message = format!(
            "The program ran longer than options.timeout allows: {}",
            milliseconds(self.timeout.unwrap_or_default())
        );
        let message = match host_function {
            Some(name) => format!("{message}. It was waiting for the host function {name}"),
            None => message,
        };
        Failure::new("ERR_WASI_TIMEOUT", message)
    }

    /// `ERR_WASI_MEMORY_LIMIT`. `initial` is what the program starts with.
    pub fn memory(&self, initial: u64) -> Failure {
        let message = format!(
            "The program needed more memory than options.memoryLimit allows: {}",
            size(self.memory)
        );
        let message = match initial > self.memory {
            true => format!("{message}. It starts with {}", size(initial)),
            false => message,
        };
        Failure::new("ERR_WASI_MEMORY_LIMIT", message)
    }

    /// `ERR_WASI_OUT_OF_FUEL`.
    pub fn fuel(&self) -> Failure {
        let message = format!(
            "The program used up its fuel: options.fuel is {}",
            self.fuel.unwrap_or_default()
        );
        Failure::new("ERR_WASI_OUT_OF_FUEL", message)
    }

    /// `ERR_WASI_MAX_BUFFER`, of the stream of this name.
    pub fn buffer(&self, stream: &str) -> Failure {
        let message = format!(
            "The program wrote more to {stream} than options.maxBuffer allows: {}. Raise the \
             limit, or pass a stream or a descriptor as options.{stream}",
            size(self.buffer as u64)
        );
        Failure::new("ERR_WASI_MAX_BUFFER", message)
    }

    /// What to say when the stack was too small.
    pub fn stack_advice(&self) -> String {
        let now = size(self.stack as u64);
        if self.stack >= MAX_STACK {
            return format!("options.maxStack is {now}, which is the maximum");
        }
        let most = size(MAX_STACK as u64);
        format!(
            "options.maxStack is {now}. Raise it, up to {most}, unless the program recurses \
             without end"
        )
    }
}

/// A time.
pub(super) fn milliseconds(time: Duration) -> String {
    format!("{} ms", time.as_nanos() as f64 / 1e6)
}

/// In the largest unit in which it is a whole number.
pub(super) fn size(bytes: u64) -> String {
    let units = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];
    match units.into_iter().find(|(_, unit)| bytes > 0 && bytes.is_multiple_of(*unit)) {
        Some((name, unit)) => format!("{} {name}", bytes / unit),
        None => format!("{bytes} bytes"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_sizes_and_times_exactly() {
        assert_eq!(size(64 << 20), "64 MiB");
        assert_eq!(size(1 << 10), "1 KiB");
        assert_eq!(size(1025), "1025 bytes");
        assert_eq!(size(0), "0 bytes");
        assert_eq!(milliseconds(Duration::from_micros(1500)), "1.5 ms");
        assert_eq!(milliseconds(Duration::from_millis(1001)), "1001 ms");
    }
}
