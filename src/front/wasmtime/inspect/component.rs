//! What a component imports and exports, by name.

use wasmparser::{ComponentExternalKind, Parser, Payload};

use super::budget::Budget;
use super::{Item, List, Report, Result};

pub fn read(wasm: &[u8], report: &mut Report) -> Result<()> {
    let mut budget = Budget::default();
    // How deep in nested components and modules.
    let mut depth = 0_usize;
    for payload in Parser::new(0).parse_all(wasm) {
        match payload? {
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            _ if depth > 0 => {}
            Payload::ComponentImportSection(imports) => {
                for import in imports {
                    let import = import?;
                    add(&mut report.imports, import.name.name, import.ty.kind(), &mut budget);
                }
            }
            Payload::ComponentExportSection(exports) => {
                for export in exports {
                    let export = export?;
                    add(&mut report.exports, export.name.name, export.kind, &mut budget);
                }
            }
            Payload::CustomSection(section) => report.sections.add(&section, &mut budget),
            _ => {}
        }
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
