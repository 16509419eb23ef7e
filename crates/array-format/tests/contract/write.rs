//! `write_array`.

use array_format::{ArrayFile, DType, Error, FillValue};
use ndarray::{ArrayD, Axis, IxDyn, s};

use crate::support::*;

/// `a`: i32, (5, 7) in chunks of (2, 3), so the last row and column of chunks are ragged.
async fn ragged(place: &Place) -> ArrayFile {
    let mut file = place.create().await;
    define::<i32>(&mut file, "a", &[5, 7], &[2, 3], Some(FillValue::Int(-1)));
    file
}

/// Writes regions into the file and into an `ndarray`; the two agree in every state.
async fn agrees(place: Place, mut file: ArrayFile, flush_between: bool) {
    let mut model = ArrayD::from_elem(IxDyn(&[5, 7]), -1);
    for (n, (start, shape)) in [
        ([0, 0], [5, 7]),
        ([1, 1], [3, 4]),
        ([4, 0], [1, 7]),
        ([0, 6], [5, 1]),
        ([2, 3], [2, 3]),
        ([3, 2], [1, 1]),
    ]
    .into_iter()
    .enumerate()
    {
        let count = (shape[0] * shape[1]) as i32;
        let values: Vec<i32> = (0..count).map(|v| v + 100 * n as i32).collect();
        let data = array(&shape, values);
        let [r, c] = start;
        model
            .slice_mut(s![r..r + shape[0], c..c + shape[1]])
            .assign(&data);
        file.write_array("a", start.to_vec(), data.view())
            .await
            .unwrap();
        assert_eq!(all::<i32>(&file, "a").await, model.as_slice().unwrap());
        if flush_between {
            file.flush().await.unwrap();
        }
    }
    place
        .through_life(file, async |file, stage| {
            let read = all::<i32>(file, "a").await;
            assert_eq!(read, model.as_slice().unwrap(), "{stage}");
        })
        .await;
}

#[tokio::test]
async fn trap_ragged_edge_chunks_and_unaligned_regions() {
    let place = Place::new();
    let file = ragged(&place).await;
    agrees(place, file, false).await;
}

#[tokio::test]
async fn trap_ragged_edge_chunks_over_several_layers() {
    let place = Place::new();
    let file = ragged(&place).await;
    agrees(place, file, true).await;
}

#[tokio::test]
async fn a_partial_chunk_is_merged_over_the_fill() {
    let place = Place::new();
    let mut file = ragged(&place).await;
    write(&mut file, "a", &[4, 6], &[1, 1], [5]).await;
    place
        .through_life(file, async |file, stage| {
            let corner = region::<i32>(file, "a", &[3, 5], &[2, 2]).await;
            assert_eq!(corner, [-1, -1, -1, 5], "{stage}");
        })
        .await;
}

#[tokio::test]
async fn trap_partial_writes_over_unflushed_chunks() {
    let place = Place::new();
    let mut file = place.create().await;
    define::<i32>(&mut file, "a", &[6], &[4], None);
    write(&mut file, "a", &[0], &[6], [1, 2, 3, 4, 5, 6]).await;
    write(&mut file, "a", &[3], &[2], [40, 50]).await;
    write(&mut file, "a", &[4], &[1], [51]).await;
    place
        .through_life(file, async |file, stage| {
            assert_eq!(all::<i32>(file, "a").await, [1, 2, 3, 40, 51, 6], "{stage}");
        })
        .await;
}

#[tokio::test]
async fn trap_partial_writes_over_chunks_of_several_layers() {
    let place = Place::new();
    let mut file = place.create().await;
    define::<i32>(&mut file, "a", &[4], &[], None);
    for n in 0..4 {
        write(&mut file, "a", &[n], &[1], [n as i32 + 1]).await;
        file.flush().await.unwrap();
        file = place.open().await;
    }
    write(&mut file, "a", &[0], &[1], [10]).await;
    assert_eq!(all::<i32>(&file, "a").await, [10, 2, 3, 4]);
    file.flush().await.unwrap();
    assert_eq!(all::<i32>(&place.open().await, "a").await, [10, 2, 3, 4]);
}

#[tokio::test]
async fn an_overwrite_in_a_later_layer_wins() {
    let place = Place::new();
    let mut file = ragged(&place).await;
    for value in [1, 2, 3] {
        write(&mut file, "a", &[0, 0], &[5, 7], [value; 35]).await;
        file.flush().await.unwrap();
        assert_eq!(all::<i32>(&place.open().await, "a").await, [value; 35]);
    }
}

#[tokio::test]
async fn checks_the_name_first_then_the_dtype() {
    let mut file = ragged(&Place::new()).await;
    // Everything else is wrong too.
    let unknown = try_write::<f64>(&mut file, "b", &[9, 9, 9], &[1], [0.0]).await;
    assert_err!(unknown, Error::ArrayNotFound { name: _ });
    let dtype = try_write::<f64>(&mut file, "a", &[9, 9, 9], &[1], [0.0]).await;
    assert_err!(
        dtype,
        Error::DTypeMismatch {
            expected: DType::Int32,
            actual: DType::Float64
        }
    );
}

