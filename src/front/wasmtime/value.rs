//! Numbers that cross between host and guest.

use wasmtime::{FuncType, Val, ValRaw, ValType};

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

/// The type of such a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// 32-bit integer.
    I32,
    /// 64-bit integer.
    I64,
    /// 32-bit float.
    F32,
    /// 64-bit float.
    F64,
}

impl Kind {
    /// `None` for references and vectors, which don't cross.
    pub(super) fn of(kind: &ValType) -> Option<Self> {
        match kind {
            ValType::I32 => Some(Kind::I32),
            ValType::I64 => Some(Kind::I64),
            ValType::F32 => Some(Kind::F32),
            ValType::F64 => Some(Kind::F64),
            ValType::V128 | ValType::Ref(_) => None,
        }
    }

    /// As the engine names it.
    pub(super) fn to_wasm(self) -> ValType {
        match self {
            Kind::I32 => ValType::I32,
            Kind::I64 => ValType::I64,
            Kind::F32 => ValType::F32,
            Kind::F64 => ValType::F64,
        }
    }

    /// As in the text format.
    pub fn name(self) -> &'static str {
        match self {
            Kind::I32 => "i32",
            Kind::I64 => "i64",
            Kind::F32 => "f32",
            Kind::F64 => "f64",
        }
    }
}

/// Types of the parameters and results of a function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Crossing {
    /// In order.
    pub parameters: Vec<Kind>,
    /// The same.
    pub results: Vec<Kind>,
}

impl Crossing {
    /// `None` if some don't cross.
    pub(super) fn of(function: &FuncType) -> Option<Self> {
        let kinds =
            |types: &mut dyn Iterator<Item = ValType>| types.map(|kind| Kind::of(&kind)).collect();
        let parameters: Option<_> = kinds(&mut function.params());
        let results: Option<_> = kinds(&mut function.results());
        Some(Crossing { parameters: parameters?, results: results? })
    }

    /// How many numbers are needed for the arguments and then for the results.
    pub(super) fn width(&self) -> usize {
        self.parameters.len().max(self.results.len())
    }
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

    /// As the code of the guest takes it.
    pub(super) fn to_raw(self) -> ValRaw {
        match self {
            Value::I32(number) => ValRaw::i32(number),
            Value::I64(number) => ValRaw::i64(number),
            Value::F32(number) => ValRaw::f32(number.to_bits()),
            Value::F64(number) => ValRaw::f64(number.to_bits()),
        }
    }

    /// A number of this type.
    pub(super) fn from_raw(kind: Kind, value: ValRaw) -> Self {
        match kind {
            Kind::I32 => Value::I32(value.get_i32()),
            Kind::I64 => Value::I64(value.get_i64()),
            Kind::F32 => Value::F32(f32::from_bits(value.get_f32())),
            Kind::F64 => Value::F64(f64::from_bits(value.get_f64())),
        }
    }

    /// Its type.
    pub fn kind(self) -> Kind {
        match self {
            Value::I32(_) => Kind::I32,
            Value::I64(_) => Kind::I64,
            Value::F32(_) => Kind::F32,
            Value::F64(_) => Kind::F64,
        }
    }
}
