//! Calling an export of a guest.

use wasmtime::{AsContextMut, StoreContextMut, Val};

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
    let result = guarded(|| invoke(store.as_context_mut(), name, arguments));
    store.data_mut().told(result, |guest| guest.life.reason()).map_err(End::into_failure)
}
