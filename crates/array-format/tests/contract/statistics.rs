//! Statistics.

use array_format::{ArrayFile, ArrayStats, FillValue, StatValue, TimestampNs};

use crate::support::*;

#[tokio::test]
async fn there_after_flush_after_compact_and_on_open() {
    let place = Place::new();
    let mut file = place.create().await;
    assert!(file.stats().is_none());
    define::<i32>(&mut file, "a", &[2], &[], None);
    write(&mut file, "a", &[0], &[2], [1, 2]).await;
    assert!(file.stats().is_none());
    assert!(file.array_stats("a").is_none());

    file.flush().await.unwrap();
    assert!(file.stats().unwrap().get_array("a").is_some());
    assert_eq!(file.stats().unwrap().entries().len(), 1);
    assert_eq!(place.open().await.stats().unwrap().arrays.len(), 1);
    file.compact().await.unwrap();
    assert_eq!(stats(&file, "a").max, Some(StatValue::Int(2)));
    assert_eq!(stats(&place.open().await, "a").max, Some(StatValue::Int(2)));
    assert!(file.array_stats("b").is_none());
    assert!(file.stats().unwrap().get_array("b").is_none());
}

#[tokio::test]
async fn unflushed_writes_do_not_show() {
    let place = Place::new();
    let mut file = place.create().await;
    define::<i32>(&mut file, "a", &[2], &[], None);
    write(&mut file, "a", &[0], &[2], [1, 2]).await;
    file.flush().await.unwrap();
    write(&mut file, "a", &[0], &[2], [10, 20]).await;
    define::<i32>(&mut file, "b", &[2], &[], None);
    assert_eq!(stats(&file, "a").max, Some(StatValue::Int(2)));
    assert!(file.array_stats("b").is_none());
    file.flush().await.unwrap();
    assert_eq!(stats(&file, "a").max, Some(StatValue::Int(20)));
    assert_eq!(stats(&file, "b").null_count, 2);
}

/// What one array of `shape` says after `values` were written to its first elements.
async fn of<T: array_format::ArrayElement>(
    fill: Option<FillValue>,
    len: usize,
    values: impl Into<Vec<T>>,
) -> ArrayStats {
    let place = Place::new();
    let mut file = place.create().await;
    define::<T>(&mut file, "a", &[len], &[2], fill);
    let values = values.into();
    let count = values.len();
    write(&mut file, "a", &[0], &[count], values).await;
    file.flush().await.unwrap();
    let flushed = stats(&file, "a").clone();
    file.compact().await.unwrap();
    for file in [file, place.open().await] {
        let later = stats(&file, "a");
        assert_eq!(later.min, flushed.min);
        assert_eq!(later.max, flushed.max);
        assert_eq!(later.null_count, flushed.null_count);
        assert_eq!(later.row_count, flushed.row_count);
    }
    flushed
}

fn is(stats: &ArrayStats, min: Option<StatValue>, max: Option<StatValue>, nulls: u64, rows: u64) {
    assert_eq!(stats.name, "a");
    assert_eq!(stats.min, min);
    assert_eq!(stats.max, max);
    assert_eq!(stats.null_count, nulls, "null_count");
    assert_eq!(stats.row_count, rows, "row_count");
}

#[tokio::test]
async fn each_dtype_has_its_kind() {
    use StatValue::*;
    macro_rules! numbers {
        ($($t:ty, $kind:ident;)*) => {$(
            let s = of::<$t>(None, 4, [3 as $t, 1 as $t, 2 as $t, 3 as $t]).await;
            is(&s, Some($kind(1 as _)), Some($kind(3 as _)), 0, 4);
        )*};
    }
    numbers! {
        i8, Int; i16, Int; i32, Int; i64, Int;
        u8, UInt; u16, UInt; u32, UInt; u64, UInt;
        f32, Float; f64, Float;
    }
    let s = of::<i64>(None, 2, [i64::MIN, i64::MAX]).await;
    is(&s, Some(Int(i64::MIN)), Some(Int(i64::MAX)), 0, 2);
    let s = of::<u64>(None, 1, [u64::MAX]).await;
    is(&s, Some(UInt(u64::MAX)), Some(UInt(u64::MAX)), 0, 1);

    let text = ["b", "a", "aa", "ü"].map(str::to_owned);
    let s = of::<String>(Some(FillValue::String("?".into())), 4, text).await;
    is(&s, Some(Bytes(b"a".into())), Some(Bytes("ü".into())), 0, 4);
    let s = of::<Vec<u8>>(None, 3, [vec![0xFF], vec![1, 2], vec![1]]).await;
    is(&s, Some(Bytes(vec![1])), Some(Bytes(vec![0xFF])), 0, 3);
    let times = [5, -7].map(array_format::TimestampNs::new);
    let s = of::<array_format::TimestampNs>(None, 2, times).await;
    is(
        &s,
        Some(StatValue::TimestampNs(-7)),
        Some(StatValue::TimestampNs(5)),
        0,
        2,
    );
}

