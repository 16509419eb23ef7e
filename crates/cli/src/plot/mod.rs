//! Pictures of arrays: a line, a heat map, or a grid of heat maps.

pub mod draw;
pub mod field;
pub mod figure;
pub mod since;
pub mod terminal;

use std::ops::Range;

use since::Since;

/// An axis with the places of its elements.
#[derive(Debug, Clone)]
pub struct Axis {
    pub name: String,
    /// Its name and unit.
    pub label: String,
    pub places: Vec<f64>,
    /// Whether greater is further down, as depths are.
    pub is_down: bool,
    /// From when places count, if they are times.
    pub since: Option<Since>,
}

impl Axis {
    /// A place as people write it: a date, or a number.
    pub fn shown(&self, place: f64) -> String {
        let range = self.range();
        let date = self
            .since
            .and_then(|since| since.shown(place, range.end - range.start));
        date.unwrap_or_else(|| draw::number(place))
    }

    /// What the axis is called; the unit of times is in their dates.
    pub fn title(&self) -> &str {
        match self.since {
            Some(_) => &self.name,
            None => &self.label,
        }
    }

    /// From the outer edge of the first element to that of the last.
    pub fn range(&self) -> Range<f64> {
        let edges = self.edges();
        let (first, last) = (edges[0], edges[edges.len() - 1]);
        match first == last {
            true => first - 0.5..last + 0.5,
            false => first.min(last)..first.max(last),
        }
    }

    /// Where elements begin and end: halfway between neighbours.
    pub fn edges(&self) -> Vec<f64> {
        let places = &self.places;
        let Some((&first, &last)) = places.first().zip(places.last()) else {
            return vec![0.0, 1.0];
        };
        let n = places.len();
        let (before, after) = match n {
            1 => (0.5, 0.5),
            _ => ((places[1] - first) / 2.0, (last - places[n - 2]) / 2.0),
        };
        let between = places.windows(2).map(|pair| (pair[0] + pair[1]) / 2.0);
        let mut edges = vec![first - before];
        edges.extend(between);
        edges.push(last + after);
        edges
    }
}

/// One heat map, or one line.
#[derive(Debug, Clone)]
pub struct Panel {
    pub title: String,
    /// In C order over rows and columns; NaN where there is nothing.
    pub values: Vec<f64>,
}

/// What to draw.
#[derive(Debug, Clone)]
pub struct Figure {
    pub title: String,
    /// What the values are, with their unit.
    pub label: String,
    pub columns: Axis,
    /// Missing for a line.
    pub rows: Option<Axis>,
    pub panels: Vec<Panel>,
    /// The least and the greatest value to show.
    pub range: (f64, f64),
}

/// The least and the greatest of some numbers, those that are none aside; apart by something.
pub fn range(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    let (least, greatest) = values
        .filter(|v| v.is_finite())
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), v| {
            (a.min(v), b.max(v))
        });
    if least > greatest {
        return None;
    }
    Some(match least == greatest {
        true => (least - 0.5, greatest + 0.5),
        false => (least, greatest),
    })
}

/// Fewer elements along an axis: means of neighbours, and places in their middle.
pub fn shrink(axis: &Axis, most: usize) -> (Axis, usize) {
    let step = axis.places.len().div_ceil(most.max(1)).max(1);
    let middle = |places: &[f64]| places.iter().sum::<f64>() / places.len() as f64;
    let shrunk = Axis {
        name: axis.name.clone(),
        label: axis.label.clone(),
        places: axis.places.chunks(step).map(middle).collect(),
        is_down: axis.is_down,
        since: axis.since,
    };
    (shrunk, step)
}

/// Means of blocks of so many rows and columns; NaN where a block has no number.
pub fn means(values: &[f64], columns: usize, step: (usize, usize)) -> Vec<f64> {
    if step == (1, 1) || columns == 0 {
        return values.to_vec();
    }
    let across = columns.div_ceil(step.1);
    let mut means = Vec::new();
    for rows in values.chunks(step.0 * columns) {
        let mut sums = vec![(0.0, 0u32); across];
        for row in rows.chunks(columns) {
            for (i, v) in row.iter().enumerate().filter(|(_, v)| v.is_finite()) {
                let (sum, n) = &mut sums[i / step.1];
                *sum += v;
                *n += 1;
            }
        }
        means.extend(sums.into_iter().map(|(sum, n)| match n {
            0 => f64::NAN,
            n => sum / f64::from(n),
        }));
    }
    means
}

#[cfg(test)]
mod tests {
    use super::*;

    fn axis(places: &[f64]) -> Axis {
        Axis {
            name: String::new(),
            label: String::new(),
            places: places.to_vec(),
            is_down: false,
            since: None,
        }
    }

    #[test]
    fn edges_are_between_places() {
        assert_eq!(axis(&[0.0, 2.0, 6.0]).edges(), [-1.0, 1.0, 4.0, 8.0]);
        assert_eq!(axis(&[3.0]).edges(), [2.5, 3.5]);
        assert_eq!(axis(&[90.0, 0.0, -90.0]).range(), -135.0..135.0);
        assert_eq!(axis(&[]).range(), 0.0..1.0);
    }

    #[test]
    fn large_fields_shrink_to_means() {
        let (small, step) = shrink(&axis(&[0.0, 1.0, 2.0, 3.0, 4.0]), 3);
        assert_eq!((small.places, step), (vec![0.5, 2.5, 4.0], 2));
        let field = [1.0, 3.0, f64::NAN, 5.0, 7.0, f64::NAN];
        assert_eq!(means(&field, 3, (2, 2))[0], 4.0);
        assert!(means(&field, 3, (2, 2))[1].is_nan());
        assert_eq!(range([f64::NAN, 2.0].into_iter()), Some((1.5, 2.5)));
        assert_eq!(range([f64::NAN].into_iter()), None);
    }
}
