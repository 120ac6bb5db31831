//! What is on the stack of a function, and around the instruction that is looked at.

use wasmparser::{BlockType, FrameKind, Operator};

use crate::front::wasmtime::module_limits::LOCALS;

/// Of the function that is looked at.
#[derive(Default)]
pub struct Body {
    pub frames: Vec<Frame>,
    /// Values on the stack.
    pub height: u64,
    /// Places where control splits or meets, those in loops several times.
    pub joints: u64,
    pub instructions: u64,
    /// Values that blocks take or give.
    pub values: u64,
    /// Loops and handlers around here.
    pub loops: u64,
    pub handlers: u64,
    /// Locals that are used at all.
    locals: Vec<bool>,
    pub used: u64,
}

pub struct Frame {
    pub kind: FrameKind,
    pub block: BlockType,
    /// Values below those of the block.
    base: u64,
    pub handlers: u64,
}

impl Body {
    /// A function of this type begins.
    pub fn start(&mut self, block: BlockType) {
        self.frames.clear();
        self.frames.push(Frame { kind: FrameKind::Block, block, base: 0, handlers: 0 });
        self.locals.clear();
        *self = Body {
            frames: std::mem::take(&mut self.frames),
            locals: std::mem::take(&mut self.locals),
            ..Body::default()
        };
    }

    /// Code that can't be reached has as many values as it likes: none is kept.
    pub fn act(&mut self, operator: &Operator<'_>, taken: u64, given: u64) {
        use Operator as O;
        let base = self.frames.last().map_or(0, |frame| frame.base);
        let below = self.height.saturating_sub(taken).max(base);
        self.height = below + given;
        if matches!(operator, O::Block { .. } | O::Loop { .. } | O::If { .. } | O::End) {
            self.values += taken + given;
        }
        match operator {
            O::Block { blockty } => self.enter(FrameKind::Block, *blockty, below),
            O::Loop { blockty } => self.enter(FrameKind::Loop, *blockty, below),
            O::If { blockty } => self.enter(FrameKind::If, *blockty, below),
            O::Try { blockty } => self.enter(FrameKind::LegacyTry, *blockty, below),
            O::TryTable { try_table } => {
                self.enter(FrameKind::TryTable, try_table.ty, below);
                self.cover(try_table.catches.len() as u64);
            }
            O::Catch { .. } | O::CatchAll => self.height = base + given,
            O::Else => self.height = base + given,
            O::End | O::Delegate { .. } => {
                self.leave();
                self.height = base + given;
            }
            O::Br { .. } | O::BrTable { .. } | O::Return | O::Unreachable | O::Throw { .. } => {
                self.height = base;
            }
            O::LocalGet { local_index }
            | O::LocalSet { local_index }
            | O::LocalTee { local_index } => {
                self.use_local(*local_index as usize);
            }
            _ => {}
        }
    }

    fn enter(&mut self, kind: FrameKind, block: BlockType, base: u64) {
        self.loops += u64::from(kind == FrameKind::Loop);
        self.frames.push(Frame { kind, block, base, handlers: 0 });
    }

    /// The innermost block has handlers.
    fn cover(&mut self, handlers: u64) {
        if let Some(frame) = self.frames.last_mut() {
            frame.handlers += handlers;
            self.handlers += handlers;
        }
    }

    fn leave(&mut self) {
        if let Some(frame) = self.frames.pop() {
            self.loops -= u64::from(frame.kind == FrameKind::Loop);
            self.handlers -= frame.handlers;
        }
    }

    fn use_local(&mut self, local: usize) {
        if local >= LOCALS {
            return;
        }
        if self.locals.len() <= local {
            self.locals.resize(local + 1, false);
        }
        self.used += u64::from(!std::mem::replace(&mut self.locals[local], true));
    }
}
