//! Calling an export of a guest.
#![allow(unsafe_code)] // Raw arguments, for calls on the thread of the caller.

use std::sync::Arc;

use wasmtime::{AsContextMut, Func, StoreContextMut, Val, ValRaw};

use super::ending::End;
use super::failure::{Failure, guarded};
use super::store::Guest;
use super::value::Value;

/// Calls a function by its name.
pub(super) fn invoke(
    mut store: StoreContextMut<'_, Guest>,
    name: &str,
    arguments: &[Value],
) -> wasmtime::Result<Vec<Value>> {
    let function = store.data().instance.and_then(|exports| exports.get_func(&mut store, name));
    let function = function.ok_or_else(|| wasmtime::Error::msg("no such function"))?;
    let arguments: Vec<Val> = arguments.iter().map(|value| value.to_wasm()).collect();
    let mut results = vec![Val::I32(0); function.ty(&store).results().len()];
    function.call(&mut store, &arguments, &mut results)?;
    Ok(results.iter().filter_map(Value::from_wasm).collect())
}

/// The same, within a function of the host that the guest has called.
pub(super) fn nested(
    mut store: StoreContextMut<'_, Guest>,
    name: &str,
    arguments: &[Value],
) -> Result<Vec<Value>, Failure> {
    within(&mut store, |store| invoke(store, name, arguments))
}

/// What came of a call within another one, which goes on unless the guest is to end.
pub(super) fn within<T>(
    store: &mut StoreContextMut<'_, Guest>,
    call: impl FnOnce(StoreContextMut<'_, Guest>) -> wasmtime::Result<T>,
) -> Result<T, Failure> {
    let result = guarded(|| call(store.as_context_mut()));
    store.data_mut().told(result, |guest| guest.life.reason()).map_err(End::into_failure)
}

/// Most functions have no more parameters or results.
const FEW: usize = 16;

/// Calls an exported function by its number, without looking up anything twice. The arguments have the
/// types that the signature says.
pub(super) fn invoke_number(
    mut store: StoreContextMut<'_, Guest>,
    number: usize,
    arguments: &[Value],
) -> wasmtime::Result<Vec<Value>> {
    let profile = Arc::clone(&store.data().profile);
    let exported = profile
        .exported(number)
        .and_then(|function| Some((function.name.as_str(), function.signature.as_ref()?)));
    let (name, signature) = exported.ok_or_else(|| wasmtime::Error::msg("no such function"))?;
    let matches =
        arguments.iter().map(|value| value.kind()).eq(signature.parameters.iter().copied());
    let function = function(&mut store, number, name).filter(|_| matches);
    let function = function.ok_or_else(|| wasmtime::Error::msg("no such function"))?;
    let (mut few, mut many) = ([ValRaw::i32(0); FEW], Vec::new());
    let values = match signature.width() {
        width if width <= FEW => &mut few[..width],
        width => {
            many.resize(width, ValRaw::i32(0));
            &mut many[..]
        }
    };
    for (value, argument) in values.iter_mut().zip(arguments) {
        *value = argument.to_raw();
    }
    // SAFETY: there is room for the parameters, which have the right types, and for the results.
    unsafe { function.call_unchecked(&mut store, &raw mut *values) }?;
    let results = values.iter().zip(&signature.results);
    Ok(results.map(|(value, kind)| Value::from_raw(*kind, *value)).collect())
}

fn function(store: &mut StoreContextMut<'_, Guest>, number: usize, name: &str) -> Option<Func> {
    if let Some(known) = store.data().functions.get(number).copied().flatten() {
        return Some(known);
    }
    let found = store.data().instance?.get_func(store.as_context_mut(), name)?;
    let functions = &mut store.data_mut().functions;
    functions.resize(functions.len().max(number + 1), None);
    functions[number] = Some(found);
    Some(found)
}
