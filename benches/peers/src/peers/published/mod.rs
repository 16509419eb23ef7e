//! Versions of the crate `array-format` that others have published. Their files are not ours.

mod layered;
pub mod v015;

use ndarray::{ArcArray, IxDyn};

layered::peer!(v012, published_012);
layered::peer!(v09, published_09);

type Read<T> = ArcArray<T, IxDyn>;
