//! Attributes: from the command line, as cells, and the names of their types.

use array_format::AttributeValue;
use serde_json::Value;

use crate::cells::Cell;

/// The value of an attribute, from text: JSON if it is some, else the text itself.
pub fn parse(text: &str) -> Result<AttributeValue, String> {
    match serde_json::from_str(text) {
        Err(_) => Ok(AttributeValue::String(text.to_owned())),
        Ok(value) => from_json(&value),
    }
}

/// The value that JSON of other programs stands for; objects, and lists of several types, are kept as
/// text.
pub fn from_foreign_json(value: &Value) -> AttributeValue {
    from_json(value).unwrap_or_else(|_| AttributeValue::String(value.to_string()))
}

fn from_json(value: &Value) -> Result<AttributeValue, String> {
    match value {
        Value::Bool(v) => Ok(AttributeValue::Bool(*v)),
        Value::String(v) => Ok(AttributeValue::String(v.clone())),
        Value::Number(v) => Ok(number(v)),
        Value::Array(items) => list(items),
        Value::Null | Value::Object(_) => Err(
            "attributes are numbers, texts, true or false, and lists of one of these; \
             for a text put it in double quotes"
                .to_owned(),
        ),
    }
}

fn number(number: &serde_json::Number) -> AttributeValue {
    match (number.as_i64(), number.as_u64()) {
        (Some(whole), _) => AttributeValue::Int64(whole),
        (None, Some(whole)) => AttributeValue::UInt64(whole),
        (None, None) => AttributeValue::Float64(number.as_f64().unwrap_or(f64::NAN)),
    }
}

fn list(items: &[Value]) -> Result<AttributeValue, String> {
    /// All items as `take` takes them, or nothing.
    fn all<T>(items: &[Value], take: impl Fn(&Value) -> Option<T>) -> Option<Vec<T>> {
        items.iter().map(take).collect()
    }
    if items.is_empty() {
        return Err("an empty list has no type; give it an item".to_owned());
    }
    let texts = || all(items, |v| v.as_str().map(str::to_owned)).map(AttributeValue::StringList);
    let whole = || all(items, Value::as_i64).map(AttributeValue::Int64List);
    let numbers = || all(items, Value::as_f64).map(AttributeValue::Float64List);
    let truths = || all(items, Value::as_bool).map(AttributeValue::BoolList);
    texts()
        .or_else(whole)
        .or_else(numbers)
        .or_else(truths)
        .ok_or_else(|| "the items of a list must be of one type".to_owned())
}

/// The value as a cell; lists as lists.
pub fn cell(value: &AttributeValue) -> Cell {
    use AttributeValue as A;
    fn list<T>(items: &[T], cell: impl Fn(&T) -> Cell) -> Cell {
        Cell::List(items.iter().map(cell).collect())
    }
    match value {
        A::Bool(v) => Cell::Bool(*v),
        A::Int8(v) => Cell::Int((*v).into()),
        A::Int16(v) => Cell::Int((*v).into()),
        A::Int32(v) => Cell::Int((*v).into()),
        A::Int64(v) => Cell::Int(*v),
        A::UInt8(v) => Cell::UInt((*v).into()),
        A::UInt16(v) => Cell::UInt((*v).into()),
        A::UInt32(v) => Cell::UInt((*v).into()),
        A::UInt64(v) => Cell::UInt(*v),
        A::Float32(v) => Cell::Single(*v),
        A::Float64(v) => Cell::Double(*v),
        A::String(v) => Cell::Text(v.clone()),
        A::Binary(v) => Cell::Bytes(v.clone()),
        A::BoolList(v) => list(v, |&v| Cell::Bool(v)),
        A::Int8List(v) => list(v, |&v| Cell::Int(v.into())),
        A::Int16List(v) => list(v, |&v| Cell::Int(v.into())),
        A::Int32List(v) => list(v, |&v| Cell::Int(v.into())),
        A::Int64List(v) => list(v, |&v| Cell::Int(v)),
        A::UInt8List(v) => list(v, |&v| Cell::UInt(v.into())),
        A::UInt16List(v) => list(v, |&v| Cell::UInt(v.into())),
        A::UInt32List(v) => list(v, |&v| Cell::UInt(v.into())),
        A::UInt64List(v) => list(v, |&v| Cell::UInt(v)),
        A::Float32List(v) => list(v, |&v| Cell::Single(v)),
        A::Float64List(v) => list(v, |&v| Cell::Double(v)),
        A::StringList(v) => list(v, |v| Cell::Text(v.clone())),
        A::BinaryList(v) => list(v, |v| Cell::Bytes(v.clone())),
    }
}

/// The type of the value, or of its items, as `ncdump` names it.
pub fn cdl_type(value: &AttributeValue) -> &'static str {
    use AttributeValue as A;
    match value {
        A::Bool(_) | A::BoolList(_) => "bool",
        A::Int8(_) | A::Int8List(_) => "byte",
        A::Int16(_) | A::Int16List(_) => "short",
        A::Int32(_) | A::Int32List(_) => "int",
        A::Int64(_) | A::Int64List(_) => "int64",
        A::UInt8(_) | A::UInt8List(_) => "ubyte",
        A::UInt16(_) | A::UInt16List(_) => "ushort",
        A::UInt32(_) | A::UInt32List(_) => "uint",
        A::UInt64(_) | A::UInt64List(_) => "uint64",
        A::Float32(_) | A::Float32List(_) => "float",
        A::Float64(_) | A::Float64List(_) => "double",
        A::String(_) | A::StringList(_) => "string",
        A::Binary(_) | A::BinaryList(_) => "opaque",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_json_or_text() {
        assert_eq!(parse("degC"), Ok("degC".into()));
        assert_eq!(parse("\"12\""), Ok("12".into()));
        assert_eq!(parse("12"), Ok(AttributeValue::Int64(12)));
        assert_eq!(parse("0.5"), Ok(AttributeValue::Float64(0.5)));
        assert_eq!(
            parse("18446744073709551615"),
            Ok(AttributeValue::UInt64(u64::MAX))
        );
        assert_eq!(parse("[1, 2]"), Ok(AttributeValue::Int64List(vec![1, 2])));
        assert_eq!(
            parse("[1, 2.5]"),
            Ok(AttributeValue::Float64List(vec![1.0, 2.5]))
        );
        assert_eq!(
            parse("[\"a\"]"),
            Ok(AttributeValue::StringList(vec!["a".to_owned()]))
        );
        for wrong in ["[]", "[1, \"a\"]", "{}", "null"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
