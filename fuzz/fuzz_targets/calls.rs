#![no_main]
//! See `src/calls.rs`.

libfuzzer_sys::fuzz_target!(|data: &[u8]| array_format_fuzz::calls::run(data));
