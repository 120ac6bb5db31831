//! Numbers that cross between host and guest.

use wasmtime::Val;

/// See the module.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value {
    /// 32-bit integer.
    I32(i32),
    /// 64-bit integer.
    I64(i64),
    /// 32-bit float.
    F32(f32),
    /// 64-bit float.
    F64(f64),
}

impl Value {
    /// As the engine takes it.
    pub(super) fn to_wasm(self) -> Val {
        match self {
            Value::I32(number) => Val::I32(number),
            Value::I64(number) => Val::I64(number),
            Value::F32(number) => Val::F32(number.to_bits()),
            Value::F64(number) => Val::F64(number.to_bits()),
        }
    }

    /// `None` for references and vectors, which functions that can be called don't give.
    pub(super) fn from_wasm(value: &Val) -> Option<Self> {
        match value {
            Val::I32(number) => Some(Value::I32(*number)),
            Val::I64(number) => Some(Value::I64(*number)),
            Val::F32(bits) => Some(Value::F32(f32::from_bits(*bits))),
            Val::F64(bits) => Some(Value::F64(f64::from_bits(*bits))),
            _ => None,
        }
    }
}
