//! `define_array` and `delete`.

use array_format::{DType, Error, FileConfig, FillValue, NoCompression, TimestampNs, ZstdCodec};
use object_store::path::Path;

use crate::support::*;

#[tokio::test]
async fn metadata_say_what_was_defined() {
    let place = Place::new();
    let mut file = place.create().await;
    let names = vec!["time".to_owned(), "depth".to_owned()];
    let fill = FillValue::Float(-1e10);
    file.define_array::<f32>(
        "TEMP",
        names.clone(),
        vec![12, 20],
        Some(vec![5, 7]),
        Some(fill.clone()),
    )
    .unwrap();
    place
        .through_life(file, async |file, stage| {
            assert!(file.get_array("TEMP").is_ok(), "{stage}");
            let meta = meta(file, "TEMP");
            assert_eq!(meta.name, "TEMP");
            assert_eq!(meta.dtype, DType::Float32);
            assert_eq!(extents(&meta.shape), [12, 20]);
            assert_eq!(extents(&meta.chunk_shape), [5, 7]);
            assert_eq!(meta.dimension_names, names);
            assert_eq!(meta.fill_value, Some(fill.clone()));
            assert!(format!("{meta:?}").contains("TEMP"));
        })
        .await;
}

#[tokio::test]
async fn no_chunk_shape_is_one_chunk_over_the_whole() {
    let mut file = Place::new().create().await;
    define::<u8>(&mut file, "a", &[4, 6], &[], None);
    assert_eq!(extents(&meta(&file, "a").chunk_shape), [4, 6]);
    assert_eq!(meta(&file, "a").fill_value, None);
}

#[tokio::test]
async fn dimension_names_of_another_length_become_numbered() {
    let place = Place::new();
    let mut file = place.create().await;
    for (name, given) in [("none", 0), ("few", 1), ("many", 3)] {
        let given = vec!["x".to_owned(); given];
        file.define_array::<u8>(name, given, vec![2, 2], None, None)
            .unwrap();
    }
    place
        .through_life(file, async |file, stage| {
            for name in ["none", "few", "many"] {
                let meta = meta(file, name);
                assert_eq!(meta.dimension_names, ["dim0", "dim1"], "{name}, {stage}");
            }
        })
        .await;
}

#[tokio::test]
async fn trap_scalars_have_rank_zero_and_one_element() {
    let place = Place::new();
    let mut file = place.create().await;
    define::<f64>(&mut file, "written", &[], &[], None);
    define::<f64>(
        &mut file,
        "unwritten",
        &[],
        &[],
        Some(FillValue::Float(7.5)),
    );
    define::<String>(&mut file, "text", &[], &[], None);
    write(&mut file, "written", &[], &[], [1.25]).await;
    write(&mut file, "text", &[], &[], ["hello".to_owned()]).await;
    place
        .through_life(file, async |file, stage| {
            assert_eq!(all::<f64>(file, "written").await, [1.25], "{stage}");
            assert_eq!(all::<f64>(file, "unwritten").await, [7.5], "{stage}");
            assert_eq!(all::<String>(file, "text").await, ["hello"], "{stage}");
            let read = file.read_array::<f64>("written", vec![], vec![]).await;
            assert_eq!(read.unwrap().ndim(), 0);
            assert!(meta(file, "written").shape.is_empty());
            assert!(meta(file, "written").dimension_names.is_empty());
        })
        .await;
}

#[tokio::test]
async fn a_scalar_with_an_empty_chunk_shape_works() {
    let mut file = Place::new().create().await;
    file.define_array::<i8>("a", vec![], vec![], Some(vec![]), None)
        .unwrap();
    write(&mut file, "a", &[], &[], [3i8]).await;
    assert_eq!(all::<i8>(&file, "a").await, [3]);
}

