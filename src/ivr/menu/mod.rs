//! Menus: from YAML with places to a checked [`Menu`], with every problem reported at once.

mod types;

pub use types::*;
