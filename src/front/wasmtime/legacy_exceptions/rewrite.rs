//! The body of a function with other instructions.
//!
//! Where an exception is handed to by a `delegate`, there is a block around the body, inside of the
//! `try_table`, that throws what leaves it:
//!
//! ```wat
//! (try_table (catch …)
//!   (block $landing (result exnref)
//!     …
//!       (try_table (catch_all_ref $landing) …)
//!     …
//!     (br $end))
//!   throw_ref)
//! ```

use wasm_encoder::reencode::{Reencode, RoundtripReencoder};
use wasm_encoder::{BlockType, Catch, Encode, InstructionSink, ValType};
use wasmparser::{BinaryReader, FunctionBody, Operator};
use wasmtime::{Error, Result};

use super::survey::{Handler, Leads, Place, Survey};
use super::types::{Shape, Types};
use super::{indices, limit};

/// The body, with its locals, of a function of type `kind`.
pub(super) fn rewrite(
    wasm: &[u8],
    body: &FunctionBody<'_>,
    kind: u32,
    survey: &Survey,
    types: &mut Types,
) -> Result<Vec<u8>> {
    let mut reader = body.get_operators_reader()?;
    let locals = Locals::read(body, types.arity(kind))?;
    let declared = locals.end..reader.original_position();
    let mut rewriter = Rewriter::new(wasm, reader.original_position(), survey, types);
    rewriter.first_local = locals.count as u32;
    rewriter.begin();
    while !reader.eof() {
        let start = reader.original_position();
        let operator = reader.read()?;
        rewriter.take(&operator, start, reader.original_position())?;
    }
    let (start, added) = (body.range().start, rewriter.most_exceptions);
    limit::at_most(limit::LOCALS, locals.count + added as usize, "locals", start)?;
    let mut written = locals.with(added, &wasm[indices(declared)]);
    written.extend_from_slice(&rewriter.code);
    limit::at_most(limit::FUNCTION_SIZE, written.len(), "bytes in a function", start)?;
    Ok(written)
}

/// How locals are declared.
struct Locals {
    groups: u32,
    /// Of locals, with parameters.
    count: usize,
    /// Where the number of groups ends.
    end: u64,
}

impl Locals {
    fn read(body: &FunctionBody<'_>, params: usize) -> Result<Self> {
        let reader = body.get_locals_reader()?;
        let (groups, end) = (reader.get_count(), reader.original_position());
        let mut count = params;
        for group in reader {
            count += group?.0 as usize;
        }
        Ok(Locals { groups, count, end })
    }

    /// The declarations with more of them, for exceptions.
    fn with(&self, exceptions: u32, declared: &[u8]) -> Vec<u8> {
        let mut written = Vec::new();
        (self.groups + u32::from(exceptions > 0)).encode(&mut written);
        written.extend_from_slice(declared);
        if exceptions > 0 {
            exceptions.encode(&mut written);
            ValType::EXNREF.encode(&mut written);
        }
        written
    }
}

struct Rewriter<'a> {
    wasm: &'a [u8],
    survey: &'a Survey,
    types: &'a mut Types,
    code: Vec<u8>,
    /// How much of the program is in `code`.
    copied: u64,
    /// Blocks open in the program.
    frames: Vec<Frame>,
    /// How many blocks are open in `code`.
    depth: u32,
    /// Of each `try` so far: the block that throws what is handed to it, if there is one.
    landings: Vec<u32>,
    caller_landing: u32,
    first_local: u32,
    /// Locals in use, and how many were at most.
    exceptions: u32,
    most_exceptions: u32,
}

/// A block of the program.
#[derive(Clone, Copy)]
struct Frame {
    /// The block in `code` that its label is now, counted from the outermost.
    label: u32,
    part: Part,
}

#[derive(Clone, Copy)]
enum Part {
    Function,
    Block,
    Body { index: u32 },
    Handler { index: u32, number: u32, local: Option<u32> },
}

impl<'a> Rewriter<'a> {
    fn new(wasm: &'a [u8], start: u64, survey: &'a Survey, types: &'a mut Types) -> Self {
        Rewriter {
            wasm,
            survey,
            types,
            code: Vec::new(),
            copied: start,
            frames: vec![Frame { label: 0, part: Part::Function }],
            depth: 1,
            landings: Vec::with_capacity(survey.tries.len()),
            caller_landing: 0,
            first_local: 0,
            exceptions: 0,
            most_exceptions: 0,
        }
    }