#[tokio::test]
async fn a_visible_name_is_taken() {
    let place = Place::new();
    let mut file = place.create().await;
    define::<u8>(&mut file, "a", &[1], &[], None);
    let again = |file: &mut _| try_define::<f64>(file, "a", &[2], &[], None);
    assert_err!(again(&mut file), Error::ArrayAlreadyExists { name: _ });
    file.flush().await.unwrap();
    assert_err!(again(&mut file), Error::ArrayAlreadyExists { name: _ });
    let mut file = place.open().await;
    assert_err!(again(&mut file), Error::ArrayAlreadyExists { name: _ });
    assert_eq!(meta(&file, "a").dtype, DType::UInt8);
}

/// `old` (i32, 4 elements, chunks of 2, all 9) committed in one layer, overwritten in another.
async fn old_array(place: &Place) -> array_format::ArrayFile {
    let mut file = place.create().await;
    define::<i32>(&mut file, "a", &[4], &[2], None);
    write(&mut file, "a", &[0], &[4], [9; 4]).await;
    file.set_attribute("a", "old", array_format::AttributeValue::Bool(true))
        .unwrap();
    file.flush().await.unwrap();
    write(&mut file, "a", &[0], &[1], [8]).await;
    file.flush().await.unwrap();
    file
}

#[tokio::test]
async fn trap_delete_then_redefine_never_resurfaces_old_chunks() {
    let place = Place::new();
    let mut file = old_array(&place).await;
    file.delete("a").unwrap();
    define::<i32>(&mut file, "a", &[4], &[2], None);
    write(&mut file, "a", &[0], &[1], [1]).await;
    place
        .through_life(file, async |file, stage| {
            assert_eq!(all::<i32>(file, "a").await, [1, 0, 0, 0], "{stage}");
            assert_eq!(file.get_attribute("a", "old").unwrap(), None, "{stage}");
        })
        .await;
}

#[tokio::test]
async fn trap_delete_then_redefine_with_another_shape_and_dtype() {
    let place = Place::new();
    let mut file = old_array(&place).await;
    file.delete("a").unwrap();
    define::<f64>(
        &mut file,
        "a",
        &[3, 3],
        &[2, 2],
        Some(FillValue::Float(0.5)),
    );
    place
        .through_life(file, async |file, stage| {
            assert_eq!(meta(file, "a").dtype, DType::Float64, "{stage}");
            assert_eq!(all::<f64>(file, "a").await, [0.5; 9], "{stage}");
        })
        .await;
}

#[tokio::test]
async fn trap_delete_then_redefine_in_a_later_session() {
    let place = Place::new();
    let mut file = old_array(&place).await;
    file.delete("a").unwrap();
    file.flush().await.unwrap();
    let mut file = place.open().await;
    define::<i32>(&mut file, "a", &[4], &[2], None);
    file.flush().await.unwrap();
    let mut file = place.open().await;
    assert_eq!(all::<i32>(&file, "a").await, [0; 4]);
    write(&mut file, "a", &[3], &[1], [4]).await;
    place
        .through_life(file, async |file, stage| {
            assert_eq!(all::<i32>(file, "a").await, [0, 0, 0, 4], "{stage}");
            assert_eq!(file.get_attribute("a", "old").unwrap(), None, "{stage}");
        })
        .await;
}

#[tokio::test]
async fn trap_delete_then_redefine_of_what_was_never_flushed() {
    let place = Place::new();
    let mut file = place.create().await;
    define::<i32>(&mut file, "a", &[2], &[], None);
    write(&mut file, "a", &[0], &[2], [9, 9]).await;
    file.delete("a").unwrap();
    assert!(file.list_arrays().is_empty());
    define::<u8>(&mut file, "a", &[3], &[], None);
    place
        .through_life(file, async |file, stage| {
            assert_eq!(all::<u8>(file, "a").await, [0; 3], "{stage}");
        })
        .await;
}

