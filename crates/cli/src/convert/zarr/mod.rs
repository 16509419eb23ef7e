//! Zarr stores: those of others, and new ones.

#[cfg(feature = "zarr")]
mod read;
mod write;

#[cfg(feature = "zarr")]
pub use read::open;
pub use write::{Archive, Folder, write};
