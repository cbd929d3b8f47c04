//! The ACD: operators, queues, who gets the next call, where a caller stands.

mod vocabulary;

pub use vocabulary::*;
