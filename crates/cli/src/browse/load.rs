//! What is read for the screen.

use std::mem::discriminant;

use anyhow::Result;
use array_format::ArrayFile;

use super::sheet::Sheet;
use super::values::Window;
use crate::commands::stats::ChunkEntry;
use crate::plot::Figure;
use crate::plot::figure::{Wishes, figure};
use crate::region::Selection;

/// What is wanted, of an array by its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Load {
    File(String),
    /// A group by what the names of its arrays begin with.
    Group(String),
    Array(String),
    Chunks(String),
    Values {
        name: String,
        /// The axes that go down and across.
        axes: (Option<usize>, Option<usize>),
        window: Selection,
    },
    Picture {
        name: String,
        selection: Selection,
    },
}

/// What was read.
#[derive(Debug)]
pub enum Content {
    Sheet(Sheet),
    Chunks(Vec<ChunkEntry>),
    Values(Window),
    Picture(Box<Figure>),
    /// There is nothing to show, as this says.
    Note(&'static str),
}

impl Load {
    fn name(&self) -> &str {
        match self {
            Self::File(name) | Self::Group(name) | Self::Array(name) | Self::Chunks(name) => name,
            Self::Values { name, .. } | Self::Picture { name, .. } => name,
        }
    }

    /// Whether both are the same view of the same array, be it of other parts.
    pub fn is_like(&self, other: &Self) -> bool {
        discriminant(self) == discriminant(other) && self.name() == other.name()
    }

    /// Whether what this reads has all that the other wants.
    pub fn covers(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Values { window, .. }, Self::Values { window: part, .. }) => {
                let mut axes = window.axes.iter().zip(&part.axes);
                let is_within = axes.all(|(all, part)| {
                    all.start <= part.start && all.start + all.count >= part.start + part.count
                });
                self.is_like(other) && is_within
            }
            _ => self == other,
        }
    }

    pub async fn read(&self, file: &ArrayFile) -> Result<Content> {
        const EMPTY: Content = Content::Note("no elements");
        Ok(match self {
            Self::File(name) => Content::Sheet(Sheet::of_file(file, name)?),
            Self::Group(prefix) => Content::Sheet(Sheet::of_group(file, prefix).await?),
            Self::Array(name) => Content::Sheet(Sheet::of_array(file, name).await?),
            Self::Chunks(name) => match ChunkEntry::all(file, file.get_array(name)?).await? {
                chunks if chunks.is_empty() => Content::Note("nothing was written"),
                chunks => Content::Chunks(chunks),
            },
            Self::Values { window, .. } if window.is_empty() => EMPTY,
            Self::Values { name, axes, window } => {
                Content::Values(Window::read(file, name, *axes, window).await?)
            }
            Self::Picture { selection, .. } if selection.is_empty() => EMPTY,
            Self::Picture { name, selection } => {
                let meta = file.get_array(name)?;
                let figure = figure(file, meta, selection.clone(), &Wishes::default()).await?;
                Content::Picture(Box::new(figure))
            }
        })
    }
}
