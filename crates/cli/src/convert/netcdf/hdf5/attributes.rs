//! Attributes of data sets.

use array_format::AttributeValue;
use hdf5_reader::datatype_api::H5Type;
use hdf5_reader::{Attribute, Datatype};

/// What HDF5 and netCDF keep for themselves.
const INTERNAL: [&str; 7] = [
    "CLASS",
    "NAME",
    "DIMENSION_LIST",
    "REFERENCE_LIST",
    "DIMENSION_LABELS",
    "_Netcdf4Dimid",
    "_Netcdf4Coordinates",
];

pub fn is_internal(name: &str) -> bool {
    INTERNAL.contains(&name)
}

/// An attribute as ours; a list of one number is a number, as for netCDF.
pub fn value(attribute: &Attribute) -> Option<AttributeValue> {
    use AttributeValue as A;
    fn of<T: Clone>(values: Vec<T>, one: fn(T) -> A, many: fn(Vec<T>) -> A) -> A {
        match &values[..] {
            [value] => one(value.clone()),
            _ => many(values),
        }
    }
    fn numbers<T: H5Type + Clone>(
        attribute: &Attribute,
        one: fn(T) -> A,
        many: fn(Vec<T>) -> A,
    ) -> Option<A> {
        Some(of(attribute.read_1d::<T>().ok()?, one, many))
    }
    match &attribute.datatype {
        Datatype::FixedPoint { size, signed, .. } => match (size, signed) {
            (1, true) => numbers(attribute, A::Int8, A::Int8List),
            (2, true) => numbers(attribute, A::Int16, A::Int16List),
            (4, true) => numbers(attribute, A::Int32, A::Int32List),
            (8, true) => numbers(attribute, A::Int64, A::Int64List),
            (1, false) => numbers(attribute, A::UInt8, A::UInt8List),
            (2, false) => numbers(attribute, A::UInt16, A::UInt16List),
            (4, false) => numbers(attribute, A::UInt32, A::UInt32List),
            (8, false) => numbers(attribute, A::UInt64, A::UInt64List),
            _ => None,
        },
        Datatype::FloatingPoint { size: 4, .. } => numbers(attribute, A::Float32, A::Float32List),
        Datatype::FloatingPoint { size: 8, .. } => numbers(attribute, A::Float64, A::Float64List),
        Datatype::String { .. } | Datatype::VarLen { .. } => {
            let texts = attribute.read_strings().ok()?;
            Some(of(texts, A::String, A::StringList))
        }
        _ => None,
    }
}
