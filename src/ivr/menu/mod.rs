//! Menus: from YAML with places to a checked [`Menu`], with every problem reported at once.
//!
//! ```text
//! (name, bytes)… ──tree──▶ nodes with places ──decode──▶ names resolved, defaults filled ──check──▶ Menu + warnings
//!                     ╰───────────────────────┴─────────────────────────────────────────┴──▶ every Problem at once
//! ```

mod calendar;
mod check;
mod code;
mod decode;
mod explain;
mod hours;
mod lexis;
mod load;
mod needed;
mod problem;
mod recordings;
mod sources;
mod targets;
mod traps;
mod tree;
mod types;
mod uses;

pub use calendar::check_calendar;
pub use code::Code;
pub use explain::{explain, node_named};
pub use lexis::foreign_letter;
pub(in crate::ivr) use lexis::nearest;
pub use load::{load, unreadable, version_of};
pub use needed::{Need, NeedKind, Use, nearest_recording, needed};
pub use problem::{Problem, Severity, Text};
pub use recordings::{check_quality, check_recordings};
pub use targets::check_targets;
pub use types::*;
pub use uses::{Scene, scenes};

#[cfg(test)]
mod tests;
