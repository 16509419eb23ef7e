//! The parts of an element that have a type of ours.

use array_format::bytes::Bytes;
use array_format::element::Elements;
use array_format::{AttributeValue, DType};
use hdf5_reader::messages::datatype::{CompoundField, EnumMember, StringPadding, StringSize};
use hdf5_reader::{ByteOrder, Dataset, Datatype};

/// A part of each element of a data set.
pub struct Part {
    /// What follows the name of the data set: nothing, or the path of a field.
    pub name: String,
    pub dtype: DType,
    /// The axes within an element.
    pub inner: Vec<u64>,
    /// What its numbers mean.
    pub attributes: Vec<(String, AttributeValue)>,
    /// Where it begins within an element.
    at: usize,
    kind: Kind,
}

#[derive(Clone, Copy)]
enum Kind {
    /// Numbers of so many bytes, in this order.
    Numbers(usize, ByteOrder),
    /// A text of so many bytes.
    Text(usize, StringPadding),
    /// Bytes without a meaning.
    Opaque(usize),
}

/// The parts of a data set, and the fields that have no counterpart, with the reason.
pub fn of(dataset: &Dataset) -> (Vec<Part>, Vec<(String, String)>) {
    let mut found = Found {
        width: dataset.raw_element_size().unwrap_or(0),
        has_ieee_halves: has_ieee_halves(dataset),
        parts: Vec::new(),
        refused: Vec::new(),
    };
    found.divide(dataset.dtype(), String::new(), 0);
    (found.parts, found.refused)
}

/// Whether each field of such a data set is an array of its own.
pub fn is_divided(datatype: &Datatype) -> bool {
    matches!(datatype, Datatype::Compound { fields, .. } if complex(fields).is_none())
}

/// Whether floats of two bytes are IEEE's, and not bfloat16, say: the stored type tells where their
/// bits are (HDF5's file format, datatype message).
fn has_ieee_halves(dataset: &Dataset) -> bool {
    // After class, version, flags and size: bit offset, precision, exponent's place and size, mantissa's.
    let is_half = |float: &[u8]| float[0] & 0x0f == 1 && float[4..12] == [2, 0, 0, 0, 0, 0, 16, 0];
    let is_other = |float: &[u8]| is_half(float) && float[12..16] != [10, 5, 0, 10];
    let stored = dataset.raw_datatype();
    stored.is_ok_and(|stored| !stored.windows(16).any(is_other))
}

struct Found {
    /// Bytes of an element.
    width: usize,
    has_ieee_halves: bool,
    parts: Vec<Part>,
    refused: Vec<(String, String)>,
}

impl Found {
    fn divide(&mut self, datatype: &Datatype, name: String, at: usize) {
        if let (Datatype::Compound { fields, .. }, true) = (datatype, is_divided(datatype)) {
            if fields.is_empty() {
                self.refused
                    .push((name, "a type without fields".to_owned()));
                return;
            }
            for field in fields {
                let name = format!("{name}/{}", field.name.replace('/', "_"));
                let at = at.saturating_add(field.byte_offset as usize);
                self.divide(&field.datatype, name, at);
            }
            return;
        }
        let part = leaf(datatype).and_then(|(dtype, kind, inner, attributes)| {
            if dtype == DType::Float16 && !self.has_ieee_halves {
                return Err("floats of two bytes that are not IEEE's");
            }
            let part = Part {
                name: name.clone(),
                dtype,
                inner,
                attributes,
                at,
                kind,
            };
            let end = part.bytes().and_then(|bytes| at.checked_add(bytes));
            match end.is_some_and(|end| end <= self.width) {
                true => Ok(part),
                false => Err("it reaches beyond its element"),
            }
        });
        match part {
            Ok(part) => self.parts.push(part),
            Err(why) => self.refused.push((name, why.to_owned())),
        }
    }
}