#[tokio::test]
async fn row_count_is_the_product_of_the_shape() {
    let mut file = Place::new().create().await;
    for (name, shape, rows) in [
        ("scalar", &[][..], 1),
        ("plane", &[3, 4], 12),
        ("empty", &[3, 0], 0),
    ] {
        define::<u8>(&mut file, name, shape, &[], None);
        file.flush().await.unwrap();
        assert_eq!(stats(&file, name).row_count, rows, "{name}");
        assert_eq!(stats(&file, name).null_count, rows, "{name}");
    }
}

#[tokio::test]
async fn fill_values_count_as_null_and_are_no_extremes() {
    let s = of(Some(FillValue::Int(-1)), 5, [-1, 4, -1, 2, 9]).await;
    is(&s, Some(StatValue::Int(2)), Some(StatValue::Int(9)), 2, 5);
    let s = of(Some(FillValue::Int(100)), 2, [100i8, 100]).await;
    is(&s, None, None, 2, 2);
    let s = of(Some(FillValue::Float(-1e10)), 2, [-1e10f32, 3.0]).await;
    is(
        &s,
        Some(StatValue::Float(3.0)),
        Some(StatValue::Float(3.0)),
        1,
        2,
    );
}

#[tokio::test]
async fn elements_never_written_are_null_even_without_a_fill() {
    let s = of(None, 7, [4, 5]).await;
    is(&s, Some(StatValue::Int(4)), Some(StatValue::Int(5)), 5, 7);
}

#[tokio::test]
async fn without_a_fill_a_written_zero_is_a_value() {
    let s = of(None, 4, [0u16, 0, 7, 7]).await;
    is(&s, Some(StatValue::UInt(0)), Some(StatValue::UInt(7)), 0, 4);
}

#[tokio::test]
async fn defined_but_never_written_is_all_null() {
    for fill in [None, Some(FillValue::Int(3))] {
        let s = of::<i32>(fill, 6, []).await;
        is(&s, None, None, 6, 6);
    }
}

#[tokio::test]
async fn trap_nan_never_becomes_a_min_or_max() {
    let nan = f64::NAN;
    for values in [
        [nan, 1.0, 2.0],
        [1.0, nan, 2.0],
        [1.0, 2.0, nan],
        [2.0, -nan, 1.0],
    ] {
        let s = of(None, 3, values).await;
        is(
            &s,
            Some(StatValue::Float(1.0)),
            Some(StatValue::Float(2.0)),
            0,
            3,
        );
    }
    let s = of(None, 2, [nan, nan]).await;
    is(&s, None, None, 0, 2);
    let s = of(Some(FillValue::Float(0.0)), 3, [f32::NAN, 0.0, -5.0]).await;
    is(
        &s,
        Some(StatValue::Float(-5.0)),
        Some(StatValue::Float(-5.0)),
        1,
        3,
    );
}

#[tokio::test]
async fn trap_a_nan_fill_matches_every_nan() {
    let odd = f64::from_bits(0xFFF8_0000_0000_0042);
    let s = of(
        Some(FillValue::Float(f64::NAN)),
        6,
        [1.0, f64::NAN, odd, 3.0],
    )
    .await;
    is(
        &s,
        Some(StatValue::Float(1.0)),
        Some(StatValue::Float(3.0)),
        4,
        6,
    );
    let s = of(Some(FillValue::Float(f64::NAN)), 2, [f32::NAN, -f32::NAN]).await;
    is(&s, None, None, 2, 2);
}

