//! The fuzzer's program: one of the targets, named by `PREAU_FUZZ` (see `fuzz/run`).

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;

mod targets;

static CHOSEN: LazyLock<targets::Target> = LazyLock::new(|| {
    #[expect(clippy::disallowed_methods, reason = "the fuzzer's own command line is libFuzzer's")]
    let name = std::env::var("PREAU_FUZZ").unwrap_or_default();
    let found = targets::ALL.iter().find(|(known, _)| *known == name);
    found.unwrap_or_else(|| panic!("PREAU_FUZZ names no target: {name:?}")).1
});

fuzz_target!(|bytes: &[u8]| (*CHOSEN)(bytes));
