//! What things cost, counted in requests and bytes: never in seconds.

mod counting;
mod requests;
