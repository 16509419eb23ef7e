//! The numbers of an array, and of its axes, as CF conventions say to read them.

use anyhow::Result;
use array_format::array::ArrayMeta;
use array_format::{ArrayFile, AttributeValue, DType};

use super::Axis;
use super::since::Since;
use crate::attributes;
use crate::cells::{Cell, cell, cells, dtype_name, fill};
use crate::convert::dimensions::split;
use crate::failure::usage;
use crate::region::{self, Selection};

/// Elements that are read at a time.
const SLAB: u64 = 4 << 20;

/// The number that an element is, as CF says how to scale it; NaN for a fill value.
pub async fn read(file: &ArrayFile, meta: &ArrayMeta, selection: &Selection) -> Result<Vec<f64>> {
    if number(&cell(&meta.dtype, &[])).is_none() {
        return Err(usage(format!(
            "{} holds {}, which cannot be drawn",
            meta.name,
            dtype_name(&meta.dtype)
        )));
    }
    let filler = fill(meta);
    let scale = |key: &str| -> Result<Option<f64>> {
        let value = file.get_attribute(&meta.name, key)?;
        Ok(value.and_then(|value| number(&attributes::cell(value))))
    };
    let (factor, offset) = (scale("scale_factor")?, scale("add_offset")?);
    let (factor, offset) = (factor.unwrap_or(1.0), offset.unwrap_or(0.0));
    let value = |cell: Cell| match filler.as_ref() == Some(&cell) {
        true => f64::NAN,
        false => number(&cell).unwrap_or(f64::NAN) * factor + offset,
    };
    let mut values = Vec::new();
    for slab in selection.slabs(SLAB) {
        let elements = region::read(file, &meta.name, &slab).await?;
        values.extend(cells(&meta.dtype, &elements).map(value));
    }
    Ok(values)
}

fn number(cell: &Cell) -> Option<f64> {
    Some(match cell {
        Cell::Bool(v) => f64::from(u8::from(*v)),
        Cell::Int(v) => *v as f64,
        Cell::UInt(v) => *v as f64,
        Cell::Single(v) => (*v).into(),
        Cell::Double(v) => *v,
        Cell::Time(v) => *v as f64 / 1e9,
        _ => return None,
    })
}

/// An axis, with the places that an array of its name has, in the same group or one around it.
pub async fn axis(
    file: &ArrayFile,
    meta: &ArrayMeta,
    i: usize,
    part: region::Axis,
) -> Result<Axis> {
    let dimension = &meta.dimension_names[i];
    let mut group = split(&meta.name).0;
    let coordinates = loop {
        let name = match group {
            "" => dimension.clone(),
            group => format!("{group}/{dimension}"),
        };
        let is_it = file
            .get_array(&name)
            .is_ok_and(|other| other.shape == [meta.shape[i]] && other.name != meta.name);
        if is_it {
            break Some(name);
        }
        if group.is_empty() {
            break None;
        }
        group = split(group).0;
    };
    let places = match &coordinates {
        Some(name) => {
            let along = Selection {
                axes: vec![region::Axis { kept: true, ..part }],
            };
            let places = read(file, file.get_array(name)?, &along).await.ok();
            places.filter(|places| places.iter().all(|place| place.is_finite()))
        }
        None => None,
    };
    let (Some(name), Some(places)) = (coordinates, places) else {
        // Coordinates with gaps are none.
        return Ok(Axis {
            name: dimension.clone(),
            label: dimension.clone(),
            places: part.numbers().map(|n| n as f64).collect(),
            is_down: false,
            since: None,
        });
    };
    let text = |key: &str| match file.get_attribute(&name, key) {
        Ok(Some(AttributeValue::String(text))) => Some(text.clone()),
        _ => None,
    };
    let since = match (&file.get_array(&name)?.dtype, text("units")) {
        (DType::TimestampNs, _) => Some(Since::UNIX),
        (_, Some(units)) => Since::parse(&units, text("calendar").as_deref()),
        (_, None) => None,
    };
    Ok(Axis {
        since,
        name: dimension.clone(),
        label: match text("units") {
            Some(units) => format!("{dimension} ({units})"),
            None => dimension.clone(),
        },
        places,
        is_down: text("positive").is_some_and(|way| way.eq_ignore_ascii_case("down")),
    })
}
