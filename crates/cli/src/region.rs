//! Arrays with a region, as NumPy writes them: `TEMP[0:10, ::5, 3]`.

use anyhow::Result;
use array_format::ArrayFile;
use array_format::array::ArrayMeta;
use array_format::element::Elements;

use crate::cells::pick;
use crate::failure::usage;

/// What lies between two parts and is passed over: about the elements of a tile.
const GAP: u64 = 1 << 14;

/// What is wanted of one axis.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Index(i64),
    Slice {
        start: Option<i64>,
        stop: Option<i64>,
        step: u64,
    },
    /// All axes that the others leave.
    Rest,
}

/// A name, and what is wanted of each axis.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    text: String,
    name: String,
    parts: Option<Vec<Part>>,
}

/// What is wanted of one axis of a certain array.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Axis {
    pub start: u64,
    pub count: u64,
    pub step: u64,
    /// Not for an index, which takes the axis away.
    pub kept: bool,
}

/// A region of a certain array, by axis.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selection {
    pub axes: Vec<Axis>,
}

impl Request {
    /// Reads a request; the array's name is all before the last bracket.
    pub fn parse(text: &str) -> Result<Self, String> {
        let whole = |parts| Self {
            text: text.to_owned(),
            name: text.to_owned(),
            parts,
        };
        let Some((name, inside)) = text
            .strip_suffix(']')
            .and_then(|text| text.rsplit_once('['))
        else {
            return Ok(whole(None));
        };
        let parts = inside
            .split(',')
            .map(str::trim)
            .filter(|part| !(part.is_empty() && inside.trim().is_empty()))
            .map(Part::parse)
            .collect::<Result<Vec<_>, _>>();
        Ok(match parts {
            Ok(parts) if parts.iter().filter(|part| **part == Part::Rest).count() < 2 => Self {
                name: name.trim_end().to_owned(),
                ..whole(Some(parts))
            },
            Ok(_) => return Err(format!("{text}: `...` stands twice")),
            Err(error) => return Err(format!("{text}: {error}")),
        })
    }

    /// The array's name, given whether one of that name is there: brackets may belong to the name.
    pub fn name(&self, contains: impl Fn(&str) -> bool) -> &str {
        match self.parts.is_some() && contains(&self.text) {
            true => &self.text,
            false => &self.name,
        }
    }

    /// The region of this array.
    pub fn of(&self, meta: &ArrayMeta) -> Result<Selection> {
        let rank = meta.shape.len();
        let parts = match &self.parts {
            Some(parts) if meta.name != self.text => &parts[..],
            _ => &[],
        };
        let given = parts.iter().filter(|part| **part != Part::Rest).count();
        if given > rank {
            return Err(usage(format!(
                "{}: {given} indices for an array of {rank} axes, shape {:?}",
                self.text, meta.shape
            )));
        }
        let rest = parts.iter().position(|part| *part == Part::Rest);
        let before = rest.unwrap_or(parts.len());
        let after = parts.len() - rest.map_or(parts.len(), |at| at + 1);
        let axes = (0..rank).map(|axis| {
            let part = if axis < before {
                Some(&parts[axis])
            } else if axis >= rank - after {
                Some(&parts[parts.len() - (rank - axis)])
            } else {
                None
            };
            let extent = meta.shape[axis];
            match part {
                None => Ok(Axis::whole(extent)),
                Some(part) => part.of(extent).map_err(|error| {
                    usage(format!(
                        "{}: {error} of axis {axis}, {}",
                        self.text, meta.dimension_names[axis]
                    ))
                }),
            }
        });
        Ok(Selection {
            axes: axes.collect::<Result<_>>()?,
        })
    }
}

impl Part {
    fn parse(text: &str) -> Result<Self, String> {
        if text == "..." {
            return Ok(Self::Rest);
        }
        let number = |text: &str| match text.trim() {
            "" => Ok(None),
            text => text
                .parse::<i64>()
                .map(Some)
                .map_err(|_| format!("{text:?} is no whole number; write START:STOP:STEP")),
        };
        let pieces: Vec<&str> = text.split(':').collect();
        Ok(match pieces[..] {
            [index] => Self::Index(number(index)?.ok_or("an index is missing")?),
            [start, stop] => Self::Slice {
                start: number(start)?,
                stop: number(stop)?,
                step: 1,
            },
            [start, stop, step] => Self::Slice {
                start: number(start)?,
                stop: number(stop)?,
                step: match number(step)? {
                    None => 1,
                    Some(step) => u64::try_from(step)
                        .ok()
                        .filter(|&step| step > 0)
                        .ok_or_else(|| format!("the step {step} must be 1 or more"))?,
                },
            },
            _ => {
                return Err(format!(
                    "{text:?} has too many colons; write START:STOP:STEP"
                ));
            }
        })
    }

