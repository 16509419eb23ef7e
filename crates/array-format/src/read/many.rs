//! Many arrays in one read.

use ndarray::{ArcArray, ArrayViewMut, IxDyn};

use super::sink::SliceSink;
use super::{Part, gather, region_of};
use crate::ArrayFile;
use crate::element::ArrayElement;
use crate::error::Result;

impl ArrayFile {
    /// Reads whole arrays of one type into new arrays, in the order of `names`.
    ///
    /// One plan serves all: their frames are looked up together, requests join what lies near each
    /// other, whichever array it is of, and all are in flight together. A thousand small arrays in a
    /// bucket take a few requests, where a call for each would take a thousand, one after the other.
    ///
    /// ```
    /// # use array_format::{ArrayFile, FileConfig, Lz4Codec};
    /// # use ndarray::ArrayD;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> array_format::Result<()> {
    /// let mut file = ArrayFile::create_memory(FileConfig::new(Lz4Codec)).await?;
    /// for (name, n) in [("cast 1", 3), ("cast 2", 5)] {
    ///     file.define_array::<f32>(name, vec!["depth".into()], vec![n], None, None)?;
    ///     let values = ArrayD::from_elem(vec![n], 1.5f32);
    ///     file.write_array(name, vec![0], values.view()).await?;
    /// }
    /// file.flush().await?;
    ///
    /// let casts = file.read_arrays::<f32>(["cast 1", "cast 2"]).await?;
    /// assert_eq!([casts[0].len(), casts[1].len()], [3, 5]);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`ArrayFile::read_array`]: the first that fails, and nothing is returned.
    pub async fn read_arrays<T: ArrayElement>(
        &self,
        names: impl IntoIterator<Item = impl AsRef<str>>,
    ) -> Result<Vec<ArcArray<T, IxDyn>>> {
        let all = |name| (name, vec![], vec![]);
        self.read_regions(names.into_iter().map(all)).await
    }

    /// Reads a region of each of many arrays, or many regions of one, into new arrays.
    ///
    /// Each is a name, a start and a shape, as [`ArrayFile::read_array`] takes them. They may overlap: a
    /// frame that several of them lie in is not decoded anew for each, unless more than 16 MiB of whole
    /// frames are read. Costs as [`ArrayFile::read_arrays`].
    ///
    /// # Errors
    /// As [`ArrayFile::read_array`]: the first that fails, and nothing is returned.
    pub async fn read_regions<T: ArrayElement>(
        &self,
        regions: impl IntoIterator<Item = (impl AsRef<str>, Vec<usize>, Vec<usize>)>,
    ) -> Result<Vec<ArcArray<T, IxDyn>>> {
        let part =
            |(name, start, shape): (_, _, _)| Part::new(self, AsRef::as_ref(&name), start, shape);
        let mut parts: Vec<Part<'_, T>> = regions.into_iter().map(part).collect::<Result<_>>()?;
        let mut sinks: Vec<_> = parts.iter_mut().map(Part::sink).collect();
        let mut targets: Vec<_> = sinks.iter_mut().map(SliceSink::target).collect();
        gather(self, &mut targets).await?;
        drop(targets);
        drop(sinks);
        parts.into_iter().map(Part::into_array).collect()
    }

    /// As [`ArrayFile::read_regions`], into memory that is there: each is a name, a start, and the view
    /// to fill, as [`ArrayFile::read_into`] takes them. Views in another layout than C order cost a copy.
    ///
    /// Profiles of different lengths can go into one long vector this way, cut into views.
    ///
    /// # Errors
    /// As [`ArrayFile::read_into`]. After an error the contents of the views are not defined.
    pub async fn read_regions_into<T: ArrayElement>(
        &self,
        regions: impl IntoIterator<Item = (impl AsRef<str>, Vec<usize>, ArrayViewMut<'_, T, IxDyn>)>,
    ) -> Result<()> {
        let (mut places, mut copies) = (Vec::new(), Vec::new());
        for (name, start, out) in regions {
            let name = name.as_ref();
            let (meta, region) = region_of(self, name, &start, &out)?;
            match out.is_standard_layout() {
                true => places.extend(out.into_slice().map(|values| (meta, region, values))),
                // Its rank is not 0, so an empty shape cannot mean "all".
                false => {
                    let shape = out.shape().to_vec();
                    copies.push((Part::new(self, name, start, shape)?, out));
                }
            }
        }
        let mut sinks = Vec::with_capacity(places.len() + copies.len());
        for (meta, region, values) in &mut places {
            sinks.push(SliceSink::new(values, meta, region, false));
        }
        sinks.extend(copies.iter_mut().map(|(part, _)| part.sink()));
        let mut targets: Vec<_> = sinks.iter_mut().map(SliceSink::target).collect();
        gather(self, &mut targets).await?;
        drop(targets);
        drop(sinks);
        for (part, mut out) in copies {
            out.assign(&part.into_array()?);
        }
        Ok(())
    }
}
