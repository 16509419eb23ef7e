use anyhow::Result;
use crate::results::Results;
pub fn write(_results: &Results) -> Result<()> { Ok(()) }