    fn begin(&mut self) {
        if self.survey.delegates_to_caller {
            self.caller_landing = self.open(BlockType::Result(ValType::EXNREF));
        }
    }

    fn take(&mut self, operator: &Operator<'_>, start: u64, end: u64) -> Result<()> {
        match operator {
            Operator::Block { .. } | Operator::Loop { .. } | Operator::If { .. } => {
                self.frames.push(Frame { label: self.depth, part: Part::Block });
                self.depth += 1;
            }
            Operator::Try { blockty } => {
                self.replace(start, end);
                self.start_try(*blockty, start)?;
            }
            Operator::Catch { .. } | Operator::CatchAll => {
                self.replace(start, end);
                self.start_handler();
            }
            Operator::Rethrow { relative_depth } => {
                self.replace(start, end);
                self.rethrow(*relative_depth);
            }
            Operator::Delegate { .. } => {
                self.replace(start, end);
                self.frames.pop();
                self.close();
            }
            Operator::End => self.end(start, end),
            Operator::BrTable { targets } => {
                self.replace(start, end);
                let labels = targets.targets().collect::<Result<Vec<u32>, _>>()?;
                let labels: Vec<u32> = labels.into_iter().map(|to| self.branch(to)).collect();
                let default = self.branch(targets.default());
                self.sink().br_table(labels, default);
            }
            other => self.relabel(other, start, end)?,
        }
        Ok(())
    }

    fn start_try(&mut self, kind: wasmparser::BlockType, offset: u64) -> Result<()> {
        let index = self.landings.len() as u32;
        let takes = self.types.with_params(kind);
        let kind = RoundtripReencoder.block_type(kind).map_err(Error::new)?;
        self.landings.push(0);
        let label = match self.survey.tries[index as usize].leads {
            Leads::Outwards => self.open(kind),
            Leads::To(place) => {
                let landing = self.depth - 1 - self.landing(place);
                self.open_table(kind, [Catch::AllRef { label: landing }])
            }
            Leads::ToHandlers => return self.start_body(index, kind, takes, offset),
        };
        self.frames.push(Frame { label, part: Part::Block });
        Ok(())
    }

    /// Blocks that each handler comes behind, the first one innermost; then the body.
    fn start_body(
        &mut self,
        index: u32,
        kind: BlockType,
        takes: Option<u32>,
        offset: u64,
    ) -> Result<()> {
        let survey = self.survey;
        let handlers = &survey.tries[index as usize].handlers;
        limit::at_most(limit::CLAUSES, handlers.len(), "clauses", offset)?;
        let label = self.open(kind);
        for Handler { tag, rethrows } in handlers.iter().rev() {
            let gives = tag.and_then(|tag| self.types.of_tag(tag));
            let shape = Shape { takes, gives, exception: *rethrows };
            let kind = self.types.block(shape, offset)?;
            self.open(kind);
        }
        self.open_table(kind, handlers.iter().enumerate().map(clause));
        if survey.tries[index as usize].is_target {
            let shape = Shape { takes, gives: None, exception: true };
            let kind = self.types.block(shape, offset)?;
            self.landings[index as usize] = self.open(kind);
        }
        self.frames.push(Frame { label, part: Part::Body { index } });
        Ok(())
    }

    /// Ends what is before: a body, or another handler.
    fn start_handler(&mut self) {
        let Some(Frame { label, part }) = self.frames.pop() else { return };
        let (index, number) = match part {
            Part::Body { index } => {
                self.end_body(index, label);
                (index, 0)
            }
            Part::Handler { index, number, local } => {
                self.release(local);
                (index, number + 1)
            }
            Part::Function | Part::Block => return,
        };
        self.leave_to(label);
        self.close();
        let rethrows = self.survey.tries[index as usize].handlers[number as usize].rethrows;
        let local = rethrows.then(|| self.keep());
        self.frames.push(Frame { label, part: Part::Handler { index, number, local } });
    }

    /// Closes the `try_table`.
    fn end_body(&mut self, index: u32, label: u32) {
        if self.survey.tries[index as usize].is_target {
            self.leave_to(label);
            self.close();
            self.sink().throw_ref();
        }
        self.close();
    }

