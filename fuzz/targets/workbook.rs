//! See the target of this name in `src/lib.rs`.

#![no_main]

libfuzzer_sys::fuzz_target!(
    init: vinrich_fuzz::pass_caught_panics(),
    |bytes: &[u8]| vinrich_fuzz::run("workbook", bytes)
);
