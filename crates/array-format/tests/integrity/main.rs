//! Damage of every kind: what is reported, and what is saved.

mod file;
#[allow(dead_code)]
#[path = "../corruption/forge.rs"]
mod forge;
mod regions;
mod reports;
mod salvage;
mod verify;