type Leaf = (DType, Kind, Vec<u64>, Vec<(String, AttributeValue)>);

fn leaf(datatype: &Datatype) -> Result<Leaf, &'static str> {
    let simple = |dtype, kind| Ok((dtype, kind, Vec::new(), Vec::new()));
    match datatype {
        Datatype::FixedPoint {
            size,
            signed,
            byte_order,
        } => {
            let dtype = integer(*size, *signed).ok_or("integers of an unusual width")?;
            simple(dtype, Kind::Numbers(usize::from(*size), *byte_order))
        }
        Datatype::Bitfield { size, byte_order } => {
            let dtype = integer(*size, false).ok_or("bits of an unusual width")?;
            simple(dtype, Kind::Numbers(usize::from(*size), *byte_order))
        }
        Datatype::FloatingPoint { size, byte_order } => {
            let dtype = match size {
                2 => DType::Float16,
                4 => DType::Float32,
                8 => DType::Float64,
                _ => return Err("floats of an unusual width"),
            };
            simple(dtype, Kind::Numbers(usize::from(*size), *byte_order))
        }
        Datatype::String {
            size: StringSize::Fixed(n),
            padding,
            ..
        } => simple(DType::String, Kind::Text(*n as usize, *padding)),
        Datatype::Opaque { size, .. } => simple(DType::Binary, Kind::Opaque(*size as usize)),
        Datatype::Compound { fields, .. } => {
            let (dtype, size, order) = complex(fields).ok_or("a compound within an array")?;
            simple(dtype, Kind::Numbers(size, order))
        }
        Datatype::Enum { base, members } => {
            let (dtype, kind, inner, mut attributes) = leaf(base)?;
            let Kind::Numbers(_, order) = kind else {
                return Err("an enumeration without numbers");
            };
            if is_truth(&dtype, members) {
                return Ok((DType::Bool, kind, inner, attributes));
            }
            attributes.extend(flags(members, order, is_signed(&dtype)));
            Ok((dtype, kind, inner, attributes))
        }
        Datatype::Array { base, dims } => {
            let (dtype, kind, inner, attributes) = leaf(base)?;
            Ok((dtype, kind, [&dims[..], &inner].concat(), attributes))
        }
        Datatype::Reference { .. } => Err("references have no counterpart"),
        _ => Err("texts and lists of any length within a compound"),
    }
}

fn integer(size: u8, signed: bool) -> Option<DType> {
    Some(match (size, signed) {
        (1, true) => DType::Int8,
        (2, true) => DType::Int16,
        (4, true) => DType::Int32,
        (8, true) => DType::Int64,
        (1, false) => DType::UInt8,
        (2, false) => DType::UInt16,
        (4, false) => DType::UInt32,
        (8, false) => DType::UInt64,
        _ => return None,
    })
}

/// A complex number as h5py and others store it: two floats that follow each other.
fn complex(fields: &[CompoundField]) -> Option<(DType, usize, ByteOrder)> {
    let [re, im] = fields else { return None };
    let named = matches!(
        (re.name.as_str(), im.name.as_str()),
        ("r", "i") | ("re", "im") | ("real", "imag")
    );
    let Datatype::FloatingPoint { size, byte_order } = re.datatype else {
        return None;
    };
    let follows = re.byte_offset == 0 && im.byte_offset == u32::from(size);
    if !named || re.datatype != im.datatype || !follows {
        return None;
    }
    match size {
        4 => Some((DType::Complex64, 4, byte_order)),
        8 => Some((DType::Complex128, 8, byte_order)),
        _ => None,
    }
}

/// Whether an enumeration is what h5py makes of truth values.
fn is_truth(dtype: &DType, members: &[EnumMember]) -> bool {
    let is = |name, value: u8| {
        let mut same = members.iter().filter(|m| m.name == name);
        same.any(|m| m.value == [value])
    };
    *dtype == DType::Int8 && members.len() == 2 && is("FALSE", 0) && is("TRUE", 1)
}

