//! The caller's path through a menu: events in, commands out, a struct per state.

mod vocabulary;

pub use vocabulary::*;
