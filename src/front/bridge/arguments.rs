//! The arguments of calls by name.

use super::convert;
use crate::front::js::{Js, JsResult, Value};
use crate::front::wasmtime::{Program, Value as Number};

/// Arguments of a call by the name of the function.
///
/// Throws as `call` does.
pub fn call_arguments(
    js: Js,
    program: &Program,
    name: &str,
    values: Value,
) -> JsResult<Vec<Number>> {
    let Some(signature) = program.signature(name) else {
        let message = format!("The program exports no function '{name}'");
        let message = match program.functions().as_str() {
            "" => message,
            functions => format!("{message}. It exports {functions}"),
        };
        return Err(js.throw_type_error(c"ERR_INVALID_ARG_VALUE", &message));
    };
    convert::arguments(js, values, &signature.parameters)?.ok_or_else(|| {
        js.throw_type_error(c"ERR_INVALID_ARG_TYPE", &expected(name, &signature.parameters))
    })
}

fn expected(name: &str, parameters: &[String]) -> String {
    let types = parameters.join(", ");
    match parameters.iter().any(|kind| kind == "i64") {
        _ if parameters.is_empty() => format!("The function '{name}' takes no arguments"),
        true => format!("The function '{name}' takes ({types}): numbers, and BigInts for i64"),
        false => format!("The function '{name}' takes ({types}): numbers"),
    }
}
