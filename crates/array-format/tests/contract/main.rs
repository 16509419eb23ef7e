//! The public API that existing programs rely on, one test a promise.
//!
//! Tests named `trap_…` hold what an earlier implementation of this API got wrong.

mod attributes;
mod codecs;
mod compact;
mod concurrency;
mod config_and_cache;
mod define;
mod elements;
mod errors;
mod failures;
mod large_layers;
mod life_cycle;
mod memory;
mod names;
mod paths;
mod read;
mod select;
mod statistics;
mod stores;
mod support;
mod values;
mod write;
