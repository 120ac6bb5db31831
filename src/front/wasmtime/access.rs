//! What the host can reach of a guest that stands still: its memories and its globals.

use std::ffi::CStr;

use wasmtime::{Global, Memory, Mutability, StoreContextMut};

use super::failure::Failure;
use super::store::Guest;
use super::value::Value;

/// See the module. Names are those of exports; no name means the memory of WASI calls.
pub struct Access<'s> {
    store: StoreContextMut<'s, Guest>,
}

impl<'s> Access<'s> {
    pub(super) fn new(store: StoreContextMut<'s, Guest>) -> Self {
        Access { store }
    }

    /// Bytes of a memory.
    pub fn size(&mut self, memory: Option<&str>) -> Result<usize, Failure> {
        Ok(self.memory(memory)?.data_size(&self.store))
    }

    /// Where a memory is, and how many bytes it has. It stays there as long as the guest.
    pub fn region(&mut self, memory: Option<&str>) -> Result<(*mut u8, usize), Failure> {
        let memory = self.memory(memory)?;
        Ok((memory.data_ptr(&self.store), memory.data_size(&self.store)))
    }

    /// How often memories have grown.
    pub fn growths(&self) -> u64 {
        self.store.data().limits.growths
    }

    /// Makes sure that a memory has these bytes, before someone makes room for them.
    ///
    /// Errors: `ERR_OUT_OF_RANGE`.
    pub fn check(&mut self, memory: Option<&str>, region: Region) -> Result<(), Failure> {
        let size = self.size(memory)? as u64;
        let end = region.pointer.checked_add(region.length).filter(|end| *end <= size);
        end.map(drop).ok_or_else(|| region.outside(size))
    }

    /// Copies bytes of a memory.
    ///
    /// Errors: `ERR_OUT_OF_RANGE`.
    pub fn read(
        &mut self,
        memory: Option<&str>,
        pointer: u64,
        to: &mut [u8],
    ) -> Result<(), Failure> {
        self.check(memory, Region { pointer, length: to.len() as u64 })?;
        let memory = self.memory(memory)?;
        memory.read(&self.store, pointer as usize, to).map_err(unexpected)
    }

    /// Copies bytes into a memory.
    ///
    /// Errors: `ERR_OUT_OF_RANGE`; nothing is written then.
    pub fn write(
        &mut self,
        memory: Option<&str>,
        pointer: u64,
        from: &[u8],
    ) -> Result<(), Failure> {
        self.check(memory, Region { pointer, length: from.len() as u64 })?;
        let memory = self.memory(memory)?;
        memory.write(&mut self.store, pointer as usize, from).map_err(unexpected)
    }

    /// How many bytes there are before the next NUL.
    ///
    /// Errors: `ERR_OUT_OF_RANGE` if there is none.
    pub fn text_length(&mut self, memory: Option<&str>, pointer: u64) -> Result<u64, Failure> {
        self.check(memory, Region { pointer, length: 0 })?;
        let memory = self.memory(memory)?;
        let bytes = memory.data(&self.store);
        let text = usize::try_from(pointer).ok().and_then(|start| bytes.get(start..));
        let text = text.and_then(|text| CStr::from_bytes_until_nul(text).ok());
        text.map(|text| text.count_bytes() as u64).ok_or_else(|| {
            let size = bytes.len();
            out_of_range(format!(
                "There is no NUL at or after the pointer {pointer} in the memory of {size} bytes"
            ))
        })
    }

    /// Adds pages to a memory. Gives how many it had before.
    ///
    /// Errors: `ERR_WASI_MEMORY_LIMIT`, `ERR_OUT_OF_RANGE`.
    pub fn grow(&mut self, memory: Option<&str>, pages: u64) -> Result<u64, Failure> {
        let memory = self.memory(memory)?;
        memory.grow(&mut self.store, pages).map_err(|_| {
            let guest = self.store.data_mut();
            if std::mem::take(&mut guest.limits.exceeded) {
                return guest.bounds.memory(0);
            }
            out_of_range(format!("The memory can't grow by {pages} pages"))
        })
    }

    /// The value of a global.
    ///
    /// Errors: `ERR_INVALID_STATE` if it is no number.
    pub fn get(&mut self, global: &str) -> Result<Value, Failure> {
        let value = self.global(global)?.get(&mut self.store);
        Value::from_wasm(&value).ok_or_else(|| {
            let message = format!("The value of the global '{global}' is not a number");
            Failure::new("ERR_INVALID_STATE", message)
        })
    }

    /// Whether a global can't be set.
    pub fn is_constant(&mut self, global: &str) -> Result<bool, Failure> {
        Ok(self.global(global)?.ty(&self.store).mutability() == Mutability::Const)
    }

    /// Sets a global to a value of its type.
    ///
    /// Errors: `ERR_INVALID_STATE` if it is constant, or of another type.
    pub fn set(&mut self, global: &str, value: Value) -> Result<(), Failure> {
        let found = self.global(global)?;
        found.set(&mut self.store, value.to_wasm()).map_err(|_| gone("global", global))
    }

    fn memory(&mut self, name: Option<&str>) -> Result<Memory, Failure> {
        let found = match name {
            None => self.store.data().memory,
            Some(name) => {
                let exports = self.store.data().instance;
                exports.and_then(|exports| exports.get_memory(&mut self.store, name))
            }
        };
        found.ok_or_else(|| gone("memory", name.unwrap_or("memory")))
    }

    fn global(&mut self, name: &str) -> Result<Global, Failure> {
        let exports = self.store.data().instance;
        let found = exports.and_then(|exports| exports.get_global(&mut self.store, name));
        found.ok_or_else(|| gone("global", name))
    }
}

/// Bytes of a memory.
#[derive(Debug, Clone, Copy)]
pub struct Region {
    /// Where they begin.
    pub pointer: u64,
    /// How many there are.
    pub length: u64,
}

impl Region {
    fn outside(self, size: u64) -> Failure {
        let Region { pointer, length } = self;
        out_of_range(format!(
            "The region of {length} bytes at the pointer {pointer} is outside of the memory, which \
             has {size} bytes"
        ))
    }
}

fn out_of_range(message: String) -> Failure {
    Failure::new("ERR_OUT_OF_RANGE", message)
}

fn gone(kind: &str, name: &str) -> Failure {
    Failure::new("ERR_INVALID_STATE", format!("There is no {kind} '{name}' as yet"))
}

fn unexpected(error: wasmtime::MemoryAccessError) -> Failure {
    out_of_range(error.to_string())
}
