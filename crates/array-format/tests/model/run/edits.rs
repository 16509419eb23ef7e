//! Definitions, writes and reads.

use std::collections::BTreeMap;

use array_format::codec::{CodecSpec, Filter};
use array_format::{ArraySpec, DType, Error};
use ndarray::{ArrayD, Axis, IxDyn, Slice};

use super::check::compare;
use super::{KEYS, Outcome, World, pick};
use crate::element::{Sample, attribute, typed};
use crate::model::{Array, Effect, Owner};
use crate::operation::{Axes, Codec, Layout, Spec, Values};

/// An array of this shape with these values, which lies in memory as asked.
pub(super) fn laid_out<T: Clone>(shape: &[usize], values: Vec<T>, layout: Layout) -> ArrayD<T> {
    let array = ArrayD::from_shape_vec(IxDyn(shape), values).expect("as many as the shape says");
    match layout {
        Layout::C => array,
        Layout::Fortran => {
            let transposed = array.reversed_axes();
            transposed.as_standard_layout().into_owned().reversed_axes()
        }
        Layout::Reversed => {
            let mut reversed = array;
            (0..shape.len()).for_each(|axis| reversed.invert_axis(Axis(axis)));
            let mut reversed = reversed.as_standard_layout().into_owned();
            (0..shape.len()).for_each(|axis| reversed.invert_axis(Axis(axis)));
            reversed
        }
        Layout::Strided => {
            let Some(last) = shape.len().checked_sub(1) else {
                return array;
            };
            let mut wide = shape.to_vec();
            wide[last] *= 2;
            let mut wide = ArrayD::from_shape_fn(IxDyn(&wide), |mut at| {
                at[last] /= 2;
                array[at].clone()
            });
            wide.slice_axis_inplace(Axis(last), Slice::new(0, None, 2));
            wide
        }
    }
}

pub(super) fn samples<T: Sample>(shape: &[usize], codes: &[u8], layout: Layout) -> ArrayD<T> {
    laid_out(
        shape,
        codes.iter().map(|&code| T::sample(code)).collect(),
        layout,
    )
}

impl World {
    pub(super) fn attribute(
        &mut self,
        h: usize,
        owner: Owner,
        key: &str,
        value: Option<u8>,
    ) -> Outcome {
        self.did(
            h,
            Effect::Attribute {
                owner,
                key: key.into(),
                value,
            },
        )
    }

    pub(super) fn create(&mut self, h: usize, name: &str, spec: &Spec) -> Outcome {
        let palette = spec.kind.palette();
        let shape: Vec<usize> = spec.shape.iter().map(|&n| n.into()).collect();
        let rank = shape.len();
        let chunk: Vec<usize> = (0..rank)
            .map(|a| match spec.chunks {
                Some(chunks) => pick(chunks, a, 1, shape[a] + 2),
                None => shape[a].max(1),
            })
            .collect();
        let tile: Vec<usize> = (0..rank)
            .map(|a| {
                spec.tile
                    .map_or(chunk[a], |tile| pick(tile, a, 1, chunk[a]))
            })
            .collect();
        let generic = (0..rank).map(|a| format!("dim{a}"));
        let named = ["time", "lat", "lon"].map(String::from);
        let mut array = Array {
            uid: self.next_uid,
            name: name.into(),
            kind: spec.kind,
            dimensions: if spec.named_dimensions {
                named[..rank].to_vec()
            } else {
                generic.collect()
            },
            fill: spec
                .fill
                .filter(|&code| palette.fills[usize::from(code)].is_some()),
            shape,
            chunk,
            tile,
            cells: Vec::new(),
            attributes: BTreeMap::new(),
        }
        .cleared();
        let taken = self.handles[h].view.named(name).is_some();
        let file = &mut self.handles[h].file;
        let given_dimensions = if spec.named_dimensions {
            array.dimensions.clone()
        } else {
            vec![]
        };
        let result = if spec.codec == Codec::Default && spec.tile.is_none() {
            let chunks = spec.chunks.map(|_| array.chunk.clone());
            typed!(spec.kind, T => file.define_array::<T>(
                name, given_dimensions, array.shape.clone(), chunks, array.fill_value()))
        } else {
            let wide = |extents: &[usize]| extents.iter().map(|&n| n as u64).collect::<Vec<_>>();
            let mut wish = ArraySpec::new(palette.dtype.clone(), wide(&array.shape))
                .dimensions(given_dimensions);
            if spec.chunks.is_some() {
                wish = wish.chunks(wide(&array.chunk));
            }
            if spec.tile.is_some() {
                wish = wish.tile(wide(&array.tile));
            }
            if let Some(fill) = array.fill_value() {
                wish = wish.fill(fill);
            }
            if let Some(codec) = codec(spec.codec, &palette.dtype) {
                wish = wish.codec(codec);
            }
            if let Some(code) = spec.attribute {
                array.attributes.insert(KEYS[0].into(), code);
                wish = wish.attribute(KEYS[0], attribute(code));
            }
            file.create_array(name, wish)
        };
        match result {
            Ok(()) => {
                ensure!(!taken, "{name:?} was defined twice");
                self.next_uid += 1;
                self.did(h, Effect::Define(array))
            }
            Err(Error::ArrayAlreadyExists { .. }) if taken => Ok(()),
            Err(error) => Err(format!("{error:?}")),
        }
    }

