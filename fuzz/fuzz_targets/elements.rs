#![no_main]
//! See `src/elements.rs`.

libfuzzer_sys::fuzz_target!(|data: &[u8]| array_format_fuzz::elements::run(data));