    fn of(&self, extent: u64) -> Result<Axis, String> {
        // As Python: from the end if negative, and no further than the ends.
        let bound = |at: i64| match u64::try_from(at) {
            Ok(at) => at.min(extent),
            Err(_) => extent.saturating_sub(at.unsigned_abs()),
        };
        match *self {
            Self::Rest => Ok(Axis::whole(extent)),
            Self::Index(at) => {
                let start = match u64::try_from(at) {
                    Ok(at) => Some(at).filter(|&at| at < extent),
                    Err(_) => extent.checked_sub(at.unsigned_abs()),
                };
                Ok(Axis {
                    start: start.ok_or_else(|| format!("{at} is not within the {extent}"))?,
                    count: 1,
                    step: 1,
                    kept: false,
                })
            }
            Self::Slice { start, stop, step } => {
                let start = start.map_or(0, bound);
                let stop = stop.map_or(extent, bound);
                Ok(Axis {
                    start,
                    count: stop.saturating_sub(start).div_ceil(step),
                    step,
                    kept: true,
                })
            }
        }
    }
}

impl Axis {
    /// All of an axis.
    pub fn whole(extent: u64) -> Self {
        Self {
            start: 0,
            count: extent,
            step: 1,
            kept: true,
        }
    }

    /// The number of its `i`th element within the array.
    pub fn number(&self, i: usize) -> u64 {
        self.start + i as u64 * self.step
    }

    /// The numbers of all its elements.
    pub fn numbers(self) -> impl Iterator<Item = u64> {
        (0..self.count as usize).map(move |i| self.number(i))
    }

    /// The elements from the first to the last.
    fn span(&self) -> u64 {
        match self.count {
            0 => 0,
            n => (n - 1).saturating_mul(self.step).saturating_add(1),
        }
    }
}

impl Selection {
    /// The shape of what is selected, without the axes that an index took away.
    pub fn shape(&self) -> Vec<u64> {
        let kept = self.axes.iter().filter(|axis| axis.kept);
        kept.map(|axis| axis.count).collect()
    }

    /// The box that has to be read.
    pub fn bounds(&self) -> (Vec<usize>, Vec<usize>) {
        let start = self.axes.iter().map(|axis| axis.start as usize).collect();
        let shape = self.axes.iter().map(|axis| axis.span() as usize).collect();
        (start, shape)
    }

    /// Whether every element of the box is selected.
    pub fn is_dense(&self) -> bool {
        self.axes
            .iter()
            .all(|axis| axis.step == 1 || axis.count < 2)
    }

    pub fn is_empty(&self) -> bool {
        self.axes.iter().any(|axis| axis.count == 0)
    }

    /// Selected elements, at most `u64::MAX`.
    pub fn len(&self) -> u64 {
        let counts = self.axes.iter().map(|axis| axis.count);
        counts.fold(1, u64::saturating_mul)
    }

    /// Elements of the box that has to be read, at most `u64::MAX`.
    pub fn volume(&self) -> u64 {
        let spans = self.axes.iter().map(Axis::span);
        spans.fold(1, u64::saturating_mul)
    }

    /// The selection in parts along its first axes, in C order. Each reads a box of so many elements
    /// at most, what its steps leave out included, unless that is much: then it is passed over.
    pub fn slabs(&self, elements: u64) -> Vec<Self> {
        let mut slabs = vec![self.clone()];
        for axis in 0..self.axes.len() {
            let mut finer = Vec::with_capacity(slabs.len());
            for slab in slabs {
                if slab.volume() <= elements {
                    finer.push(slab);
                    continue;
                }
                let all = slab.axes[axis];
                let row = slab.volume() / all.span().max(1);
                let left_out = row.saturating_mul(all.step - 1);
                let rows = match left_out < GAP {
                    true => (elements / row.saturating_mul(all.step).max(1)).max(1),
                    false => 1,
                };
                let mut first = 0;
                while first < all.count {
                    let mut part = slab.clone();
                    part.axes[axis].start = all.start + first * all.step;
                    part.axes[axis].count = rows.min(all.count - first);
                    first += rows;
                    finer.push(part);
                }
            }
            slabs = finer;
        }
        slabs
    }

    /// Numbers of the selected elements within the box, in C order.
    pub fn picks(&self) -> Vec<usize> {
        let mut picks = vec![0usize];
        for axis in &self.axes {
            let span = axis.span() as usize;
            picks = picks
                .iter()
                .flat_map(|&before| {
                    (0..axis.count as usize).map(move |i| before * span + i * axis.step as usize)
                })
                .collect();
        }
        picks
    }
}

