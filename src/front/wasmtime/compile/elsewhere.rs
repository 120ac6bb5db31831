//! Compiling in a child process, and what is kept of it.

use std::fs::File;
use std::sync::Arc;

use wasmtime::Engine;

use super::child;
use super::code::Source;
use super::order::{Order, Outcome};
use crate::front::wasmtime::cache::Cache;
use crate::front::wasmtime::engine::{Variant, machine};
use crate::front::wasmtime::ready::{Code, Origin, Ready, load};

/// What can't be loaded is compiled again.
pub fn cached(
    cache: Option<&Cache>,
    engine: &Engine,
    source: &Source,
    variant: Variant,
    origin: Origin,
) -> Option<(Variant, Ready)> {
    let file = cache?.load(engine, &source.hash)?;
    load(&Code::File(&file), variant, origin).ok()
}

/// Compiles in a child process that `parent` watches over. Blocks.
pub fn compile(order: &Order, parent: &impl child::Parent) -> Outcome {
    let Order { source, variant, cache, limits } = order;
    let mut code = child::compile(source, *variant, limits.memory, parent)?;
    let engine = &machine(*variant).engine;
    if let Some(cache) = cache {
        cache.store(engine, &source.hash, |file| copy(&mut code, file));
        let kept = cached(Some(cache), engine, source, *variant, Origin::Child);
        if let Some((variant, ready)) = kept {
            return Ok((variant, Arc::new(ready)));
        }
    }
    let (variant, ready) =
        load(&Code::Bytes(&child::content(&mut code)?), *variant, Origin::Child)?;
    Ok((variant, Arc::new(ready)))
}

fn copy(from: &mut File, to: &mut File) -> std::io::Result<()> {
    use std::io::Seek;
    from.rewind()?;
    std::io::copy(from, to).map(drop)
}
