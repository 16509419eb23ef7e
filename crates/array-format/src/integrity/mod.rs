//! Finding damage, and saving what is left: [`ArrayFile::verify`](crate::ArrayFile::verify),
//! [`ArrayFile::diagnose`](crate::ArrayFile::diagnose) and
//! [`ArrayFile::salvage`](crate::ArrayFile::salvage).
//!
//! Everything here reads leniently: a page or frame that is damaged is reported, with what it
//! covered, and the rest is read on. The strict way in stays as it is.

mod candidates;
mod compare;
mod frames;
mod pages;
mod problem;
mod salvage;
mod source;
mod survey;
mod tables;
mod verify;
mod wreck;

pub use problem::{Affected, Part, Problem};
pub use salvage::{OlderDefinition, Salvaged};
pub use verify::{Depth, Progress, Report, UnknownCodec, Verified, VerifyOptions};
