//! What an instruction costs in its module.

use wasmparser::{BlockType, Operator};

use super::cost::{Cost, cost};
use super::facts::{Body, Facts, Type};
use super::paths::LEAF;

/// See the module.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Price {
    Fixed(u32),
    /// Done in pieces.
    Bulk,
    /// A check comes before it.
    Heavy,
    Call(Call),
}

/// What a call costs until it comes back, and what it may do before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Call {
    pub cost: u32,
    /// Work until it comes back, on the worst path without a check. `None`: there is none.
    pub through: Option<u32>,
    /// Whether it may have made checks when it comes back.
    pub checks: bool,
    /// It does not come back here.
    pub is_tail: bool,
}

/// A call, without what it calls and without its values.
const CALL: u32 = 5;
/// The same through a table, whose entry may have to be made first.
const INDIRECT: u32 = 40;
/// A function of WASI looks itself whether the guest is to end.
const HOST: u32 = 200;
const CAST: u32 = 64;
/// What a bulk instruction costs that is small enough to be done in one piece.
pub(super) const SMALL: u32 = 160;

/// Asked for the instructions of one function, in their order.
pub(super) struct Prices<'f> {
    facts: &'f Facts,
    /// Most values that a branch may have to move: as many as any block so far has.
    widest: u32,
}

impl<'f> Prices<'f> {
    pub fn new(facts: &'f Facts, function: Type) -> Self {
        Prices { facts, widest: function.arity() }
    }

    pub fn of(&mut self, operator: &Operator<'_>) -> Price {
        match cost(operator) {
            Cost::Fixed(cost) => Price::Fixed(cost),
            Cost::Bulk => Price::Bulk,
            // What is refused never gets here; if it did, it would be the dearest.
            Cost::Heavy | Cost::Object | Cost::Refused => Price::Heavy,
            Cost::Flow => Price::Fixed(self.flow(operator)),
            Cost::Call => Price::Call(call(operator, self.facts)),
        }
    }

    fn flow(&mut self, operator: &Operator<'_>) -> u32 {
        match operator {
            Operator::Block { blockty } | Operator::Loop { blockty } | Operator::If { blockty } => {
                self.block(*blockty)
            }
            Operator::TryTable { try_table } => {
                self.block(try_table.ty).saturating_add(try_table.catches.len() as u32)
            }
            Operator::BrOnCast { .. } | Operator::BrOnCastFail { .. } => CAST + self.widest,
            Operator::Unreachable => 0,
            _ => 4 + self.widest,
        }
    }

    fn block(&mut self, of: BlockType) -> u32 {
        let arity = match of {
            BlockType::Empty => 0,
            BlockType::Type(_) => 1,
            BlockType::FuncType(index) => self.facts.type_of(index).arity(),
        };
        self.widest = self.widest.max(arity);
        1 + arity
    }
}

fn call(operator: &Operator<'_>, facts: &Facts) -> Call {
    let is_tail = matches!(
        operator,
        Operator::ReturnCall { .. }
            | Operator::ReturnCallIndirect { .. }
            | Operator::ReturnCallRef { .. }
    );
    match operator {
        Operator::Call { function_index: index }
        | Operator::ReturnCall { function_index: index } => {
            let arity = facts.type_of_function(*index).arity();
            let (through, checks) = passing(facts.defined(*index));
            let cost = CALL + arity + if facts.defined(*index).is_none() { HOST } else { 0 };
            Call { cost, through, checks, is_tail }
        }
        Operator::CallIndirect { type_index: index, .. }
        | Operator::ReturnCallIndirect { type_index: index, .. }
        | Operator::CallRef { type_index: index }
        | Operator::ReturnCallRef { type_index: index } => {
            let cost = INDIRECT + facts.type_of(*index).arity();
            Call { cost, through: Some(LEAF), checks: true, is_tail }
        }
        _ => Call { cost: CALL, through: Some(LEAF), checks: true, is_tail },
    }
}

/// The way through a function without a check, and whether there are others.
fn passing(body: Option<Body>) -> (Option<u32>, bool) {
    match body {
        None | Some(Body::Checked) => (None, true),
        Some(Body::Leaf(cost)) => (Some(cost), false),
        Some(Body::Other) => (Some(LEAF), true),
    }
}