    pub(super) async fn write(
        &mut self,
        h: usize,
        array: Array,
        start: Axes,
        shape: Axes,
        overhang: bool,
        values: &Values,
    ) -> Outcome {
        let rank = array.shape.len();
        let start: Vec<usize> = (0..rank)
            .map(|a| pick(start, a, 0, array.shape[a]))
            .collect();
        let mut shape: Vec<usize> = (0..rank)
            .map(|a| pick(shape, a, 0, array.shape[a] - start[a]))
            .collect();
        let overhang = overhang && rank > 0;
        if overhang {
            shape[rank - 1] = array.shape[rank - 1] - start[rank - 1] + 1;
        }
        let codes = values.codes(shape.iter().product());
        let file = &mut self.handles[h].file;
        let result = typed!(array.kind, T => {
            let data = samples::<T>(&shape, &codes, values.layout);
            file.write_array(&array.name, start.clone(), data.view()).await
        });
        match result {
            Err(Error::InvalidArgument(_)) if overhang => Ok(()),
            Ok(()) if overhang => Err("a write beyond the end succeeded".into()),
            Ok(()) => {
                let uid = array.uid;
                self.did(
                    h,
                    Effect::Write {
                        uid,
                        start,
                        shape,
                        codes,
                    },
                )
            }
            Err(error) => self.excused(h, &error),
        }
    }

    pub(super) async fn append(
        &mut self,
        h: usize,
        array: Array,
        axis: u8,
        extent: u8,
        values: &Values,
    ) -> Outcome {
        let rank = array.shape.len();
        let axis = usize::from(axis) % rank.max(1);
        let mut shape = array.shape.clone();
        let mut start = vec![0; rank];
        if rank > 0 {
            shape[axis] = extent.into();
            start[axis] = array.shape[axis];
        }
        let codes = values.codes(shape.iter().product());
        let file = &mut self.handles[h].file;
        let result = typed!(array.kind, T => {
            let data = samples::<T>(&shape, &codes, values.layout);
            file.append(&array.name, axis, data.view()).await
        });
        match result {
            Err(Error::InvalidArgument(_)) if rank == 0 => Ok(()),
            Ok(()) if rank == 0 => Err("a scalar was appended to".into()),
            Ok(()) => {
                let uid = array.uid;
                let mut grown = array.shape.clone();
                grown[axis] += shape[axis];
                self.did(h, Effect::Resize { uid, shape: grown })?;
                self.did(
                    h,
                    Effect::Write {
                        uid,
                        start,
                        shape,
                        codes,
                    },
                )
            }
            Err(error) => self.excused(h, &error),
        }
    }

    pub(super) async fn read_into(
        &self,
        h: usize,
        array: &Array,
        start: Axes,
        shape: Axes,
        layout: Layout,
    ) -> Outcome {
        let rank = array.shape.len();
        let start: Vec<usize> = (0..rank)
            .map(|a| pick(start, a, 0, array.shape[a]))
            .collect();
        let shape: Vec<usize> = (0..rank)
            .map(|a| pick(shape, a, 0, array.shape[a] - start[a]))
            .collect();
        let codes = array.region(&start, &shape);
        let file = &self.handles[h].file;
        typed!(array.kind, T => {
            // What was in it must not show.
            let mut out = samples::<T>(&shape, &vec![3; codes.len()], layout);
            match file.read_into(&array.name, start, out.view_mut()).await {
                Ok(()) => compare::<T>(array, "a read in place", out.iter(), &codes),
                Err(error) => self.excused(h, &error),
            }
        })
    }

    /// Reads that must be refused, whatever the state.
    pub(super) async fn refuses_wrong_reads(&self, h: usize, array: &Array) -> Outcome {
        let file = &self.handles[h].file;
        let wrong = match array.kind.palette().dtype {
            DType::Int16 => file
                .read_array::<u16>(&array.name, vec![], vec![])
                .await
                .err(),
            _ => file
                .read_array::<i16>(&array.name, vec![], vec![])
                .await
                .err(),
        };
        ensure!(
            matches!(wrong, Some(Error::DTypeMismatch { .. })),
            "another dtype: {wrong:?}"
        );
        let start = vec![0; array.shape.len() + 1];
        let wrong =
            typed!(array.kind, T => file.read_array::<T>(&array.name, start, vec![]).await.err());
        ensure!(
            matches!(wrong, Some(Error::InvalidArgument(_))),
            "another rank: {wrong:?}"
        );
        Ok(())
    }
}

/// The codec that is asked for, or another where the dtype does not take it.
fn codec(codec: Codec, dtype: &DType) -> Option<CodecSpec> {
    let fixed = !dtype.is_variable_length();
    let numbers = fixed
        && !matches!(
            dtype,
            DType::Bool | DType::Int8 | DType::UInt8 | DType::BFloat16
        );
    Some(match codec {
        Codec::Default => return None,
        Codec::Pco if numbers => CodecSpec::pco(),
        Codec::Auto => CodecSpec::auto(),
        Codec::Lz4 => CodecSpec::lz4(),
        Codec::Zstd => CodecSpec::zstd(1),
        Codec::ShuffleLz4 if fixed => CodecSpec::lz4().with_filter(Filter::Shuffle),
        Codec::DeltaNone if fixed => CodecSpec::none().with_filter(Filter::Delta),
        Codec::DeltaShuffleZstd if fixed => CodecSpec::zstd(3)
            .with_filter(Filter::Delta)
            .with_filter(Filter::Shuffle),
        Codec::None
        | Codec::Pco
        | Codec::ShuffleLz4
        | Codec::DeltaNone
        | Codec::DeltaShuffleZstd => CodecSpec::none(),
    })
}
