//! What a component imports and exports, by name.

use wasmparser::{Chunk, ComponentExternalKind, Parser, Payload};

use super::budget::Budget;
use super::{Broken, Item, List, Report, Result};

/// Passes over what is nested in it: components can be nested as deeply as the file is long.
pub fn read(wasm: &[u8], report: &mut Report) -> Result<()> {
    let (mut parser, mut rest) = (Parser::new(0), wasm);
    let mut budget = Budget::default();
    while let Chunk::Parsed { consumed, payload } = parser.parse(rest, true)? {
        rest = &rest[consumed..];
        match payload {
            Payload::ModuleSection { unchecked_range: inner, .. }
            | Payload::ComponentSection { unchecked_range: inner, .. } => {
                rest = behind(rest, inner.end - inner.start)?;
            }
            Payload::End(_) => break,
            payload => tell(payload, report, &mut budget)?,
        }
    }
    Ok(())
}

fn behind(rest: &[u8], size: u64) -> Result<&[u8]> {
    let rest = usize::try_from(size).ok().and_then(|size| rest.get(size..));
    rest.ok_or_else(|| Broken("it ends within a nested module or component".into()))
}

fn tell(payload: Payload<'_>, report: &mut Report, budget: &mut Budget) -> Result<()> {
    match payload {
        Payload::ComponentImportSection(imports) => {
            for import in imports {
                let import = import?;
                add(&mut report.imports, import.name.name, import.ty.kind(), budget);
            }
        }
        Payload::ComponentExportSection(exports) => {
            for export in exports {
                let export = export?;
                add(&mut report.exports, export.name.name, export.kind, budget);
            }
        }
        Payload::CustomSection(section) => report.sections.add(&section, budget),
        _ => {}
    }
    Ok(())
}

fn add(list: &mut List, name: &str, kind: ComponentExternalKind, budget: &mut Budget) {
    list.count += 1;
    if budget.take(name.len()) {
        list.items.push(Item { module: None, name: name.into(), kind: name_of(kind), shape: None });
    }
}

fn name_of(kind: ComponentExternalKind) -> &'static str {
    match kind {
        ComponentExternalKind::Module => "core module",
        ComponentExternalKind::Func => "function",
        ComponentExternalKind::Value => "value",
        ComponentExternalKind::Type => "type",
        ComponentExternalKind::Instance => "instance",
        ComponentExternalKind::Component => "component",
    }
}
