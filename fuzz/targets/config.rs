//! See the target of this name in `src/lib.rs`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| vinrich_fuzz::run("config", bytes));
