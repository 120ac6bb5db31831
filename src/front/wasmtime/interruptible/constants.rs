//! A bound on what happens before the first instruction: constant expressions can make arrays, and
//! fill tables, of any size.

use wasmparser::{ConstExpr, ElementItems, Operator, Parser, Payload, TableInit};

use super::{Refusal, Result};

/// Most elements that all constant expressions of a program make together, beyond those that stand
/// in the program one by one.
const MOST_ELEMENTS: u64 = 1 << 21;
/// Most elements that all tables with a value for their elements start with.
const MOST_TABLE_ELEMENTS: u64 = 1 << 22;

/// See the module.
pub(super) fn limit(wasm: &[u8]) -> Result<()> {
    let mut total = Total::default();
    for payload in Parser::new(0).parse_all(wasm) {
        total.add(payload?)?;
    }
    total.limit()
}

#[derive(Default)]
struct Total {
    /// Of arrays.
    elements: u64,
    table_elements: u64,
    /// Values of the globals so far, as far as they are known.
    globals: Vec<Option<u64>>,
}

impl Total {
    fn add(&mut self, payload: Payload<'_>) -> Result<()> {
        match payload {
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    if matches!(import?.ty, wasmparser::TypeRef::Global(_)) {
                        self.globals.push(None);
                    }
                }
            }
            Payload::TableSection(section) => {
                for table in section {
                    let table = table?;
                    if let TableInit::Expr(expression) = &table.init {
                        self.expression(expression)?;
                        self.table_elements = self.table_elements.saturating_add(table.ty.initial);
                    }
                }
            }
            Payload::GlobalSection(section) => {
                for global in section {
                    let value = self.expression(&global?.init_expr)?;
                    self.globals.push(value);
                }
            }
            Payload::ElementSection(section) => {
                for segment in section {
                    if let ElementItems::Expressions(_, items) = segment?.items {
                        for item in items {
                            self.expression(&item?)?;
                        }
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Charges the arrays it makes. Its value, if it is a number that can be known.
    fn expression(&mut self, expression: &ConstExpr<'_>) -> Result<Option<u64>> {
        let mut reader = expression.get_operators_reader();
        let mut values: Vec<Option<u64>> = Vec::new();
        while !reader.eof() {
            let operator = reader.read()?;
            if matches!(operator, Operator::ArrayNew { .. } | Operator::ArrayNewDefault { .. }) {
                let length = values.pop().flatten().unwrap_or(u64::MAX);
                self.elements = self.elements.saturating_add(length);
            }
            self.step(&operator, &mut values);
        }
        Ok(values.pop().flatten())
    }

    /// References are values that are not known; what takes several leaves one.
    fn step(&self, operator: &Operator<'_>, values: &mut Vec<Option<u64>>) {
        let mut both = |sum: fn(u64, u64) -> u64| {
            let (right, left) = (values.pop().flatten(), values.pop().flatten());
            Some(sum(left?, right?))
        };
        let value = match operator {
            Operator::I32Const { value } => Some(value.cast_unsigned().into()),
            Operator::I64Const { value } => Some(value.cast_unsigned()),
            Operator::GlobalGet { global_index } => {
                self.globals.get(*global_index as usize).copied().flatten()
            }
            Operator::I32Add => both(|left, right| narrow(left.wrapping_add(right))),
            Operator::I32Sub => both(|left, right| narrow(left.wrapping_sub(right))),
            Operator::I32Mul => both(|left, right| narrow(left.wrapping_mul(right))),
            Operator::End => return,
            // Operands below stay where they are: only the topmost is ever asked for.
            _ => None,
        };
        values.push(value);
    }

    fn limit(&self) -> Result<()> {
        let over = |what, number, most| {
            Err(Refusal::TooLarge(format!(
                "The program creates {number} elements in {what}, but at most {most} are allowed. \
                 Create them in a function instead"
            )))
        };
        if self.elements > MOST_ELEMENTS {
            return over("arrays made by constant expressions", self.elements, MOST_ELEMENTS);
        }
        if self.table_elements > MOST_TABLE_ELEMENTS {
            return over(
                "tables that have an initial value",
                self.table_elements,
                MOST_TABLE_ELEMENTS,
            );
        }
        Ok(())
    }
}

fn narrow(number: u64) -> u64 {
    number & u64::from(u32::MAX)
}
