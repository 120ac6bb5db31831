//! What single instructions cost.

use wasmparser::Operator;

/// Of an element, of an instruction that makes an array of them in the heap.
const STORE: u64 = 100;
/// Of what may look into a table or the heap.
const CALL_INDIRECT: u64 = 150;
const TABLE: u64 = 80;
const HEAP: u64 = 300;
/// Of a call of a function that is known, of one of the host, of a division.
const CALL: u64 = 6;
const HOST_CALL: u64 = 40;
const DIVISION: u64 = 3;
/// Of a constant that is large.
const CONSTANT: u64 = 2;
/// Of a field of a structure.
const FIELD: u64 = 5;

/// What an instruction costs beyond its operands, of which it takes as many. `fields` tells how
/// many a type has.
pub fn extra(operator: &Operator<'_>, taken: u64, fields: impl Fn(u32) -> u64) -> u64 {
    match operator {
        Operator::BrTable { targets } => u64::from(targets.len()).saturating_mul(2 + taken),
        Operator::CallIndirect { .. } | Operator::ReturnCallIndirect { .. } => CALL_INDIRECT,
        Operator::ArrayNewFixed { .. } => HEAP + STORE * taken,
        Operator::StructNewDefault { struct_type_index } => {
            HEAP + FIELD * fields(*struct_type_index)
        }
        Operator::Call { .. } | Operator::ReturnCall { .. } => CALL,
        Operator::MemoryGrow { .. } => HOST_CALL,
        Operator::I64Const { .. } | Operator::F64Const { .. } => CONSTANT,
        Operator::V128Const { .. } => 2 * CONSTANT,
        Operator::I32DivS | Operator::I32DivU | Operator::I32RemS | Operator::I32RemU => DIVISION,
        Operator::I64DivS | Operator::I64DivU | Operator::I64RemS | Operator::I64RemU => DIVISION,
        _ => match proposal(operator) {
            "gc" | "custom_descriptors" | "stack_switching" => HEAP,
            "reference_types" | "bulk_memory" | "function_references" => TABLE,
            "mvp" | "simd" => 0,
            _ => CALL,
        },
    }
}

/// Control splits or meets here, or the compiler makes it do so: for checks, for calls of the host
/// on the side, for loops over what is given. All but what surely is a simple instruction.
pub fn is_joint(operator: &Operator<'_>) -> bool {
    use Operator as O;
    let is_control = matches!(
        operator,
        O::Block { .. }
            | O::Loop { .. }
            | O::If { .. }
            | O::Else
            | O::End
            | O::Br { .. }
            | O::BrIf { .. }
            | O::BrTable { .. }
            | O::Return
            | O::Call { .. }
            | O::CallIndirect { .. }
            | O::MemoryGrow { .. }
    );
    let simple = ["mvp", "simd", "sign_extension", "saturating_float_to_int"];
    is_control || !simple.contains(&proposal(operator))
}

/// It may make an object in the heap.
pub fn is_object(operator: &Operator<'_>) -> bool {
    proposal(operator) == "gc"
}

/// Where an instruction comes from.
fn proposal(operator: &Operator<'_>) -> &'static str {
    macro_rules! proposals {
        ($(@$proposal:ident $name:ident $({ $($field:ident: $kind:ty),* })? => $visit:ident ($($arity:tt)*))*) => {
            match operator {
                $(Operator::$name { .. } => stringify!($proposal),)*
                _ => "",
            }
        };
    }
    wasmparser::for_each_operator!(proposals)
}
