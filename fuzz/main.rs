//! One binary for all targets: `FUZZ_TARGET` names the one that libFuzzer drives.
#![no_main]

mod targets;

use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

static TARGET: LazyLock<fn(&[u8])> = LazyLock::new(|| {
    let name = std::env::var("FUZZ_TARGET").unwrap_or_default();
    let known = targets::ALL.iter().find(|(known, _)| *known == name);
    known.map(|(_, target)| *target).unwrap_or_else(|| panic!("FUZZ_TARGET={name:?}; there are {:?}", targets::names()))
});

fuzz_target!(|data: &[u8]| TARGET(data));