#[tokio::test]
async fn trap_delete_and_redefine_many_times_over() {
    let place = Place::new();
    let mut file = old_array(&place).await;
    for round in 1..=4 {
        file.delete("a").unwrap();
        define::<i32>(&mut file, "a", &[4], &[2], None);
        write(&mut file, "a", &[round - 1], &[1], [round as i32]).await;
        file.flush().await.unwrap();
        let mut expected = [0; 4];
        expected[round - 1] = round as i32;
        assert_eq!(all::<i32>(&place.open().await, "a").await, expected);
    }
}

#[tokio::test]
async fn trap_a_deleted_array_stays_deleted_through_compaction() {
    let place = Place::new();
    let mut file = old_array(&place).await;
    file.delete("a").unwrap();
    place
        .through_life(file, async |file, stage| {
            assert!(file.list_arrays().is_empty(), "{stage}");
            let read = file.read_array::<i32>("a", vec![], vec![]).await;
            assert_err!(read, Error::ArrayNotFound { name: _ });
        })
        .await;
}

#[tokio::test]
async fn deleting_what_is_not_there_is_not_found() {
    let mut file = old_array(&Place::new()).await;
    assert_err!(file.delete("b"), Error::ArrayNotFound { name: _ });
    file.delete("a").unwrap();
    assert_err!(file.delete("a"), Error::ArrayNotFound { name: _ });
}

#[tokio::test]
async fn a_chunk_larger_than_the_shape_works() {
    let place = Place::new();
    let mut file = place.create().await;
    define::<i16>(&mut file, "a", &[3, 2], &[10, 10], None);
    write(&mut file, "a", &[0, 0], &[3, 2], [1i16, 2, 3, 4, 5, 6]).await;
    place
        .through_life(file, async |file, stage| {
            assert_eq!(all::<i16>(file, "a").await, [1, 2, 3, 4, 5, 6], "{stage}");
        })
        .await;
}

#[tokio::test]
async fn a_chunk_larger_than_the_block_target_works() {
    let (store, path) = (new_store(), Path::from("x.af"));
    let small = FileConfig {
        block_target_size: 64,
        ..FileConfig::new(NoCompression)
    };
    let mut file = array_format::ArrayFile::create(store.clone(), path.clone(), small)
        .await
        .unwrap();
    let values: Vec<i64> = (0..1000).collect();
    define::<i64>(&mut file, "large", &[1000], &[], None);
    define::<i64>(&mut file, "some", &[1000], &[300], None);
    write(&mut file, "large", &[0], &[1000], values.clone()).await;
    write(&mut file, "some", &[0], &[1000], values.clone()).await;
    let place = Place { store, path };
    place
        .through_life(file, async |file, stage| {
            for name in ["large", "some"] {
                assert_eq!(all::<i64>(file, name).await, values, "{name}, {stage}");
                let part = region::<i64>(file, name, &[299], &[3]).await;
                assert_eq!(part, [299, 300, 301], "{name}, {stage}");
            }
        })
        .await;
}

#[tokio::test]
async fn trap_a_wrong_chunk_shape_is_an_error_at_definition() {
    let mut file = Place::new().create().await;
    for (shape, chunk) in [
        (&[4, 4][..], &[2][..]),
        (&[4, 4], &[2, 2, 2]),
        (&[], &[1]),
        (&[4], &[0]),
        (&[4, 4], &[2, 0]),
    ] {
        let result = try_define::<u8>(&mut file, "a", shape, chunk, None);
        assert!(result.is_err(), "{shape:?} in chunks of {chunk:?}");
        assert!(file.list_arrays().is_empty(), "nothing was defined");
    }
    let none = file.define_array::<u8>("a", vec![], vec![4], Some(vec![]), None);
    assert!(none.is_err(), "a chunk of rank 0 for an axis");
    define::<u8>(&mut file, "a", &[4], &[2], None);
}

