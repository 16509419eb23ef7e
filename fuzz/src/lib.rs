//! The bodies of the fuzz targets. Stable Rust runs them too: the test `fuzz_corpus` of
//! `array_format` includes these modules and replays the corpus.

pub mod calls;
pub mod codec;
pub mod cursor;
pub mod elements;
pub mod open_file;
pub mod page;
pub mod values;
