//! The caller's path through a menu: events in, commands out, a struct per state.
//!
//! ```text
//!              ┌────────────── steps and menus: run ──────────────┐
//! Answered ──▶ │ say · if · note · call · go · return             │
//!              └─┬────┬────────┬──────┬───────┬──────┬───────┬────┘
//!                ▼    ▼        ▼      ▼       ▼      ▼       ▼
//!            Saying Choosing Picking Collecting Confirming AskingBank Queued ──▶ Talking
//!            Listing                           Transferring Recording   Ended
//! ```
//!
//! A state waits for one thing. An event consumes it and gives what is next: another state, or a place in the
//! menu to run from until something waits again. Everything a caller hears between two waits is one playlist.
//!
//! Keys pressed ahead go to one bounded buffer. While it holds keys, questions and set phrases are not said; a phrase
//! that says a value of the bank always is, for it is what the caller came for.
//!
//! What the flow records: nodes visited, languages, levels, the bank's answers, choices, notes, queue entered and
//! left. Whoever runs the flow records arrival, answer, offers, connection, talk, messages and the end.

mod ahead;
mod asking_bank;
mod call;
mod call_flow;
mod choosing;
mod collecting;
mod confirming;
mod ear;
mod entry;
mod greeting;
mod hours;
mod keyed;
mod listing;
mod next;
mod ordering;
mod picking;
mod queue_speech;
mod queued;
mod recording;
mod saying;
mod sources;
mod speaking;
mod states;
mod steps;
mod talking;
mod transferring;
mod tries;
mod values;
mod vocabulary;
mod whisper;
mod world;

pub use call_flow::CallFlow;
pub use hours::{is_open, next_change};
pub use states::StateName;
pub use vocabulary::*;
pub use world::World;

/// The longest chain of `call` in a menu.
pub const MAX_CALL_DEPTH: usize = 8;

/// Steps of a call between two keys of the caller; past it the caller goes to an operator.
pub const STEP_BUDGET: u32 = 1_000;
