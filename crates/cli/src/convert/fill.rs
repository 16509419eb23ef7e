//! Fill values, from attributes and elements.

use array_format::{AttributeValue, DType, FillValue};

use crate::attributes;
use crate::cells::Cell;

/// The fill value that attributes name, as CF conventions have it.
pub fn marked(attributes: &[(String, AttributeValue)], dtype: &DType) -> Option<FillValue> {
    let find = |wanted: &str| {
        let (_, value) = attributes.iter().find(|(key, _)| key == wanted)?;
        let fill = of_cell(attributes::cell(value))?;
        fill.check(dtype).is_ok().then_some(fill)
    };
    find("_FillValue").or_else(|| find("missing_value"))
}

/// An element as a fill value.
pub fn of_cell(cell: Cell) -> Option<FillValue> {
    Some(match cell {
        Cell::Bool(v) => FillValue::Bool(v),
        Cell::Int(v) => FillValue::Int(v),
        Cell::UInt(v) => FillValue::UInt(v),
        Cell::Single(v) => FillValue::Float(v.into()),
        Cell::Double(v) => FillValue::Float(v),
        Cell::Complex(re, im) => FillValue::Complex { re, im },
        Cell::Text(v) => FillValue::String(v),
        Cell::Bytes(v) => FillValue::Binary(v),
        Cell::Time(v) => FillValue::TimestampNs(v),
        Cell::List(_) => return None,
    })
}
