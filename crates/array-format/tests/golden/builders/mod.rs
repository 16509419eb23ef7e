//! One function for each feature, by theme. A function never changes once its file is released.

mod codecs;
mod data;
mod dtypes;
mod history;
mod large;
mod layers;
mod merges;
mod metadata;
mod shapes;

use std::pin::Pin;

pub use large::inner_pages;

use crate::script::Script;

/// A function that fills a file and its model.
pub type Builder = fn(Script) -> Pin<Box<dyn Future<Output = Script>>>;

macro_rules! builders {
    ($($theme:ident: $($name:ident)*;)*) => {
        /// All builders by the names of their files.
        pub const BUILDERS: &[(&str, Builder)] = &[$($((
            stringify!($name),
            |mut s| Box::pin(async move {
                $theme::$name(&mut s).await;
                s
            }),
        ),)*)*];
    };
}

builders! {
    dtypes: empty integers floats others variable lists long_strings;
    codecs: codecs_numbers codecs_text custom_codec stored_raw parts auto;
    shapes: scalars zero_length ragged tiles tiles_plain unwritten resized appended;
    layers: layers_02 layers_03 layers_05 layers_08 layers_10 folding
        compacted compacted_then_written;
    metadata: attributes names;
    large: many_arrays many_frames annexed annexed_base;
    history: messages tagged restored;
    merges: merged_newest merged_newest_kept kept_by_tag kept_by_retention promoted_later
        restored_over_merge restored_below_base long_log;
}
