//! Calls without telephones: the same flow engine on a virtual clock, with a scripted bank and a scripted queue.
//!
//! [`VirtualCall`] drives one call. [`parse_tests`] and [`run_tests`] are `hotline test`; [`Simulator`] is
//! `hotline call`, a line in and lines out.

mod bank;
mod command;
mod coverage;
mod help;
mod junit;
mod line;
mod results;
mod runner;
mod save;
mod screen;
mod script;
mod simulator;
mod step;
mod told;
mod tree;
mod trouble;
mod virtual_call;
mod words;

pub use bank::{Answer, FakeBank};
pub use coverage::{Coverage, Uncovered};
pub use junit::junit;
pub use line::{Line, LineKind};
pub use runner::{Failure, TestResult, TestRun, run_tests};
pub use script::{Expected, Script, parse_tests};
pub use simulator::Simulator;
pub use step::{Step, StepAt, Unmet};
pub use tree::ScriptError;
pub use virtual_call::{Heard, Operators, VirtualCall};

#[cfg(test)]
mod tests;