#[tokio::test]
async fn a_wrong_rank_is_an_error() {
    let mut file = ragged(&Place::new()).await;
    define::<i32>(&mut file, "scalar", &[], &[], None);
    for (name, start, shape) in [
        ("a", &[0][..], &[1, 1][..]),
        ("a", &[0, 0, 0], &[1, 1]),
        ("a", &[0, 0], &[1]),
        ("a", &[0, 0], &[1, 1, 1]),
        ("a", &[], &[1, 1]),
        ("a", &[], &[]),
        ("scalar", &[0], &[]),
        ("scalar", &[], &[1]),
        ("scalar", &[0], &[1]),
    ] {
        let result = try_write(&mut file, name, start, shape, [1]).await;
        assert!(result.is_err(), "{name} at {start:?} with {shape:?}");
    }
    assert_eq!(all::<i32>(&file, "a").await, [-1; 35]);
}

#[tokio::test]
async fn any_overhang_is_an_error_and_nothing_is_applied() {
    let place = Place::new();
    let mut file = ragged(&place).await;
    for (start, shape) in [
        ([0, 0], [6, 7]),
        ([0, 0], [5, 8]),
        ([4, 6], [2, 1]),
        ([4, 6], [1, 2]),
        ([5, 0], [1, 1]),
        ([usize::MAX, 0], [2, 1]),
        ([0, usize::MAX], [1, 2]),
        ([usize::MAX, usize::MAX], [1, 1]),
    ] {
        let count = shape[0] * shape[1];
        let result = try_write(&mut file, "a", &start, &shape, vec![7; count]).await;
        assert!(result.is_err(), "{start:?} with {shape:?}");
        assert_eq!(all::<i32>(&file, "a").await, [-1; 35]);
    }
    file.flush().await.unwrap();
    assert_eq!(all::<i32>(&place.open().await, "a").await, [-1; 35]);
}

#[tokio::test]
async fn trap_an_empty_region_of_an_array_with_elements_is_taken() {
    let mut file = ragged(&Place::new()).await;
    write::<i32>(&mut file, "a", &[0, 0], &[0, 7], []).await;
    write::<i32>(&mut file, "a", &[5, 7], &[0, 0], []).await;
    assert_eq!(all::<i32>(&file, "a").await, [-1; 35]);
}

#[tokio::test]
async fn views_in_any_memory_order_work() {
    let place = Place::new();
    let mut file = place.create().await;
    for name in ["transposed", "reversed", "strided", "broadcast"] {
        define::<i32>(&mut file, name, &[2, 3], &[2, 2], None);
    }
    let wide = array(&[3, 2], (0..6).collect::<Vec<i32>>());
    let transposed = wide.t();
    file.write_array("transposed", vec![0, 0], transposed)
        .await
        .unwrap();

    let mut reversed = array(&[2, 3], (0..6).collect::<Vec<i32>>());
    reversed.invert_axis(Axis(0));
    reversed.invert_axis(Axis(1));
    file.write_array("reversed", vec![0, 0], reversed.view())
        .await
        .unwrap();

    let large = array(&[4, 6], (0..24).collect::<Vec<i32>>());
    let strided = large.slice(s![..;2, ..;2]);
    file.write_array("strided", vec![0, 0], strided.into_dyn())
        .await
        .unwrap();

    let row = array(&[3], [7, 8, 9]);
    let broadcast = row.broadcast(IxDyn(&[2, 3])).unwrap();
    file.write_array("broadcast", vec![0, 0], broadcast)
        .await
        .unwrap();

    place
        .through_life(file, async |file, stage| {
            for (name, expected) in [
                ("transposed", [0, 2, 4, 1, 3, 5]),
                ("reversed", [5, 4, 3, 2, 1, 0]),
                ("strided", [0, 2, 4, 12, 14, 16]),
                ("broadcast", [7, 8, 9, 7, 8, 9]),
            ] {
                assert_eq!(all::<i32>(file, name).await, expected, "{name}, {stage}");
            }
        })
        .await;
}

#[tokio::test]
async fn variable_length_elements_are_merged_too() {
    let place = Place::new();
    let mut file = place.create().await;
    define::<String>(&mut file, "text", &[5], &[2], None);
    define::<Vec<u8>>(&mut file, "bytes", &[3], &[2], None);
    let words = ["one", "", "drei ßü", "四", "five"].map(str::to_owned);
    write(&mut file, "text", &[0], &[5], words).await;
    file.flush().await.unwrap();
    write(
        &mut file,
        "text",
        &[1],
        &[2],
        ["2".into(), "long ".repeat(100)],
    )
    .await;
    write(
        &mut file,
        "bytes",
        &[1],
        &[2],
        [vec![0xFF, 0, 0xFE], vec![]],
    )
    .await;
    place
        .through_life(file, async |file, stage| {
            let text = all::<String>(file, "text").await;
            let long = "long ".repeat(100);
            assert_eq!(text, ["one", "2", &long, "四", "five"], "{stage}");
            let bytes = all::<Vec<u8>>(file, "bytes").await;
            assert_eq!(bytes, [vec![], vec![0xFF, 0, 0xFE], vec![]], "{stage}");
        })
        .await;
}

#[tokio::test]
async fn trap_an_overwrite_with_the_fill_value_hides_what_was_there() {
    let place = Place::new();
    let mut file = ragged(&place).await;
    write(&mut file, "a", &[0, 0], &[5, 7], [3; 35]).await;
    file.flush().await.unwrap();
    write(&mut file, "a", &[0, 0], &[2, 3], [-1; 6]).await;
    place
        .through_life(file, async |file, stage| {
            let read = region::<i32>(file, "a", &[0, 0], &[2, 4]).await;
            assert_eq!(read, [-1, -1, -1, 3, -1, -1, -1, 3], "{stage}");
        })
        .await;
}
