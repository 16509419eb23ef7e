//! Attributes and names.

use array_format::AttributeValue;

use crate::script::{Script, def};

fn attribute_values() -> Vec<(&'static str, AttributeValue)> {
    use AttributeValue as A;
    let text = |s: &str| s.to_owned();
    vec![
        ("bool", A::Bool(true)),
        ("int8", A::Int8(i8::MIN)),
        ("int16", A::Int16(i16::MIN)),
        ("int32", A::Int32(i32::MIN)),
        ("int64", A::Int64(i64::MIN)),
        ("uint8", A::UInt8(u8::MAX)),
        ("uint16", A::UInt16(u16::MAX)),
        ("uint32", A::UInt32(u32::MAX)),
        ("uint64", A::UInt64(u64::MAX)),
        ("float32", A::Float32(-0.0)),
        ("float32 NaN", A::Float32(f32::NAN)),
        ("float64", A::Float64(0.1)),
        ("float64 infinity", A::Float64(f64::NEG_INFINITY)),
        ("string", A::String(text("grüße \"q\" \\ \n 🌊"))),
        ("string empty", A::String(text(""))),
        ("binary", A::Binary(vec![0, 255, 7])),
        ("binary empty", A::Binary(vec![])),
        ("bools", A::BoolList(vec![true, false])),
        ("int8s", A::Int8List(vec![1, -1])),
        ("int16s", A::Int16List(vec![1, -1])),
        ("int32s", A::Int32List(vec![1, -1])),
        ("int64s", A::Int64List(vec![1, -1])),
        ("uint8s", A::UInt8List(vec![1, 2])),
        ("uint16s", A::UInt16List(vec![1, 2])),
        ("uint32s", A::UInt32List(vec![1, 2])),
        ("uint64s", A::UInt64List(vec![1, u64::MAX])),
        ("float32s", A::Float32List(vec![1.5, f32::NAN])),
        ("float64s", A::Float64List(vec![-1.5, f64::MAX])),
        (
            "strings",
            A::StringList(vec![text("a"), text(""), text("日本")]),
        ),
        ("binaries", A::BinaryList(vec![vec![], vec![1], vec![2, 3]])),
        ("no strings", A::StringList(vec![])),
        ("no numbers", A::Float64List(vec![])),
        ("long", A::String("0123456789".repeat(1000))),
    ]
}

pub async fn attributes(s: &mut Script) {
    for name in ["first", "second", "third"] {
        s.define(name, def::<u8>(&[]));
    }
    for (key, value) in attribute_values() {
        s.set("first", key, value.clone());
        s.set_file(key, value.clone());
        if key != "long" {
            s.set("second", key, value);
        }
    }
    s.set("third", "", "the empty key");
    s.set("third", "ключ 🔑", 1i32);
    s.flush().await;
    s.set("first", "bool", "another type");
    s.unset("first", "int8");
    s.unset("second", "strings");
    s.unset_file("uint8");
    s.flush().await;
}

pub async fn names(s: &mut Script) {
    let long = "n".repeat(1000);
    for name in [
        " ",
        ".",
        "a/b/c",
        "naïve",
        "日本語",
        "🌊🌊",
        "quote\"\\",
        "tab\tnul\0",
        "layer.1.af",
        &long,
    ] {
        s.define(name, def::<u8>(&[2]).dimensions(&["größe 📏"]));
        s.fill(name, vec![1u8, 2]).await;
    }
    s.define(
        "dimensions",
        def::<u8>(&[1, 1, 1]).dimensions(&["", "same", "same"]),
    );
    s.flush().await;
}
