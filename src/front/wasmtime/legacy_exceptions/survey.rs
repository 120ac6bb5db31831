//! What has to be known of a function before its first `try` can be rewritten: the handlers come
//! behind the body, and what an exception is needed for behind the handler.

use wasmparser::{FunctionBody, Operator};
use wasmtime::Result;

use super::limit;

/// Every `try` of a function, in the order of the program.
#[derive(Default)]
pub(super) struct Survey {
    pub tries: Vec<Try>,
    /// Whether a `delegate` hands exceptions to the caller, past a `try` that would handle them.
    pub delegates_to_caller: bool,
}

/// A `try`.
#[derive(Default)]
pub(super) struct Try {
    pub handlers: Vec<Handler>,
    pub leads: Leads,
    /// Whether a `delegate` hands exceptions to this one.
    pub is_target: bool,
    /// The `try` whose body it is in.
    parent: Option<u32>,
    /// The `try` whose body its label is in, of a `delegate`; `parent`, where there are no
    /// handlers.
    target: Option<u32>,
}

/// A `catch` or, without a tag, a `catch_all`.
pub(super) struct Handler {
    pub tag: Option<u32>,
    pub rethrows: bool,
}

/// Where exceptions of a body go.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub(super) enum Leads {
    /// To the handlers of the `try` itself.
    #[default]
    ToHandlers,
    /// To where they would go without the `try`.
    Outwards,
    /// To the handlers of another one, past those between.
    To(Place),
}

/// What handles an exception.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Place {
    /// A `try` that has handlers.
    Try(u32),
    /// The function's caller.
    Caller,
}

/// A block that is open.
#[derive(Clone, Copy)]
struct Frame {
    part: Part,
    /// The innermost `try` whose body this is in, or is.
    within: Option<u32>,
}

#[derive(Clone, Copy)]
enum Part {
    Block,
    Body(u32),
    Handler(u32),
}

/// Looks at all of a function, which must be valid.
pub(super) fn survey(body: &FunctionBody<'_>) -> Result<Survey> {
    let mut survey = Survey::default();
    let mut frames = vec![Frame { part: Part::Block, within: None }];
    let mut modern = None;
    let mut reader = body.get_operators_reader()?;
    while !reader.eof() {
        let offset = reader.original_position();
        let operator = reader.read()?;
        if matches!(operator, Operator::TryTable { .. } | Operator::ThrowRef) {
            modern = Some(offset);
        }
        survey.take(&mut frames, &operator);
    }
    match modern {
        // Engines refuse it as well, in a whole module.
        Some(offset) if survey.is_legacy() => {
            Err(limit::refused("cannot be mixed with try_table and throw_ref", offset))
        }
        _ => {
            survey.lead();
            Ok(survey)
        }
    }
}

impl Survey {
    /// Whether there is anything to rewrite.
    pub fn is_legacy(&self) -> bool {
        !self.tries.is_empty()
    }

    fn take(&mut self, frames: &mut Vec<Frame>, operator: &Operator<'_>) {
        let within = frames.last().and_then(|frame| frame.within);
        match operator {
            Operator::Block { .. }
            | Operator::Loop { .. }
            | Operator::If { .. }
            | Operator::TryTable { .. } => frames.push(Frame { part: Part::Block, within }),
            Operator::Try { .. } => {
                let index = self.tries.len() as u32;
                frames.push(Frame { part: Part::Body(index), within: Some(index) });
                self.tries.push(Try { parent: within, target: within, ..Try::default() });
            }
            Operator::Catch { tag_index } => self.handler(frames, Some(*tag_index)),
            Operator::CatchAll => self.handler(frames, None),
            Operator::Rethrow { relative_depth } => self.rethrow(at(frames, *relative_depth)),
            Operator::Delegate { relative_depth } => self.delegate(frames, *relative_depth),
            Operator::End => {
                frames.pop();
            }
            _ => {}
        }
    }

    fn handler(&mut self, frames: &mut Vec<Frame>, tag: Option<u32>) {
        if let Some(Frame { part: Part::Body(index) | Part::Handler(index), .. }) = frames.pop() {
            let current = &mut self.tries[index as usize];
            current.handlers.push(Handler { tag, rethrows: false });
            frames.push(Frame { part: Part::Handler(index), within: current.parent });
        }
    }

    /// The last handler is the one that is open.
    fn rethrow(&mut self, frame: Frame) {
        if let Part::Handler(index) = frame.part
            && let Some(handler) = self.tries[index as usize].handlers.last_mut()
        {
            handler.rethrows = true;
        }
    }

    fn delegate(&mut self, frames: &mut Vec<Frame>, depth: u32) {
        if let Some(Frame { part: Part::Body(index), .. }) = frames.pop() {
            self.tries[index as usize].target = at(frames, depth).within;
        }
    }

    /// Decides where exceptions go. A target is always further out, and so it comes first.
    fn lead(&mut self) {
        let mut places: Vec<Place> = Vec::with_capacity(self.tries.len());
        let place = |places: &[Place], index: Option<u32>| {
            index.map_or(Place::Caller, |index| places[index as usize])
        };
        for index in 0..self.tries.len() {
            let current = &mut self.tries[index];
            if !current.handlers.is_empty() {
                places.push(Place::Try(index as u32));
                continue;
            }
            let target = place(&places, current.target);
            let outwards = target == place(&places, current.parent);
            current.leads = if outwards { Leads::Outwards } else { Leads::To(target) };
            places.push(target);
            if !outwards {
                self.expect(target);
            }
        }
    }

    fn expect(&mut self, target: Place) {
        match target {
            Place::Try(index) => self.tries[index as usize].is_target = true,
            Place::Caller => self.delegates_to_caller = true,
        }
    }
}

/// The frame that a label names. The function is one, too.
fn at(frames: &[Frame], depth: u32) -> Frame {
    frames[frames.len() - 1 - depth as usize]
}
