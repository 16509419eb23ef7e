#![no_main]
//! See `src/open_file.rs`.

libfuzzer_sys::fuzz_target!(|data: &[u8]| array_format_fuzz::open_file::run(data));
