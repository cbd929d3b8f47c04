//! The product itself, pure: menus, the caller's path through them, operators and queues, speech.

pub mod acd;
pub mod flow;
pub mod graph;
pub mod menu;
pub mod simulate;
pub mod speech;
pub mod versions;

mod words;