#[tokio::test]
async fn trap_zero_length_axes_give_empty_reads_and_take_empty_writes() {
    let place = Place::new();
    let mut file = place.create().await;
    for (name, shape, chunk) in [
        ("whole", &[0][..], &[][..]),
        ("middle", &[3, 0, 2], &[]),
        ("chunked", &[4, 0], &[2, 3]),
        ("zero chunk", &[4, 0], &[2, 0]),
    ] {
        define::<f32>(&mut file, name, shape, chunk, None);
        let start = vec![0; shape.len()];
        write::<f32>(&mut file, name, &start, shape, []).await;
    }
    place
        .through_life(file, async |file, stage| {
            for (name, shape) in [
                ("whole", &[0][..]),
                ("middle", &[3, 0, 2]),
                ("chunked", &[4, 0]),
                ("zero chunk", &[4, 0]),
            ] {
                let read = file.read_array::<f32>(name, vec![], vec![]).await.unwrap();
                assert_eq!(read.shape(), shape, "{name}, {stage}");
                let start = vec![0; shape.len()];
                assert!(region::<f32>(file, name, &start, shape).await.is_empty());
                assert!(!extents(&meta(file, name).shape).is_empty());
            }
        })
        .await;
}

#[tokio::test]
async fn trap_shapes_past_2_to_the_32() {
    let place = Place::new();
    let mut file = place.create().await;
    let zero = Some(FillValue::UInt(0));
    define::<u8>(&mut file, "line", &[5_000_000_000], &[100_000], zero);
    define::<i16>(
        &mut file,
        "plane",
        &[3_000_000, 4_000_000],
        &[100, 100],
        Some(FillValue::Int(-5)),
    );
    // Positions that agree in their lower 32 bits.
    write(&mut file, "line", &[4_999_999_998], &[2], [1u8, 2]).await;
    write(&mut file, "line", &[705_032_702], &[2], [3u8, 4]).await;
    write(
        &mut file,
        "plane",
        &[2_999_999, 3_999_998],
        &[1, 2],
        [6i16, 7],
    )
    .await;
    place
        .through_life(file, async |file, stage| {
            let end = region::<u8>(file, "line", &[4_999_999_996], &[4]).await;
            assert_eq!(end, [0, 0, 1, 2], "{stage}");
            let low = region::<u8>(file, "line", &[705_032_701], &[4]).await;
            assert_eq!(low, [0, 3, 4, 0], "{stage}");
            let corner = region::<i16>(file, "plane", &[2_999_998, 3_999_997], &[2, 3]).await;
            assert_eq!(corner, [-5, -5, -5, -5, 6, 7], "{stage}");
            assert_eq!(extents(&meta(file, "line").shape), [5_000_000_000]);
            assert_eq!(extents(&meta(file, "plane").shape), [3_000_000, 4_000_000]);
            if stage == "pending" {
                return;
            }
            assert_eq!(stats(file, "line").row_count, 5_000_000_000);
            assert_eq!(stats(file, "line").null_count, 5_000_000_000 - 4);
            assert_eq!(stats(file, "plane").row_count, 12_000_000_000_000);
            assert_eq!(stats(file, "plane").null_count, 12_000_000_000_000 - 2);
        })
        .await;
}

#[tokio::test]
async fn trap_a_write_over_a_border_past_2_to_the_32() {
    let place = Place::new();
    let mut file = place.create().await;
    let border = 1 << 32;
    define::<u32>(&mut file, "a", &[border + 10], &[1000], None);
    write(&mut file, "a", &[border - 2], &[4], [1u32, 2, 3, 4]).await;
    place
        .through_life(file, async |file, stage| {
            let around = region::<u32>(file, "a", &[border - 3], &[6]).await;
            assert_eq!(around, [0, 1, 2, 3, 4, 0], "{stage}");
            assert_eq!(
                region::<u32>(file, "a", &[0], &[3]).await,
                [0; 3],
                "{stage}"
            );
        })
        .await;
}

