//! `array_format` files as Zarr sees them.
//!
//! - [`View`]: a snapshot as a read-only [Zarr v3](https://zarr-specs.readthedocs.io) store, key by
//!   key. What serves it over HTTP, writes it to a folder or hands it to a reader needs nothing else.
//! - [`references`]: where the frames of an array lie in the file, for readers that know Zarr and not
//!   this format, as far as they can decode them in place.
//!
//! ```
//! use array_format::{ArrayFile, FileConfig, NoCompression};
//! use array_format_zarr::{Compression, View};
//! use array_format::ndarray::{ArrayD, IxDyn};
//! use std::sync::Arc;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let mut file = ArrayFile::create_memory(FileConfig::new(NoCompression)).await?;
//! file.define_array::<u8>("a/b", vec!["x".into()], vec![3], None, None)?;
//! file.write_array("a/b", vec![0], ArrayD::from_elem(IxDyn(&[3]), 7u8).view()).await?;
//! file.flush().await?;
//!
//! let view = View::new(Arc::new(file), Compression::None)?;
//! assert_eq!(view.get("a/b/c/0").await?, Some(vec![7, 7, 7]));
//! assert!(view.get("a/b/zarr.json").await?.is_some());
//! assert!(view.get("a/b/c/1").await?.is_none());
//! # Ok(())
//! # }
//! ```

mod chunk;
mod dtype;
mod hierarchy;
mod json;
pub mod references;
mod v3;
mod view;

pub use dtype::numpy_type;
pub use hierarchy::Skipped;
pub use view::{Compression, View};
