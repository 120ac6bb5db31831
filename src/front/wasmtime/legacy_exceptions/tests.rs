use wasmtime::{Engine, Module};

use super::{translate, validate};

fn binary(text: &str) -> Vec<u8> {
    wat::parse_str(text).expect("a text that is right")
}

/// Translates what only engines with legacy instructions take to what wasmtime takes.
fn translated(text: &str) -> Vec<u8> {
    let wasm = binary(text);
    let engine = Engine::default();
    assert!(Module::validate(&engine, &wasm).is_err());
    validate(&wasm).expect("valid, for the legacy");
    let translated = translate(&wasm).expect("within limits");
    Module::validate(&engine, &translated).expect("valid, for wasmtime");
    translated
}

fn function(body: &str) -> String {
    format!("(module (tag $a) (tag $b (param i32)) (func {body}))")
}

fn refusal(text: &str) -> String {
    let wasm = binary(text);
    validate(&wasm).expect("valid, for the legacy");
    translate(&wasm).expect_err("refused").to_string()
}

#[test]
fn leaves_programs_without_a_try_as_they_are() {
    let wasm = binary(
        r#"(module (type (func (param i32))) (import "a" "b" (func)) (tag $a) (memory 1)
        (func (export "f") (local i32) block (try_table (catch $a 0) (throw $a)) end) (data "x"))"#,
    );
    assert_eq!(translate(&wasm).unwrap(), wasm);
}

#[test]
fn writes_what_the_specification_has() {
    let legacy = "(module (tag $a) (tag $b (param i32)) (func (result i32)
        try (result i32) i32.const 1
        catch $a rethrow 0
        catch $b
        catch_all rethrow 0 end))";
    let modern = "(module (type (func (result i32))) (type (func)) (type (func (param i32)))
        (tag $a) (tag $b (param i32)) (func (result i32) (local exnref)
        block (result i32)
          block (result exnref) block (result i32) block (result exnref)
            try_table (result i32) (catch_ref $a 0) (catch $b 1) (catch_all_ref 2)
              i32.const 1
            end br 3
          end local.set 0 local.get 0 throw_ref br 2
          end br 1
          end local.set 0 local.get 0 throw_ref
        end))";
    assert_eq!(body(&translated(legacy)), body(&binary(modern)));
}

/// The section of code.
fn body(wasm: &[u8]) -> Vec<u8> {
    let parsed = wasmparser::Parser::new(0).parse_all(wasm).map(|payload| payload.unwrap());
    let sections = parsed.filter_map(|payload| payload.as_section());
    let code = sections.into_iter().find(|(id, _)| *id == 10).expect("functions").1;
    wasm[super::indices(code)].to_vec()
}

#[test]
fn needs_a_local_for_each_handler_that_is_open_and_rethrows() {
    let nest = |depth: usize, rethrow: &str| {
        function(&format!(
            "{} {}",
            "try throw $a catch_all ".repeat(depth),
            format!("{rethrow} end ").repeat(depth)
        ))
    };
    translated(&nest(49_999, "rethrow 0"));
    translated(&nest(60_000, ""));
    let message = refusal(&nest(50_001, "rethrow 0"));
    assert!(message.contains("50001 locals"), "{message}");
    // One after the other share theirs.
    translated(&function(&"try throw $a catch_all rethrow 0 end ".repeat(60_000)));
}

#[test]
fn grows_by_a_constant_factor() {
    let deep = |open: &str, close: &str| {
        function(&format!("{} {}", open.repeat(20_000), close.repeat(20_000)))
    };
    let table =
        format!("i32.const 0 br_table {}", (0..200).map(|n| format!("{n} ")).collect::<String>());
    let hostile = [
        deep("try throw $a catch $a ", "end "),
        deep("try ", "catch $a rethrow 0 catch_all rethrow 0 end "),
        deep("try ", "catch $a end "),
        deep("try try ", "delegate 1 catch $b drop end "),
        deep("try try call 0 ", "delegate 0 end "),
        function(&"try throw $a catch $a end ".repeat(20_000)),
        function(&format!("try {} catch_all end", "try throw $a delegate 1 ".repeat(20_000))),
        function(&format!("try throw $a {} end", "catch $a ".repeat(10_000))),
        function(&format!(
            "{} {} {}",
            "try ".repeat(20_000),
            format!("try {table} catch $a end ").repeat(100),
            "catch $a end ".repeat(20_000)
        )),
    ];
    for text in &hostile {
        let wasm = binary(text);
        validate(&wasm).unwrap_or_else(|error| panic!("{error} {}", &text[..99]));
        let length = translate(&wasm).expect("within limits").len();
        assert!(length < 10 * wasm.len(), "{} became {length}: {}", wasm.len(), &text[..99]);
    }
}

#[test]
fn refuses_what_exceeds_limits() {
    let message = refusal(&function(&format!("try {} end", "catch $a ".repeat(10_001))));
    assert!(message.contains("10001 clauses"), "{message}");
    let params = "i32 ".repeat(1000);
    let message = refusal(&format!(
        "(module (tag $a (param {params})) (func try catch $a unreachable rethrow 0 end))"
    ));
    assert!(message.contains("1001 results"), "{message}");
    assert!(message.contains("(at offset 0x"), "{message}");
    let message =
        refusal(&function("try throw $a catch $a end block (try_table (catch $a 0)) end"));
    assert!(message.contains("try_table"), "{message}");
}

#[test]
fn bounds_the_types_that_are_added() {
    let params = "i32 ".repeat(990);
    let types: String = (0..600).map(|n| format!("(type $t{n} (func (param {params})))")).collect();
    let tags: String = (0..2).map(|n| format!("(tag $a{n} (type $t{n}))")).collect();
    let body: String = (0..600)
        .map(|n| format!("unreachable try (type $t{n}) unreachable catch $a0 unreachable catch $a1 unreachable end "))
        .collect();
    let message = refusal(&format!("(module {types} {tags} (func {body}))"));
    assert!(message.contains("at most 1000000 are allowed"), "{message}");
}

#[test]
fn drops_hints_about_places_in_bodies() {
    let text = r#"(module (@custom "metadata.code.branch_hint" (before code) "\00") (tag $a)
        (@custom "kept" "x") (func try catch $a end))"#;
    let translated = translated(text);
    let names =
        wasmparser::Parser::new(0).parse_all(&translated).filter_map(|payload| match payload {
            Ok(wasmparser::Payload::CustomSection(section)) => Some(section.name().to_owned()),
            _ => None,
        });
    assert_eq!(names.collect::<Vec<_>>(), ["kept", "name"]);
}
