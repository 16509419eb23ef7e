//! What proves the promises of `array_format` against real stores.
//!
//! - [`servers`] starts object stores and web servers on this machine, for the length of a test.
//! - [`fault`] is a store that fails at a chosen operation; [`http_fault`] does the same beneath the
//!   real clients, one HTTP request at a time.
//! - [`state`] is everything that a file shows, as one value to compare.
//! - [`torture`] is the file that processes work on while they are killed.
//!
//! Set `AF_SKIP_SERVERS=1` to leave out the tests that need servers; they say so.

pub mod cargo;
pub mod fault;
pub mod http_fault;
pub mod servers;
pub mod state;
pub mod torture;
