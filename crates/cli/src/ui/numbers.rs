//! Numbers as one reads them.

/// A number with its thousands apart: `42,164`.
pub fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A size in the unit that suits it: `640 B`, `25.2 kB`, `1.58 MB`.
pub fn bytes(n: u64) -> String {
    let size = n as f64;
    match n {
        0..1_000 => format!("{n} B"),
        1_000..1_000_000 => format!("{:.1} kB", size / 1e3),
        1_000_000..1_000_000_000 => format!("{:.2} MB", size / 1e6),
        1_000_000_000..1_000_000_000_000 => format!("{:.2} GB", size / 1e9),
        _ => format!("{:.2} TB", size / 1e12),
    }
}

/// Extents: `12 × 31 × 33`, or `scalar`.
pub fn extents(shape: &[u64]) -> String {
    if shape.is_empty() {
        return "scalar".to_owned();
    }
    let extents: Vec<String> = shape.iter().map(u64::to_string).collect();
    extents.join(" × ")
}

/// How much smaller: `3.59`; nothing where nothing is stored.
pub fn ratio(raw: u64, stored: u64) -> String {
    match stored {
        0 => "–".to_owned(),
        _ => format!("{:.2}", raw as f64 / stored as f64),
    }
}

/// `1 array`, `2 arrays`.
pub fn many(n: u64, what: &str) -> String {
    format!("{} {what}{}", count(n), if n == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_readable() {
        assert_eq!(count(0), "0");
        assert_eq!(count(999), "999");
        assert_eq!(count(1_000), "1,000");
        assert_eq!(count(42_164_000), "42,164,000");
        assert_eq!(bytes(999), "999 B");
        assert_eq!(bytes(25_200), "25.2 kB");
        assert_eq!(extents(&[]), "scalar");
        assert_eq!(extents(&[2, 3]), "2 × 3");
        assert_eq!(ratio(10, 0), "–");
        assert_eq!(many(1, "array"), "1 array");
        assert_eq!(many(1_000, "array"), "1,000 arrays");
    }
}
