#![no_main]
//! See `src/values.rs`.

libfuzzer_sys::fuzz_target!(|data: &[u8]| array_format_fuzz::values::run(data));
