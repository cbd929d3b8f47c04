//! Calls without telephones: the same flow engine on a virtual clock, with a scripted bank and a scripted queue.
//!
//! [`VirtualCall`] drives one call. [`parse_tests`] and [`run_tests`] are `hotline test`; [`Simulator`] is
//! `hotline call`, a line in and lines out.

mod bank;
mod coverage;
mod junit;
mod runner;
mod script;
mod simulator;
mod step;
mod tree;
mod virtual_call;

pub use bank::{Answer, FakeBank};
pub use coverage::{Coverage, Uncovered};
pub use junit::junit;
pub use runner::{Failure, TestResult, TestRun, run_tests};
pub use script::{Expected, Script, parse_tests};
pub use simulator::Simulator;
pub use step::{Step, StepAt};
pub use tree::ScriptError;
pub use virtual_call::{Heard, Operators, VirtualCall};