fn is_signed(dtype: &DType) -> bool {
    matches!(
        dtype,
        DType::Int8 | DType::Int16 | DType::Int32 | DType::Int64
    )
}

/// The members of an enumeration as CF's flags.
fn flags(members: &[EnumMember], order: ByteOrder, signed: bool) -> Vec<(String, AttributeValue)> {
    let number = |member: &EnumMember| {
        let mut bytes = member.value.clone();
        if order == ByteOrder::BigEndian {
            bytes.reverse();
        }
        let sign = if signed && bytes.last()? & 0x80 != 0 {
            0xff
        } else {
            0
        };
        bytes.resize(8, sign);
        Some(i64::from_le_bytes(bytes.try_into().ok()?))
    };
    let names: Vec<String> = members.iter().map(|m| m.name.replace(' ', "_")).collect();
    let values = members.iter().filter_map(number).collect();
    vec![
        ("flag_values".to_owned(), AttributeValue::Int64List(values)),
        ("flag_meanings".to_owned(), names.join(" ").into()),
    ]
}

impl Part {
    /// Its bytes within an element.
    fn bytes(&self) -> Option<usize> {
        let cell = match self.kind {
            Kind::Numbers(..) => self.dtype.element_size()?,
            Kind::Text(n, _) | Kind::Opaque(n) => n,
        };
        let inner = self.inner.iter().try_fold(1u64, |n, &m| n.checked_mul(m))?;
        usize::try_from(inner).ok()?.checked_mul(cell)
    }

    /// The part of each element, of elements of `width` bytes; nothing if they are cut short.
    pub fn elements(&self, stored: &[u8], width: usize) -> Option<Elements> {
        let inner = self.inner.iter().product::<u64>() as usize;
        if width == 0 {
            return None;
        }
        let each = stored.chunks_exact(width);
        Some(match self.kind {
            Kind::Numbers(lane, order) => {
                let element = self.dtype.element_size()?;
                let mut bytes = Vec::with_capacity(each.len() * inner * element);
                for whole in each {
                    bytes.extend_from_slice(whole.get(self.at..self.at + inner * element)?);
                }
                if order == ByteOrder::BigEndian {
                    bytes.chunks_exact_mut(lane).for_each(<[u8]>::reverse);
                }
                Elements::Fixed {
                    width: element,
                    bytes,
                }
            }
            Kind::Text(n, padding) => Elements::Variable(self.cells(each, n, inner, |text| {
                let text = String::from_utf8_lossy(trimmed(text, padding)).into_owned();
                Bytes::from(text)
            })?),
            Kind::Opaque(n) => {
                Elements::Variable(self.cells(each, n, inner, Bytes::copy_from_slice)?)
            }
        })
    }

    fn cells<'b>(
        &self,
        each: impl Iterator<Item = &'b [u8]>,
        n: usize,
        inner: usize,
        cell: impl Fn(&[u8]) -> Bytes,
    ) -> Option<Vec<Bytes>> {
        let mut cells = Vec::new();
        for whole in each {
            let part = whole.get(self.at..self.at + n * inner)?;
            match n {
                0 => cells.extend((0..inner).map(|_| Bytes::new())),
                n => cells.extend(part.chunks_exact(n).map(&cell)),
            }
        }
        Some(cells)
    }
}

/// A text without what fills it up.
fn trimmed(text: &[u8], padding: StringPadding) -> &[u8] {
    match padding {
        StringPadding::NullTerminate => text.split(|&byte| byte == 0).next().unwrap_or(text),
        StringPadding::NullPad => without(text, 0),
        StringPadding::SpacePad => without(text, b' '),
    }
}

fn without(text: &[u8], fill: u8) -> &[u8] {
    let end = text.iter().rposition(|&byte| byte != fill);
    &text[..end.map_or(0, |last| last + 1)]
}