#[tokio::test]
async fn trap_fill_and_statistics_agree_on_which_fills_apply() {
    use FillValue as F;
    let seven = |stats: ArrayStats| (stats.min, stats.null_count);
    let of_ints = [F::Int(7), F::UInt(7), F::Float(7.0)];
    for fill in of_ints {
        let s = of(Some(fill.clone()), 4, [7i32, 8]).await;
        assert_eq!(seven(s), (Some(StatValue::Int(8)), 3), "{fill:?} for i32");
        let s = of(Some(fill.clone()), 4, [7u64, 8]).await;
        assert_eq!(seven(s), (Some(StatValue::UInt(8)), 3), "{fill:?} for u64");
        let s = of(Some(fill.clone()), 4, [7f32, 8.0]).await;
        assert_eq!(
            seven(s),
            (Some(StatValue::Float(8.0)), 3),
            "{fill:?} for f32"
        );
    }
    let s = of(Some(F::Bool(true)), 4, [1u8, 8]).await;
    assert_eq!(seven(s), (Some(StatValue::UInt(8)), 3), "Bool for u8");
    for fill in [F::Int(7), F::TimestampNs(7)] {
        let s = of(Some(fill.clone()), 4, [TimestampNs(7), TimestampNs(8)]).await;
        let expected = (Some(StatValue::TimestampNs(8)), 3);
        assert_eq!(seven(s), expected, "{fill:?} for timestamps");
    }
    let words = ["x".to_owned(), "y".to_owned()];
    let s = of(Some(F::String("x".into())), 4, words).await;
    assert_eq!(seven(s), (Some(StatValue::Bytes(b"y".into())), 3));
    // The nearest f32 of the fill is the fill.
    let s = of(Some(F::Float(-999.9)), 2, [-999.9f32, 1.0]).await;
    assert_eq!(seven(s), (Some(StatValue::Float(1.0)), 1));
}

#[tokio::test]
async fn after_overwrites_only_the_new_values_count() {
    let place = Place::new();
    let mut file = place.create().await;
    define::<i32>(&mut file, "a", &[6], &[2], Some(FillValue::Int(0)));
    write(&mut file, "a", &[0], &[6], [100, -100, 3, 4, 5, 6]).await;
    file.flush().await.unwrap();
    write(&mut file, "a", &[0], &[1], [1]).await;
    write(&mut file, "a", &[1], &[1], [0]).await;
    file.flush().await.unwrap();
    let check = |file: &ArrayFile| {
        let (min, max) = (StatValue::Int(1), StatValue::Int(6));
        is(stats(file, "a"), Some(min), Some(max), 1, 6);
    };
    check(&file);
    let mut file = place.open().await;
    check(&file);
    file.compact().await.unwrap();
    check(&file);
}

#[tokio::test]
async fn after_a_delete_there_is_no_entry_at_once() {
    let place = Place::new();
    let mut file = place.create().await;
    for name in ["a", "b"] {
        define::<u8>(&mut file, name, &[1], &[], None);
    }
    file.flush().await.unwrap();
    file.delete("a").unwrap();
    assert!(file.array_stats("a").is_none());
    if let Some(all) = file.stats() {
        assert!(all.get_array("a").is_none());
        assert_eq!(all.entries().len(), 1);
    }
    file.flush().await.unwrap();
    let reopened = place.open().await;
    assert!(reopened.array_stats("a").is_none());
    assert!(reopened.array_stats("b").is_some());
}

#[tokio::test]
async fn trap_a_redefined_array_has_no_statistics_of_the_old_one() {
    let place = Place::new();
    let mut file = place.create().await;
    define::<i32>(&mut file, "a", &[2], &[], None);
    write(&mut file, "a", &[0], &[2], [1000, -1000]).await;
    file.flush().await.unwrap();
    file.delete("a").unwrap();
    define::<f32>(&mut file, "a", &[3], &[1], None);
    assert!(file.array_stats("a").is_none());
    write(&mut file, "a", &[0], &[1], [2.0f32]).await;
    file.flush().await.unwrap();
    let expected = Some(StatValue::Float(2.0));
    let reopened = place.open().await;
    is(stats(&reopened, "a"), expected.clone(), expected, 2, 3);
}

#[tokio::test]
async fn trap_data_and_statistics_are_one_commit() {
    let place = Place::new();
    let mut file = place.create().await;
    define::<i64>(&mut file, "a", &[4], &[2], None);
    for n in 1..=4 {
        write(&mut file, "a", &[0], &[4], [n; 4]).await;
        file.flush().await.unwrap();
        let reader = place.open().await;
        let value = all::<i64>(&reader, "a").await[0];
        assert_eq!(stats(&reader, "a").min, Some(StatValue::Int(value)));
        assert_eq!(value, n);
    }
}

#[tokio::test]
async fn an_array_that_a_layer_does_not_touch_keeps_its_statistics() {
    let place = Place::new();
    let mut file = place.create().await;
    define::<i32>(&mut file, "a", &[1], &[], None);
    write(&mut file, "a", &[0], &[1], [5]).await;
    file.flush().await.unwrap();
    let mut file = place.open().await;
    define::<i32>(&mut file, "b", &[1], &[], None);
    file.flush().await.unwrap();
    for file in [file, place.open().await] {
        assert_eq!(stats(&file, "a").min, Some(StatValue::Int(5)));
        assert_eq!(stats(&file, "b").null_count, 1);
    }
}