    /// Takes the exception from the stack, to a local that nobody needs.
    fn keep(&mut self) -> u32 {
        let local = self.first_local + self.exceptions;
        self.exceptions += 1;
        self.most_exceptions = self.most_exceptions.max(self.exceptions);
        self.sink().local_set(local);
        local
    }

    fn release(&mut self, local: Option<u32>) {
        self.exceptions -= u32::from(local.is_some());
    }

    fn rethrow(&mut self, depth: u32) {
        if let Part::Handler { local: Some(local), .. } = self.frame(depth).part {
            self.sink().local_get(local).throw_ref();
        }
    }

    fn end(&mut self, start: u64, end: u64) {
        let part = self.frames.pop().map(|frame| frame.part);
        if let Some(Part::Handler { local, .. }) = part {
            self.release(local);
        }
        if matches!(part, Some(Part::Function)) && self.survey.delegates_to_caller {
            self.replace(start, start);
            self.sink().return_();
            self.close();
            self.sink().throw_ref();
        }
        self.depth -= 1;
        if self.frames.is_empty() {
            self.replace(end, end);
        }
    }

    /// Instructions with one label, and all those without.
    fn relabel(&mut self, operator: &Operator<'_>, start: u64, end: u64) -> Result<()> {
        let depth = match operator {
            Operator::Br { relative_depth }
            | Operator::BrIf { relative_depth }
            | Operator::BrOnNull { relative_depth }
            | Operator::BrOnNonNull { relative_depth }
            | Operator::BrOnCast { relative_depth, .. }
            | Operator::BrOnCastFail { relative_depth, .. } => *relative_depth,
            _ => return Ok(()),
        };
        let label = self.branch(depth);
        if label != depth {
            let place = label_in(&self.wasm[indices(start..end)])?;
            self.replace(start + place.start, start + place.end);
            label.encode(&mut self.code);
        }
        Ok(())
    }

    fn frame(&self, depth: u32) -> Frame {
        self.frames[self.frames.len() - 1 - depth as usize]
    }

    /// What a label is now.
    fn branch(&self, depth: u32) -> u32 {
        self.depth - 1 - self.frame(depth).label
    }

    fn landing(&self, place: Place) -> u32 {
        match place {
            Place::Try(index) => self.landings[index as usize],
            Place::Caller => self.caller_landing,
        }
    }

    fn open(&mut self, kind: BlockType) -> u32 {
        self.sink().block(kind);
        self.depth += 1;
        self.depth - 1
    }

    fn open_table<C>(&mut self, kind: BlockType, clauses: C) -> u32
    where
        C: IntoIterator<Item = Catch, IntoIter: ExactSizeIterator>,
    {
        self.sink().try_table(kind, clauses);
        self.depth += 1;
        self.depth - 1
    }

    fn close(&mut self) {
        self.sink().end();
        self.depth -= 1;
    }

    fn leave_to(&mut self, label: u32) {
        let depth = self.depth - 1 - label;
        self.sink().br(depth);
    }

    fn sink(&mut self) -> InstructionSink<'_> {
        InstructionSink::new(&mut self.code)
    }

    /// Copies the program up to `start` and goes on behind `end`.
    fn replace(&mut self, start: u64, end: u64) {
        self.code.extend_from_slice(&self.wasm[indices(self.copied..start)]);
        self.copied = end;
    }
}

/// What leads to a handler: it stands behind as many blocks as there are handlers before it.
fn clause((label, handler): (usize, &Handler)) -> Catch {
    let label = label as u32;
    match (handler.tag, handler.rethrows) {
        (Some(tag), false) => Catch::One { tag, label },
        (Some(tag), true) => Catch::OneRef { tag, label },
        (None, false) => Catch::All { label },
        (None, true) => Catch::AllRef { label },
    }
}

/// Where the label of an instruction is: behind the opcode, and for casts behind a byte of flags.
fn label_in(instruction: &[u8]) -> Result<std::ops::Range<u64>> {
    const PREFIX: u8 = 0xfb;
    let mut reader = BinaryReader::new(instruction, 0);
    if reader.read_u8()? == PREFIX {
        reader.read_var_u32()?;
        reader.read_u8()?;
    }
    let start = reader.original_position();
    reader.read_var_u32()?;
    Ok(start..reader.original_position())
}
