#![no_main]
//! See `src/codec.rs`.

libfuzzer_sys::fuzz_target!(|data: &[u8]| array_format_fuzz::codec::run(data));
