//! Compiling is a service. Programs ask it for code and are told, on one of its threads, when it is
//! there. Nothing else compiles.
//!
//! A module that is surely cheap (`estimate`) is compiled in the process; any other one in a child
//! process, which can be limited and killed (`child`, `worker`). Who asks for what is being
//! compiled already waits for that (`flight`), and `places` says how many children run at once.

mod addon;
mod answer;
mod child;
mod code;
mod command;
mod elsewhere;
mod estimate;
mod flight;
mod limits;
mod memory;
mod order;
mod places;
mod request;
mod service;
mod worker;

pub use command::{Command, set_command};
pub use flight::Ticket;
pub use limits::Limits;
pub use worker::work;

pub(super) use code::{SHORT_TEXT, Source, binary};
pub(super) use order::Order;
pub(super) use service::{order, outside};
