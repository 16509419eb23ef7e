//! Many small arrays with twenty attributes each, a realistic mix of repeated and distinct values.

/// Values of each array.
pub const VALUES: usize = 4;

pub enum Attribute {
    Text(String),
    Float(f32),
    Int(i32),
}

pub fn name(i: usize) -> String {
    format!("profile_{i:06}")
}

pub fn attributes(i: usize) -> impl Iterator<Item = (String, Attribute)> {
    (0..20).map(move |k| {
        let value = match k % 4 {
            0 => Attribute::Text("degrees Celsius".into()),
            1 => Attribute::Float(i as f32 * 0.01 + k as f32),
            2 => Attribute::Text(format!("platform {}", i * 31 % 50)),
            _ => Attribute::Int((i / 7) as i32),
        };
        (format!("key_{k:02}"), value)
    })
}

/// The array and the key that [`Peer::first_attribute`](super::Peer::first_attribute) asks for.
pub fn first(n: usize) -> (String, &'static str) {
    (name(n / 2), "key_02")
}

pub fn values(i: usize) -> [f32; VALUES] {
    [0.0, 1.0, 2.0, i as f32]
}

/// The attribute of the predicate, and what it asks.
pub const KEY: &str = "key_03";
pub fn asked(value: i32) -> bool {
    value % 10 == 3
}
