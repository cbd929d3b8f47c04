//! Pictures of a menu: what leads where, under which key, and how many callers went there.
//!
//! ```text
//! Menu ──Graph::of──▶ cards with rows ──┬──▶ mermaid()
//! call records ──▶ Traffic ─────────────┼──▶ dot()
//!                                       ╰──layout──▶ svg()
//! ```
//!
//! What holds everywhere (the keys every menu inherits, what silence leads to, what happens when the bank is down) is
//! said once beside the picture instead of being an arrow from every card.

mod build;
mod dot;
mod layout;
mod mermaid;
mod model;
mod page;
mod svg;
mod traffic;
mod type_size;

pub use dot::dot;
pub use layout::{Arrow, Frame, Layout, Point, RowFrame};
pub use mermaid::mermaid;
pub use model::{Card, CardKind, Graph, Link, Row, Target, Tone};
pub use page::page;
pub use svg::svg;
pub use traffic::Traffic;

#[cfg(test)]
mod tests;