#[tokio::test]
async fn trap_unicode_and_odd_names_come_back() {
    let place = Place::new();
    let mut file = place.create().await;
    let odd = [
        "温度",
        "Température °C",
        "🌊",
        "a/b/c",
        "with space",
        "..",
        "new\nline",
        "e\u{301}",
        "\u{e9}",
        "A",
        "a",
    ];
    for (name, value) in odd.iter().zip(1u8..) {
        file.define_array::<u8>(*name, vec![format!("{name} axis")], vec![1], None, None)
            .unwrap();
        write(&mut file, name, &[0], &[1], [value]).await;
    }
    place
        .through_life(file, async |file, stage| {
            assert_eq!(file.list_arrays().len(), odd.len(), "{stage}");
            for (name, value) in odd.iter().zip(1u8..) {
                assert_eq!(all::<u8>(file, name).await, [value], "{name}, {stage}");
                let axis = format!("{name} axis");
                assert_eq!(meta(file, name).dimension_names, [axis], "{stage}");
            }
        })
        .await;
}

#[tokio::test]
async fn trap_a_fill_that_does_not_fit_the_dtype_is_an_error_at_definition() {
    let mut file = Place::new().create().await;
    macro_rules! refused {
        ($($t:ty, $kind:ident($($value:tt)+);)*) => {$(
            let fill = Some(FillValue::$kind($($value)+));
            let result = try_define::<$t>(&mut file, "a", &[2], &[], fill);
            assert!(result.is_err(), "{} as a fill of {}", stringify!($kind($($value)+)), stringify!($t));
        )*};
    }
    refused! {
        u8, Int(-1);
        u8, Int(256);
        u8, UInt(256);
        i8, Int(128);
        i8, Float(1000.0);
        i16, UInt(40_000);
        u32, Int(i64::MIN);
        u64, Int(-1);
        i64, UInt(u64::MAX);
        i32, Float(f64::NAN);
        i32, Float(f64::INFINITY);
        i32, String("1".into());
        f32, String("1".into());
        f64, TimestampNs(1);
        String, Int(1);
        String, Float(1.0);
        TimestampNs, String("now".into());
    }
    assert!(file.list_arrays().is_empty());
}

#[tokio::test]
async fn every_dtype_can_be_defined() {
    let place = Place::new();
    let mut file = place.create().await;
    macro_rules! each {
        ($($t:ty, $dtype:ident;)*) => {
            $(define::<$t>(&mut file, stringify!($dtype), &[2], &[], None);)*
            file.flush().await.unwrap();
            let file = place.open().await;
            $(assert_eq!(meta(&file, stringify!($dtype)).dtype, DType::$dtype);)*
        };
    }
    each! {
        i8, Int8; i16, Int16; i32, Int32; i64, Int64;
        u8, UInt8; u16, UInt16; u32, UInt32; u64, UInt64;
        f32, Float32; f64, Float64;
        String, String; Vec<u8>, Binary; TimestampNs, TimestampNs;
    }
}

#[tokio::test]
async fn ten_thousand_arrays_in_one_flush() {
    let (store, path) = (new_store(), Path::from("x.af"));
    let config = FileConfig::new(ZstdCodec::default());
    let mut file = array_format::ArrayFile::create(store.clone(), path.clone(), config)
        .await
        .unwrap();
    for n in 0..10_000u32 {
        let name = format!("profile {n}");
        define::<u32>(&mut file, &name, &[3], &[], None);
        write(&mut file, &name, &[0], &[3], [n, n + 1, n + 2]).await;
    }
    file.flush().await.unwrap();
    let file = Place { store, path }.open().await;
    assert_eq!(file.list_arrays().len(), 10_000);
    for n in [0, 1, 4_999, 9_999] {
        let name = format!("profile {n}");
        assert_eq!(all::<u32>(&file, &name).await, [n, n + 1, n + 2]);
    }
}
