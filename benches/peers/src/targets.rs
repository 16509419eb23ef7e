use crate::results::Results;
pub fn text(_results: &Results) -> String { String::new() }
