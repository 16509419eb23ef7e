//! What both versions have, each in types of its own.

/// Conversions from the types of a version of the crate.
macro_rules! conversions {
    ($theirs:ident) => {
        fn dtype(theirs: &$theirs::DType) -> DType {
            use $theirs::DType as T;
            match theirs {
                T::Bool => DType::Bool,
                T::Int8 => DType::Int8,
                T::Int16 => DType::Int16,
                T::Int32 => DType::Int32,
                T::Int64 => DType::Int64,
                T::UInt8 => DType::UInt8,
                T::UInt16 => DType::UInt16,
                T::UInt32 => DType::UInt32,
                T::UInt64 => DType::UInt64,
                T::Float32 => DType::Float32,
                T::Float64 => DType::Float64,
                T::String => DType::String,
                T::Binary => DType::Binary,
                T::TimestampNs => DType::TimestampNs,
                T::FixedSizeList { child, size } => DType::FixedSizeList {
                    child: Box::new(dtype(child)),
                    size: *size,
                },
                T::List { child } => DType::List {
                    child: Box::new(dtype(child)),
                },
            }
        }

        fn fill(theirs: &$theirs::FillValue) -> FillValue {
            use $theirs::FillValue as T;
            match theirs {
                T::Bool(v) => FillValue::Bool(*v),
                T::Int(v) => FillValue::Int(*v),
                T::UInt(v) => FillValue::UInt(*v),
                T::Float(v) => FillValue::Float(*v),
                T::String(v) => FillValue::String(v.clone()),
                T::TimestampNs(v) => FillValue::TimestampNs(*v),
            }
        }

        fn attribute(theirs: &$theirs::AttributeValue) -> AttributeValue {
            use $theirs::AttributeValue as T;
            match theirs {
                T::Bool(v) => AttributeValue::Bool(*v),
                T::Int8(v) => AttributeValue::Int8(*v),
                T::Int16(v) => AttributeValue::Int16(*v),
                T::Int32(v) => AttributeValue::Int32(*v),
                T::Int64(v) => AttributeValue::Int64(*v),
                T::UInt8(v) => AttributeValue::UInt8(*v),
                T::UInt16(v) => AttributeValue::UInt16(*v),
                T::UInt32(v) => AttributeValue::UInt32(*v),
                T::UInt64(v) => AttributeValue::UInt64(*v),
                T::Float32(v) => AttributeValue::Float32(*v),
                T::Float64(v) => AttributeValue::Float64(*v),
                T::String(v) => AttributeValue::String(v.to_string()),
                T::Binary(v) => AttributeValue::Binary(v.to_vec()),
                T::BoolList(v) => AttributeValue::BoolList(v.to_vec()),
                T::Int8List(v) => AttributeValue::Int8List(v.to_vec()),
                T::Int16List(v) => AttributeValue::Int16List(v.to_vec()),
                T::Int32List(v) => AttributeValue::Int32List(v.to_vec()),
                T::Int64List(v) => AttributeValue::Int64List(v.to_vec()),
                T::UInt8List(v) => AttributeValue::UInt8List(v.to_vec()),
                T::UInt16List(v) => AttributeValue::UInt16List(v.to_vec()),
                T::UInt32List(v) => AttributeValue::UInt32List(v.to_vec()),
                T::UInt64List(v) => AttributeValue::UInt64List(v.to_vec()),
                T::Float32List(v) => AttributeValue::Float32List(v.to_vec()),
                T::Float64List(v) => AttributeValue::Float64List(v.to_vec()),
                T::StringList(v) => {
                    AttributeValue::StringList(v.iter().map(|v| v.to_string()).collect())
                }
                T::BinaryList(v) => {
                    AttributeValue::BinaryList(v.iter().map(|v| v.to_vec()).collect())
                }
            }
        }

        /// A box of elements; `$theirs` can read the types that have a Rust type there.
        fn read(
            file: &$theirs::ArrayFile,
            entry: &Variable,
            start: &[u64],
            shape: &[u64],
        ) -> Result<Elements> {
            let usizes = |n: &[u64]| -> Vec<usize> { n.iter().map(|&n| n as usize).collect() };
            let (name, start, shape) = (entry.name.as_str(), usizes(start), usizes(shape));
            macro_rules! numbers {
                ($type:ty) => {{
                    let read = file.read_array::<$type>(name, start, shape);
                    let read = Handle::current().block_on(read)?;
                    let values: Vec<$type> = read.iter().cloned().collect();
                    Elements::Fixed {
                        width: size_of::<$type>(),
                        bytes: <$type as $theirs::ArrayElement>::encode_chunk(&values),
                    }
                }};
            }
            macro_rules! texts {
                ($type:ty) => {{
                    let read = file.read_array::<$type>(name, start, shape);
                    let read = Handle::current().block_on(read)?;
                    Elements::Variable(read.iter().map(|v| Bytes::from(v.clone())).collect())
                }};
            }
            Ok(match &entry.dtype {
                DType::Int8 => numbers!(i8),
                DType::Int16 => numbers!(i16),
                DType::Int32 => numbers!(i32),
                DType::Int64 => numbers!(i64),
                DType::UInt8 => numbers!(u8),
                DType::UInt16 => numbers!(u16),
                DType::UInt32 => numbers!(u32),
                DType::UInt64 => numbers!(u64),
                DType::Float32 => numbers!(f32),
                DType::Float64 => numbers!(f64),
                DType::TimestampNs => numbers!($theirs::TimestampNs),
                DType::String => texts!(String),
                DType::Binary => texts!(Vec<u8>),
                other => bail!("{other:?} cannot be read by that version"),
            })
        }
    };
}

/// Whether a version can read elements of a type: bool and lists have no Rust type there.
pub fn is_readable(dtype: &array_format::DType) -> bool {
    use array_format::DType as D;
    !matches!(dtype, D::Bool | D::List { .. } | D::FixedSizeList { .. })
}

pub(super) use conversions;
