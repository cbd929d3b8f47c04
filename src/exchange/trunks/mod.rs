//! Providers and exchanges that bring calls and take calls of ours.

mod trunk;

pub use trunk::{Inbound, Numbers, Trunk};
