//! `read_array`.

use array_format::{ArrayFile, DType, Error, FillValue};
use ndarray::{ArcArray, IxDyn};

use crate::support::*;

/// `a`: i32, (4, 5) in chunks of (3, 2), counting up; flushed and reopened.
async fn counting() -> ArrayFile {
    let place = Place::new();
    let mut file = place.create().await;
    define::<i32>(&mut file, "a", &[4, 5], &[3, 2], None);
    let values: Vec<i32> = (0..20).collect();
    write(&mut file, "a", &[0, 0], &[4, 5], values).await;
    file.flush().await.unwrap();
    place.open().await
}

#[tokio::test]
async fn the_result_is_owned_shared_and_in_c_order() {
    let file = counting().await;
    let read: ArcArray<i32, IxDyn> = file.read_array("a", vec![], vec![]).await.unwrap();
    drop(file);
    assert_eq!(
        read,
        array(&[4, 5], (0..20).collect::<Vec<i32>>()).into_shared()
    );
    assert_eq!(read[[2, 3]], 13);
    assert_eq!(read.as_slice().unwrap().len(), 20);
    assert!(read.is_standard_layout());
}

#[tokio::test]
async fn empty_start_and_shape_read_all() {
    let file = counting().await;
    assert_eq!(all::<i32>(&file, "a").await, (0..20).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_region_spans_chunks() {
    let file = counting().await;
    assert_eq!(
        region::<i32>(&file, "a", &[2, 1], &[2, 3]).await,
        [11, 12, 13, 16, 17, 18]
    );
    assert_eq!(region::<i32>(&file, "a", &[3, 4], &[1, 1]).await, [19]);
    assert_eq!(
        region::<i32>(&file, "a", &[0, 0], &[1, 5]).await,
        [0, 1, 2, 3, 4]
    );
    assert_eq!(
        region::<i32>(&file, "a", &[0, 4], &[4, 1]).await,
        [4, 9, 14, 19]
    );
}

#[tokio::test]
async fn an_empty_start_means_zeros() {
    let file = counting().await;
    assert_eq!(region::<i32>(&file, "a", &[], &[2, 2]).await, [0, 1, 5, 6]);
}

#[tokio::test]
async fn an_empty_shape_means_to_the_end() {
    let file = counting().await;
    let read = file
        .read_array::<i32>("a", vec![2, 3], vec![])
        .await
        .unwrap();
    assert_eq!(read.shape(), [2, 2]);
    assert_eq!(read.as_slice().unwrap(), [13, 14, 18, 19]);
}

#[tokio::test]
async fn a_region_past_the_edge_is_clamped() {
    let file = counting().await;
    for (start, shape, expected) in [
        (vec![3, 3], vec![10, 10], vec![1, 2]),
        (vec![0, 0], vec![usize::MAX, 1], vec![4, 1]),
        (vec![4, 0], vec![1, 1], vec![0, 1]),
        (vec![9, 0], vec![1, 5], vec![0, 5]),
        (vec![0, 7], vec![], vec![4, 0]),
        (vec![1, 1], vec![0, 2], vec![0, 2]),
    ] {
        let read = file
            .read_array::<i32>("a", start.clone(), shape.clone())
            .await
            .unwrap();
        assert_eq!(read.shape(), expected, "{start:?} {shape:?}");
    }
    let read = file.read_array::<i32>("a", vec![3, 3], vec![10, 10]).await;
    assert_eq!(read.unwrap().as_slice().unwrap(), [18, 19]);
}

#[tokio::test]
async fn trap_a_wrong_rank_is_an_error() {
    let mut file = counting().await;
    define::<i32>(&mut file, "scalar", &[], &[], None);
    for (name, start, shape) in [
        ("a", vec![0], vec![1, 1]),
        ("a", vec![0, 0], vec![1]),
        ("a", vec![0], vec![]),
        ("a", vec![], vec![1]),
        ("a", vec![0, 0, 0], vec![1, 1, 1]),
        ("a", vec![0], vec![1]),
        ("scalar", vec![0], vec![]),
        ("scalar", vec![], vec![1]),
    ] {
        let read = file
            .read_array::<i32>(name, start.clone(), shape.clone())
            .await;
        assert!(read.is_err(), "{name} {start:?} {shape:?}");
    }
}

#[tokio::test]
async fn trap_an_overflow_is_an_error() {
    let file = counting().await;
    for (start, shape) in [
        (vec![usize::MAX, 0], vec![1, 1]),
        (vec![1, 0], vec![usize::MAX, 1]),
        (vec![0, usize::MAX], vec![1, usize::MAX]),
    ] {
        let read = file
            .read_array::<i32>("a", start.clone(), shape.clone())
            .await;
        assert!(read.is_err(), "{start:?} {shape:?}");
    }
}

#[tokio::test]
async fn unwritten_elements_read_as_the_fill_element() {
    let place = Place::new();
    let mut file = place.create().await;
    define::<f32>(&mut file, "none", &[3], &[], None);
    define::<f32>(
        &mut file,
        "fill",
        &[3],
        &[2],
        Some(FillValue::Float(-999.9)),
    );
    define::<f64>(
        &mut file,
        "nan",
        &[3],
        &[],
        Some(FillValue::Float(f64::NAN)),
    );
    define::<String>(
        &mut file,
        "text",
        &[2],
        &[],
        Some(FillValue::String("?".into())),
    );
    define::<String>(&mut file, "no text", &[2], &[], None);
    define::<Vec<u8>>(&mut file, "bytes", &[2], &[], None);
    write(&mut file, "fill", &[1], &[1], [1.0f32]).await;
    write(&mut file, "text", &[1], &[1], ["x".to_owned()]).await;
    place
        .through_life(file, async |file, stage| {
            assert_eq!(all::<f32>(file, "none").await, [0.0; 3], "{stage}");
            assert_eq!(
                all::<f32>(file, "fill").await,
                [-999.9, 1.0, -999.9],
                "{stage}"
            );
            assert!(all::<f64>(file, "nan").await.iter().all(|v| v.is_nan()));
            assert_eq!(all::<String>(file, "text").await, ["?", "x"], "{stage}");
            assert_eq!(all::<String>(file, "no text").await, ["", ""], "{stage}");
            let empty: Vec<u8> = vec![];
            assert_eq!(all::<Vec<u8>>(file, "bytes").await, [empty.clone(), empty]);
        })
        .await;
}

#[tokio::test]
async fn a_wrong_dtype_and_an_unknown_name_are_told() {
    let file = counting().await;
    let wrong = file.read_array::<u32>("a", vec![], vec![]).await;
    assert_err!(
        wrong,
        Error::DTypeMismatch {
            expected: DType::Int32,
            actual: DType::UInt32
        }
    );
    let unknown = file.read_array::<i32>("b", vec![], vec![]).await;
    assert_err!(unknown, Error::ArrayNotFound { name: _ });
    assert_err!(file.get_array("b"), Error::ArrayNotFound { name: _ });
}

#[tokio::test]
async fn trap_bits_of_nan_and_minus_zero_come_back() {
    let place = Place::new();
    let mut file = place.create().await;
    define::<f64>(&mut file, "a", &[5], &[2], Some(FillValue::Float(f64::NAN)));
    let payload = f64::from_bits(0x7FF8_0000_0000_1234);
    let values = [
        payload,
        -0.0,
        f64::INFINITY,
        f64::MIN_POSITIVE / 2.0,
        -payload,
    ];
    write(&mut file, "a", &[0], &[5], values).await;
    place
        .through_life(file, async |file, stage| {
            let read = all::<f64>(file, "a").await;
            assert_eq!(read.map_bits(), values.to_vec().map_bits(), "{stage}");
        })
        .await;
}

trait Bits {
    fn map_bits(self) -> Vec<u64>;
}

impl Bits for Vec<f64> {
    fn map_bits(self) -> Vec<u64> {
        self.into_iter().map(f64::to_bits).collect()
    }
}

#[tokio::test]
async fn high_ranks_work() {
    let place = Place::new();
    let mut file = place.create().await;
    let shape = [2, 1, 3, 1, 2, 2];
    define::<u16>(&mut file, "a", &shape, &[1, 1, 2, 1, 2, 1], None);
    let values: Vec<u16> = (0..24).collect();
    write(&mut file, "a", &[0; 6], &shape, values.clone()).await;
    place
        .through_life(file, async |file, stage| {
            assert_eq!(all::<u16>(file, "a").await, values, "{stage}");
            let part = region::<u16>(file, "a", &[1, 0, 1, 0, 0, 1], &[1, 1, 2, 1, 2, 1]).await;
            assert_eq!(part, [17, 19, 21, 23], "{stage}");
        })
        .await;
}
