#![no_main]
//! See `src/page.rs`.

libfuzzer_sys::fuzz_target!(|data: &[u8]| array_format_fuzz::page::run(data));
