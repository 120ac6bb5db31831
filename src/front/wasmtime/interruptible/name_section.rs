//! Names of functions, for backtraces. Each frame of a backtrace is given a copy, so they must be
//! short.

use wasm_encoder::{NameMap, NameSection};
use wasmparser::{CustomSectionReader, KnownCustom, Name, Naming};

/// Most bytes of a name.
const MAX_NAME: usize = 1000;

/// The section with short names, if it has names that are too long. What else it has, nobody reads.
pub(super) fn shortened(section: &CustomSectionReader<'_>) -> Option<NameSection> {
    let names = function_names(section)?;
    if names.iter().all(|name| name.name.len() <= MAX_NAME) {
        return None;
    }
    let mut short = NameMap::new();
    for Naming { index, name } in names {
        short.append(index, &name[..name.floor_char_boundary(MAX_NAME)]);
    }
    let mut section = NameSection::new();
    section.functions(&short);
    Some(section)
}

/// `None` for other sections, and for those that can't be read: then nobody reads them.
fn function_names<'s>(section: &CustomSectionReader<'s>) -> Option<Vec<Naming<'s>>> {
    let KnownCustom::Name(subsections) = section.as_known() else { return None };
    for subsection in subsections {
        if let Name::Function(names) = subsection.ok()? {
            return names.into_iter().collect::<Result<_, _>>().ok();
        }
    }
    None
}
