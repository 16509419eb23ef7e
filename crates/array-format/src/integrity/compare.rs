//! Whether statistics are those of the elements that they are about.

use array_format_core::elements::Elements;
use array_format_core::frame;
use array_format_core::geometry::{Coords, Tile};
use array_format_core::stats;

use crate::array::ArrayMeta;
use crate::stats::FrameStats;
use crate::value::StatValue;

/// Boxes that are tried for a frame that was written before its array grew.
const BOXES: usize = 256;

/// Statistics of the elements of a frame that lie within `inside`.
fn compute(meta: &ArrayMeta, elements: &Elements, extent: &[u64], inside: &[u64]) -> FrameStats {
    let fill = meta.fill_value.as_ref();
    stats::compute(&meta.dtype, elements.borrowed(), extent, inside, fill)
}

/// The statistics that a frame should have, if `stored` are others.
///
/// Elements count that lay within the array's shape when the frame was written. With a fill value
/// the others equal it, and do not count anyway. Without one, the shape of that time is any that
/// gives as many elements as `stored` counts.
pub(super) fn corrected(
    meta: &ArrayMeta,
    tile: &Tile,
    elements: &Elements,
    extent: &[u64],
    stored: &FrameStats,
) -> Option<FrameStats> {
    let within = frame::inside(meta, tile);
    let inside: Coords = within.iter().zip(extent).map(|(a, b)| *a.min(b)).collect();
    let now = compute(meta, elements, extent, &inside);
    if agree(stored, &now) {
        return None;
    }
    if meta.fill_value.is_none() {
        let mut boxes = Vec::new();
        boxes_of(&inside, stored.valid, &mut Coords::new(), &mut boxes);
        let fits = |inside: &Coords| agree(stored, &compute(meta, elements, extent, inside));
        if boxes.iter().any(fits) {
            return None;
        }
    }
    Some(now)
}

/// The boxes of `n` elements that fit into `most`.
fn boxes_of(most: &[u64], n: u64, begun: &mut Coords, out: &mut Vec<Coords>) {
    let Some((&first, rest)) = most.split_first() else {
        if n == 1 {
            out.push(begun.clone());
        }
        return;
    };
    let room = rest.iter().fold(1u64, |n, &e| n.saturating_mul(e));
    for extent in (1..=first.min(n)).rev() {
        if out.len() == BOXES || n / extent > room {
            return;
        }
        if n.is_multiple_of(extent) {
            begun.push(extent);
            boxes_of(rest, n / extent, begun, out);
            begun.pop();
        }
    }
}

/// Whether stored statistics are right. Bounds may be wider where elements are text, whose bounds
/// need not be the elements themselves.
fn agree(stored: &FrameStats, computed: &FrameStats) -> bool {
    let exact = |stored: &Option<StatValue>, computed: &Option<StatValue>| match (stored, computed)
    {
        (Some(StatValue::Bytes(_)), _) | (_, Some(StatValue::Bytes(_))) => true,
        (stored, computed) => stored == computed,
    };
    covers(stored, computed)
        && exact(&stored.min, &computed.min)
        && exact(&stored.max, &computed.max)
}

/// Whether counts are equal, and no bound is within what it bounds.
pub(super) fn covers(stored: &FrameStats, computed: &FrameStats) -> bool {
    let holds = |outer: &Option<StatValue>,
                 inner: &Option<StatValue>,
                 beyond: fn(&StatValue, &StatValue) -> bool| match (outer, inner) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(outer), Some(inner)) => {
            std::mem::discriminant(outer) == std::mem::discriminant(inner) && !beyond(inner, outer)
        }
    };
    (stored.valid, stored.nan) == (computed.valid, computed.nan)
        && holds(&stored.min, &computed.min, StatValue::less)
        && holds(&stored.max, &computed.max, |inner, outer| outer.less(inner))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boxes_have_the_number_and_fit() {
        let mut out = Vec::new();
        boxes_of(&[4, 6], 12, &mut Coords::new(), &mut out);
        let found: Vec<&[u64]> = out.iter().map(|b| &b[..]).collect();
        assert_eq!(found, [&[4, 3][..], &[3, 4], &[2, 6]]);
        for (most, n) in [(&[4, 6][..], 25), (&[4, 6], 0), (&[], 2)] {
            let mut out = Vec::new();
            boxes_of(most, n, &mut Coords::new(), &mut out);
            assert!(out.is_empty(), "{most:?} {n}");
        }
    }

    #[test]
    fn wider_bounds_cover_and_narrower_do_not() {
        let stats = |valid, min, max| FrameStats {
            valid,
            nan: 0,
            min: Some(StatValue::Int(min)),
            max: Some(StatValue::Int(max)),
        };
        let computed = stats(3, -1, 5);
        for (stored, right) in [
            (stats(3, -1, 5), true),
            (stats(3, -2, 6), true),
            (stats(3, 0, 5), false),
            (stats(3, -1, 4), false),
            (stats(4, -1, 5), false),
        ] {
            assert_eq!(covers(&stored, &computed), right, "{stored:?}");
        }
        assert!(!agree(&stats(3, -2, 5), &computed));
    }
}
