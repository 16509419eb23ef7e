//! Elements without a Rust type: what is read in parts can be written in parts.

use array_format::element::Elements;
use array_format::{ArraySpec, DType, Error, List};
use ndarray::{ArrayD, IxDyn};

use crate::support::*;

/// Copies an array in boxes, and compares the two.
async fn copy<T: array_format::ArrayElement + PartialEq + std::fmt::Debug>(
    place: &Place,
    value: impl Fn(usize) -> T,
) {
    let mut file = place.create().await;
    let shape = [5usize, 7, 6];
    let spec = |chunk: [u64; 3]| ArraySpec::new(T::dtype(), shape.map(|n| n as u64)).chunks(chunk);
    file.create_array("from", spec([2, 3, 4])).unwrap();
    file.create_array("to", spec([3, 2, 5])).unwrap();
    let number = |i: IxDyn| value(i[0] * 42 + i[1] * 6 + i[2]);
    let data = ArrayD::from_shape_fn(IxDyn(&shape), number);
    file.write_array("from", vec![0; 3], data.view())
        .await
        .unwrap();
    for (start, extent) in [
        ([0, 0, 0], [5, 4, 6]),
        ([0, 4, 0], [5, 3, 2]),
        ([0, 4, 2], [5, 3, 4]),
    ] {
        let (start, extent) = (start.to_vec(), extent.to_vec());
        let (_, elements) = file
            .read_elements("from", start.clone(), extent.clone())
            .await
            .unwrap();
        file.write_elements("to", start, extent, &elements)
            .await
            .unwrap();
    }
    file.flush().await.unwrap();
    let there = file.read_array::<T>("to", vec![], vec![]).await.unwrap();
    assert!(there == data);
}

#[tokio::test]
async fn elements_of_every_width_are_copied() {
    let place = Place::new();
    copy(&place, |i| i as u8).await;
    copy(&place, |i| i as f64 / 3.0).await;
    copy(&place, |i| [i as i16, -1, 7]).await;
    copy(&place, |i| "x".repeat(i % 11)).await;
    copy(&place, |i| List(vec![i as i32; i % 4])).await;
}

#[tokio::test]
async fn elements_that_do_not_fit_are_refused() {
    let place = Place::new();
    let mut file = place.create().await;
    for (name, dtype) in [
        ("number", DType::Int32),
        ("bool", DType::Bool),
        ("text", DType::String),
    ] {
        file.create_array(name, ArraySpec::new(dtype, [2])).unwrap();
    }
    let fixed = |width: usize, bytes: &[u8]| Elements::Fixed {
        width,
        bytes: bytes.to_vec(),
    };
    let texts = |texts: &[&'static [u8]]| {
        let texts = texts.iter().map(|text| (*text).into());
        Elements::Variable(texts.collect())
    };
    for (name, elements) in [
        ("number", fixed(4, &[0; 4])),
        ("number", fixed(4, &[0; 12])),
        ("number", fixed(8, &[0; 16])),
        ("number", fixed(0, &[])),
        ("number", texts(&[b"a", b"b"])),
        ("bool", fixed(1, &[1, 2])),
        ("text", texts(&[b"a"])),
        ("text", texts(&[b"a", b"\xff"])),
        ("text", fixed(1, &[1, 2])),
    ] {
        let refused = file.write_elements(name, vec![0], vec![2], &elements).await;
        assert!(
            matches!(refused, Err(Error::InvalidArgument(_))),
            "{name} {elements:?}: {refused:?}"
        );
    }
    let over = file
        .write_elements("number", vec![1], vec![2], &fixed(4, &[0; 8]))
        .await;
    assert!(matches!(over, Err(Error::InvalidArgument(_))), "{over:?}");
    let none = file
        .write_elements("nothing", vec![0], vec![2], &fixed(4, &[0; 8]))
        .await;
    assert!(matches!(none, Err(Error::ArrayNotFound { .. })), "{none:?}");
    let numbers = file.read_array::<i32>("number", vec![], vec![]).await;
    assert_eq!(numbers.unwrap().as_slice(), Some(&[0, 0][..]));
}
