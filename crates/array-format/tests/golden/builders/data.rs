//! Data that builders put in.

/// Numbers that look like data: a slope with noise, the same in every release.
pub fn noise(n: usize) -> impl Iterator<Item = i64> {
    let mut state = 1u32;
    (0..n as i64).map(move |i| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        3 * i + i64::from(state >> 28) - 20
    })
}

pub fn ints(n: usize) -> Vec<i32> {
    noise(n).map(|v| v as i32).collect()
}

pub fn text(values: &[&str]) -> Vec<String> {
    values.iter().map(|&v| v.to_owned()).collect()
}