/// The selected elements of an array, in C order.
pub async fn read(file: &ArrayFile, name: &str, selection: &Selection) -> Result<Elements> {
    let (start, shape) = selection.bounds();
    let (_, elements) = file.read_elements(name, start, shape).await?;
    if selection.is_dense() {
        return Ok(elements);
    }
    Ok(pick(&elements, selection.picks()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use array_format::{ArraySpec, DType};

    /// What a request selects of an array of this shape.
    fn selection(text: &str, shape: &[u64]) -> Result<Selection, String> {
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        runtime.unwrap().block_on(async {
            let config = array_format::FileConfig::new(array_format::NoCompression);
            let mut file = ArrayFile::create_memory(config).await.unwrap();
            let spec = ArraySpec::new(DType::Int8, shape.to_vec());
            file.create_array("a", spec).unwrap();
            let request = Request::parse(text)?;
            let selection = request.of(file.get_array("a").unwrap());
            selection.map_err(|e| e.to_string())
        })
    }

    /// The same as (start, count, step) by axis.
    fn selected(text: &str, shape: &[u64]) -> Result<Vec<(u64, u64, u64)>, String> {
        let axes = selection(text, shape)?.axes;
        Ok(axes.iter().map(|a| (a.start, a.count, a.step)).collect())
    }

    #[test]
    fn regions_are_read_as_numpy_reads_them() {
        assert_eq!(selected("a", &[4, 5]).unwrap(), [(0, 4, 1), (0, 5, 1)]);
        assert_eq!(selected("a[]", &[4]).unwrap(), [(0, 4, 1)]);
        assert_eq!(selected("a[1]", &[4, 5]).unwrap(), [(1, 1, 1), (0, 5, 1)]);
        assert_eq!(
            selected("a[-1, ::2]", &[4, 5]).unwrap(),
            [(3, 1, 1), (0, 3, 2)]
        );
        assert_eq!(
            selected("a[0:10, 2:-1]", &[4, 5]).unwrap(),
            [(0, 4, 1), (2, 2, 1)]
        );
        assert_eq!(selected("a[..., 2]", &[4, 5, 6]).unwrap()[2], (2, 1, 1));
        assert_eq!(selected("a[3:1]", &[4]).unwrap(), [(3, 0, 1)]);
        assert_eq!(selected("a[-9:2]", &[4]).unwrap(), [(0, 2, 1)]);
        for wrong in [
            "a[4]",
            "a[-5]",
            "a[0, 0, 0]",
            "a[x]",
            "a[::0]",
            "a[::-1]",
            "a[1:2:3:4]",
            "a[,1]",
            "a[...,...]",
        ] {
            assert!(selected(wrong, &[4, 5]).is_err(), "{wrong}");
        }
    }

    #[test]
    fn slabs_cover_a_selection_in_order() {
        for text in ["a", "a[::2, 1:, ::3]", "a[1]", "a[..., 4]", "a[0:0]"] {
            let whole = selection(text, &[7, 5, 9]).unwrap();
            let places = |selection: &Selection| -> Vec<Vec<u64>> {
                let mut places = vec![Vec::new()];
                for axis in &selection.axes {
                    places = places
                        .iter()
                        .flat_map(|p| {
                            (0..axis.count).map(move |i| {
                                let mut p: Vec<u64> = p.clone();
                                p.push(axis.start + i * axis.step);
                                p
                            })
                        })
                        .collect();
                }
                places
            };
            for size in [1, 3, 10, 44, 1000] {
                let slabs = whole.slabs(size);
                let parts: Vec<Vec<u64>> = slabs.iter().flat_map(places).collect();
                assert_eq!(parts, places(&whole), "{text} in slabs of {size}");
                assert!(slabs.iter().all(|slab| slab.volume() <= size.max(1)));
            }
        }
    }

    #[test]
    fn what_wide_steps_leave_out_is_not_read() {
        let volumes = |text: &str, shape: &[u64]| -> Vec<u64> {
            let slabs = selection(text, shape).unwrap().slabs(1 << 20);
            slabs.iter().map(Selection::volume).collect()
        };
        assert_eq!(volumes("a[::1000000]", &[1 << 22]), [1; 5]);
        assert_eq!(volumes("a[::1000]", &[4096, 1024]), [1024; 5]);
        assert_eq!(
            volumes("a[::4]", &[4096, 1024]).len(),
            4,
            "a tile holds several"
        );
    }
}
