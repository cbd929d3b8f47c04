//! Menus: from YAML with places to a checked [`Menu`], with every problem reported at once.
//!
//! ```text
//! (name, bytes)… ──tree──▶ nodes with places ──decode──▶ names resolved, defaults filled ──check──▶ Menu + warnings
//!                     ╰───────────────────────┴─────────────────────────────────────────┴──▶ every Problem at once
//! ```

mod check;
mod code;
mod decode;
mod explain;
mod hours;
mod lexis;
mod load;
mod problem;
mod recordings;
mod sources;
mod traps;
mod tree;
mod types;

pub use code::Code;
pub use explain::{explain, node_named};
pub(in crate::ivr) use lexis::nearest;
pub use load::{load, version_of};
pub use problem::{Problem, Severity, Text};
pub use recordings::check_recordings;
pub use types::*;

#[cfg(test)]
mod tests;
