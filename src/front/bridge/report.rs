//! A report about a file, as an object of JavaScript.

use std::collections::HashMap;
use std::ffi::CStr;

use crate::front::js::{Js, JsResult, Value};
use crate::front::wasmtime::{Item, List, Memory, Need, Report, Sections};

/// `{ kind, isText, runs, needs, role, imports, importCount, … }`, with null for what is not known.
pub fn value(js: Js, report: &Report) -> JsResult<Value> {
    let object = js.object()?;
    let set = |name: &CStr, value| js.set(object, name, value);
    set(c"kind", js.string(report.kind)?)?;
    set(c"isText", js.boolean(report.is_text)?)?;
    set(c"runs", report.runs.map_or_else(|| js.null(), |runs| js.boolean(runs))?)?;
    set(c"needs", list(js, &report.needs, need)?)?;
    set(c"role", report.role.map_or_else(|| js.null(), |role| js.string(role))?)?;
    let mut shapes = HashMap::new();
    for (name, count, all) in [
        (c"imports", c"importCount", &report.imports),
        (c"exports", c"exportCount", &report.exports),
    ] {
        set(name, items(js, all, &mut shapes)?)?;
        set(count, js.number(all.count as f64)?)?;
    }
    set(c"memories", list(js, &report.memories, memory)?)?;
    set_sections(js, object, &report.sections)?;
    Ok(object)
}

fn list<T>(js: Js, items: &[T], make: impl Fn(Js, &T) -> JsResult<Value>) -> JsResult<Value> {
    js.array(&items.iter().map(|item| make(js, item)).collect::<JsResult<Vec<_>>>()?)
}

fn need(js: Js, Need { about, message }: &Need) -> JsResult<Value> {
    let object = js.object()?;
    js.set(object, c"about", js.string(about)?)?;
    js.set(object, c"message", js.string(message)?)?;
    Ok(object)
}

/// Types that many have are made once.
fn items(js: Js, list: &List, shapes: &mut HashMap<*const str, Value>) -> JsResult<Value> {
    let items = list.items.iter().map(|Item { module, name, kind, shape }| {
        let object = js.object()?;
        if let Some(module) = module {
            js.set(object, c"module", js.string(module)?)?;
        }
        js.set(object, c"name", js.string(name)?)?;
        js.set(object, c"kind", js.string(kind)?)?;
        if let Some(shape) = shape {
            let known = shapes.get(&std::sync::Arc::as_ptr(shape)).copied();
            let value = known.map_or_else(|| js.string(shape), Ok)?;
            shapes.insert(std::sync::Arc::as_ptr(shape), value);
            js.set(object, c"type", value)?;
        }
        Ok(object)
    });
    js.array(&items.collect::<JsResult<Vec<_>>>()?)
}

fn memory(js: Js, memory: &Memory) -> JsResult<Value> {
    let object = js.object()?;
    let set = |name: &CStr, value| js.set(object, name, value);
    let number = |number: u64| js.number(number as f64);
    set(c"imported", js.boolean(memory.is_imported)?)?;
    set(c"initial", number(memory.initial)?)?;
    set(c"maximum", memory.maximum.map_or_else(|| js.null(), number)?)?;
    set(c"pageSize", number(memory.page)?)?;
    set(c"shared", js.boolean(memory.is_shared)?)?;
    set(c"memory64", js.boolean(memory.is_64)?)?;
    Ok(object)
}

fn set_sections(js: Js, object: Value, sections: &Sections) -> JsResult<()> {
    let custom = list(js, &sections.custom, |js, (name, size)| {
        let object = named(js, name)?;
        js.set(object, c"size", js.number(*size as f64)?)?;
        Ok(object)
    })?;
    js.set(object, c"sections", custom)?;
    let producers = list(js, &sections.producers, |js, (name, values)| {
        let object = named(js, name)?;
        js.set(object, c"values", list(js, values, versioned)?)?;
        Ok(object)
    })?;
    js.set(object, c"producers", producers)?;
    let features = list(js, &sections.features, |js, feature| js.string(feature))?;
    js.set(object, c"features", features)
}

fn versioned(js: Js, (name, version): &(String, String)) -> JsResult<Value> {
    let object = named(js, name)?;
    js.set(object, c"version", js.string(version)?)?;
    Ok(object)
}

fn named(js: Js, name: &str) -> JsResult<Value> {
    let object = js.object()?;
    js.set(object, c"name", js.string(name)?)?;
    Ok(object)
}
