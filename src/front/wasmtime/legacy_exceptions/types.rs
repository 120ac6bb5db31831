//! The types of a program, and those of the blocks that are added.

use std::collections::HashMap;

use wasm_encoder::reencode::{Reencode, RoundtripReencoder};
use wasm_encoder::{BlockType, Encode, ValType};
use wasmparser::{
    CompositeInnerType, FuncType, ImportSectionReader, TagSectionReader, TypeRef, TypeSectionReader,
};
use wasmtime::{Error, Result};

use super::limit;

/// Types by index, and what is appended to them.
#[derive(Default)]
pub(super) struct Types {
    known: Vec<Option<FuncType>>,
    /// Type of each tag.
    tags: Vec<u32>,
    added: HashMap<Shape, u32>,
    encoded: Vec<u8>,
    /// Parameters and results in `encoded`.
    values: usize,
}

/// Type of a block that leads from the parameters of a `try` to one of its handlers.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Shape {
    /// The type whose parameters it takes.
    pub takes: Option<u32>,
    /// The type whose parameters it gives.
    pub gives: Option<u32>,
    /// Whether it gives the exception as well.
    pub exception: bool,
}

impl Types {
    pub fn read(&mut self, section: TypeSectionReader<'_>) -> Result<()> {
        for group in section {
            self.known.extend(group?.into_types().map(|kind| match kind.composite_type.inner {
                CompositeInnerType::Func(function) => Some(function),
                _ => None,
            }));
        }
        Ok(())
    }

    pub fn read_imports(&mut self, section: ImportSectionReader<'_>) -> Result<()> {
        for import in section.into_imports() {
            if let TypeRef::Tag(tag) = import?.ty {
                self.tags.push(tag.func_type_idx);
            }
        }
        Ok(())
    }

    pub fn read_tags(&mut self, section: TagSectionReader<'_>) -> Result<()> {
        for tag in section {
            self.tags.push(tag?.func_type_idx);
        }
        Ok(())
    }

    /// How many types are appended, and their encoding.
    pub fn added(&self) -> (u32, &[u8]) {
        (self.added.len() as u32, &self.encoded)
    }

    /// How many parameters functions of a type have.
    pub fn arity(&self, index: u32) -> usize {
        self.params(Some(index)).len()
    }

    /// The type of a `try` where it has parameters.
    pub fn with_params(&self, kind: wasmparser::BlockType) -> Option<u32> {
        match kind {
            wasmparser::BlockType::FuncType(index) if self.arity(index) > 0 => Some(index),
            _ => None,
        }
    }

    /// The type of a tag where it has parameters.
    pub fn of_tag(&self, tag: u32) -> Option<u32> {
        self.tags.get(tag as usize).copied().filter(|index| self.arity(*index) > 0)
    }

    /// How to write the type of a block.
    pub fn block(&mut self, shape: Shape, offset: u64) -> Result<BlockType> {
        let results = self.results(shape)?;
        match (shape.takes, results.as_slice()) {
            (None, []) => Ok(BlockType::Empty),
            (None, [one]) => Ok(BlockType::Result(*one)),
            _ => Ok(BlockType::FunctionType(self.index(shape, &results, offset)?)),
        }
    }

    fn params(&self, index: Option<u32>) -> &[wasmparser::ValType] {
        let found = index.and_then(|index| self.known.get(index as usize)?.as_ref());
        found.map_or(&[], FuncType::params)
    }

    fn results(&self, shape: Shape) -> Result<Vec<ValType>> {
        let mut results = encoded(self.params(shape.gives))?;
        if shape.exception {
            results.push(ValType::EXNREF);
        }
        Ok(results)
    }

    fn index(&mut self, shape: Shape, results: &[ValType], offset: u64) -> Result<u32> {
        if let Some(index) = self.added.get(&shape) {
            return Ok(*index);
        }
        let params = encoded(self.params(shape.takes))?;
        self.values += params.len() + results.len();
        limit::at_most(limit::RESULTS, results.len(), "results of a block", offset)?;
        limit::at_most(limit::ADDED_VALUES, self.values, "values in types of blocks", offset)?;
        encode(&mut self.encoded, &params, results);
        let index = (self.known.len() + self.added.len()) as u32;
        self.added.insert(shape, index);
        Ok(index)
    }
}

fn encoded(types: &[wasmparser::ValType]) -> Result<Vec<ValType>> {
    let types = types.iter().map(|kind| RoundtripReencoder.val_type(*kind));
    types.collect::<std::result::Result<_, _>>().map_err(Error::new)
}

/// A type of functions, as an entry of the type section.
fn encode(sink: &mut Vec<u8>, params: &[ValType], results: &[ValType]) {
    const FUNCTION: u8 = 0x60;
    sink.push(FUNCTION);
    params.encode(sink);
    results.encode(sink);
}
