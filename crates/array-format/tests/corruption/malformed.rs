//! Files that are malformed beneath right checksums, by name.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use array_format::codec::CodecSpec;
use array_format::ndarray::{ArrayD, IxDyn};
use array_format::object_store::ObjectStoreExt;
use array_format::object_store::memory::InMemory;
use array_format::object_store::path::Path;
use array_format::{ArraySpec, DType, FillValue};
use array_format_core::wire::TRAILER_BYTES;
use futures::executor::block_on;

use crate::forge::{ARRAYS, ATTRIBUTES, Column, FRAMES, Forge, LAYERS, Page, STATISTICS};
use crate::state::{NAME, State, agrees, create, has_error, read};

/// Array `a`: i32 of shape 4 × 4 in chunks of 2 × 4 and tiles of 2 × 2; array `b`: 2 strings;
/// attribute `k` of both and of the file.
async fn sound() -> Vec<u8> {
    let store = Arc::new(InMemory::new());
    let mut file = create(&store).await;
    let a = ArraySpec::new(DType::Int32, [4, 4])
        .chunks([2, 4])
        .tile([2, 2]);
    let a = a.fill(FillValue::Int(-1)).attribute("k", 1i32);
    file.create_array("a", a).unwrap();
    let data = ArrayD::from_shape_vec(IxDyn(&[4, 4]), (0..16).collect::<Vec<i32>>()).unwrap();
    file.write_array("a", vec![0, 0], data.view())
        .await
        .unwrap();
    let b = ArraySpec::new(DType::String, [2]).codec(CodecSpec::zstd(1));
    file.create_array("b", b.attribute("k", "text")).unwrap();
    let data = ArrayD::from_shape_vec(IxDyn(&[2]), vec!["x".to_owned(), "yy".into()]).unwrap();
    file.write_array("b", vec![0], data.view()).await.unwrap();
    file.set_file_attribute("k", 2i32.into()).unwrap();
    file.compact().await.unwrap();
    let object = store.get(&Path::from(NAME)).await.unwrap();
    object.bytes().await.unwrap().to_vec()
}

/// What is done to a sound file.
enum Edit {
    Leaf(usize, fn(&mut Page)),
    Top(usize, fn(&mut Page)),
    /// After the addresses of children are known.
    Address(fn(&mut [Page; 5])),
    Root(fn(&mut Page)),
    Trailer(fn(&mut [u8; TRAILER_BYTES])),
    Any(fn(&mut Forge)),
}
use Edit::{Address, Any, Leaf, Root, Top, Trailer};

fn set_raw_u16(raw: &mut [u8], at: usize, value: u16) {
    raw[at..at + 2].copy_from_slice(&value.to_le_bytes());
}

fn set_raw_u32(raw: &mut [u8], at: usize, value: u32) {
    raw[at..at + 4].copy_from_slice(&value.to_le_bytes());
}

/// Puts levels of inner pages with many children, all of them the same page, over a leaf.
fn bomb(f: &mut Forge, levels: usize, children: usize) {
    let mut wide = f.tops[FRAMES].clone();
    for (id, column) in &mut wide.columns {
        if let Column::Ints(values) = column {
            // The array ids of keys rise; all else is equal.
            let first = values[0];
            *values = (0..children as u64)
                .map(|i| first + if *id == 1 { i } else { 0 })
                .collect();
            if *id == 3 {
                *values = vec![0; 2 * children];
            }
        }
    }
    f.inner[FRAMES] = vec![wide.clone(); levels - 1];
    f.tops[FRAMES] = wide;
    f.root.ints(7)[FRAMES] = levels as u64;
    f.root.ints(8)[FRAMES] = children as u64 * f.tops[FRAMES].ints(69)[0];
}

const CASES: &[(&str, Edit)] = &[
    // Pages.
    ("page of another kind", Leaf(ARRAYS, |p| p.kind = 2)),
    ("page of an unknown kind", Leaf(ARRAYS, |p| p.kind = 9)),
    ("page of another table", Leaf(ATTRIBUTES, |p| p.table = 3)),
    (
        "column missing",
        Leaf(ARRAYS, |p| drop(p.columns.remove(2))),
    ),
    (
        "column unknown",
        Leaf(ARRAYS, |p| p.columns.push((99, Column::Ints(vec![1, 2])))),
    ),
    (
        "column of another type",
        Leaf(ARRAYS, |p| {
            *p.column(16) = Column::Bytes(vec![vec![1], vec![2]])
        }),
    ),
    (
        "column of an unknown type",
        Leaf(ARRAYS, |p| p.raw = |raw| raw[6] = 7),
    ),
    (
        "columns out of order",
        Leaf(ARRAYS, |p| p.columns.swap(1, 2)),
    ),
    (
        "column longer than the page",
        Leaf(ARRAYS, |p| p.raw = |raw| set_raw_u32(raw, 12, u32::MAX)),
    ),
    (
        "column of too many values",
        Leaf(STATISTICS, |p| p.raw = |raw| set_raw_u32(raw, 8, u32::MAX)),
    ),
    (
        "more columns than the page has bytes",
        Leaf(ARRAYS, |p| p.raw = |raw| set_raw_u16(raw, 2, u16::MAX)),
    ),
    (
        "bytes after the last column",
        Leaf(ARRAYS, |p| p.raw = |raw| raw.push(0)),
    ),
    (
        "page cut short",
        Leaf(ARRAYS, |p| p.raw = |raw| raw.truncate(raw.len() - 1)),
    ),
    ("page empty", Leaf(ARRAYS, |p| p.raw = Vec::clear)),
    (
        "integers of an unknown mode",
        Leaf(STATISTICS, |p| {
            p.raw = |raw| {
                let data = 4 + 12 * usize::from(raw[2]);
                raw[data] = 2;
            }
        }),
    ),
    (
        "integers of nine bytes",
        Leaf(STATISTICS, |p| {
            p.raw = |raw| {
                let data = 4 + 12 * usize::from(raw[2]);
                raw[data + 1] = 9;
            }
        }),
    ),
    (
        "page that unpacks to 64 MiB",
        Leaf(ARRAYS, |p| {
            p.zipped = true;
            p.raw = |raw| raw.resize(60 << 20, 0);
        }),
    ),
    // Keys.
    ("keys that fall", Leaf(ARRAYS, |p| p.bytes(1).swap(0, 1))),
    ("key twice", Leaf(ARRAYS, |p| p.bytes(1)[1] = b"a".to_vec())),
    (
        "name that is not UTF-8",
        Leaf(ARRAYS, |p| p.bytes(1)[1] = vec![0xFF]),
    ),
    (
        "name that is empty",
        Leaf(ARRAYS, |p| p.bytes(1)[0] = vec![]),
    ),
    (
        "keys outside their parent's range",
        Top(ARRAYS, |p| p.bytes(1)[0] = b"b".to_vec()),
    ),
    (
        "attribute key out of range",
        Leaf(ATTRIBUTES, |p| p.ints(2)[0] = 7),
    ),
    ("frames in no order", Leaf(FRAMES, |p| p.ints(4).swap(0, 1))),
    // Trees.
    (
        "rows fewer than the parent says",
        Top(ARRAYS, |p| p.ints(69)[0] = 3),
    ),
    (
        "rows fewer than the root says",
        Root(|p| p.ints(8)[ARRAYS] = 3),
    ),
    ("height 0", Root(|p| p.ints(7)[ARRAYS] = 0)),
    ("height 9", Root(|p| p.ints(7)[ARRAYS] = 9)),
    (
        "leaf at the depth of an inner page",
        Root(|p| p.ints(7)[ARRAYS] = 2),
    ),
    (
        "inner page at the depth of a leaf",
        Any(|f| f.inner[ARRAYS] = vec![f.tops[ARRAYS].clone()]),
    ),
    (
        "top without children, with rows",
        Any(|f| f.leaves[ATTRIBUTES] = None),
    ),
    (
        "eight levels of sixteen times the same page",
        Any(|f| bomb(f, 8, 16)),
    ),
    ("a leaf that is the child of three", Any(|f| bomb(f, 1, 3))),
    // Addresses.
    (
        "page in the header",
        Address(|tops| tops[ARRAYS].ints(65)[0] = 0),
    ),
    (
        "page past the end",
        Address(|tops| tops[ARRAYS].ints(65)[0] = 1 << 40),
    ),
    (
        "page at the end of 64 bits",
        Address(|tops| tops[ARRAYS].ints(65)[0] = u64::MAX - 5),
    ),
    (
        "page length of more than 32 bits",
        Address(|tops| tops[ARRAYS].ints(66)[0] = 1 << 33),
    ),
    (
        "page length of 4 GiB",
        Address(|tops| tops[ARRAYS].ints(66)[0] = u64::from(u32::MAX)),
    ),
    (
        "page raw length over the limit",
        Address(|tops| tops[ARRAYS].ints(67)[0] = 1 << 27),
    ),
    (
        "page raw length that is another",
        Address(|tops| tops[ARRAYS].ints(67)[0] += 1),
    ),
    (
        "page in an unknown layer",
        Address(|tops| tops[ARRAYS].ints(64)[0] = 77),
    ),
    (
        "page checksum that is another",
        Address(|tops| tops[ARRAYS].ints(68)[0] ^= 1),
    ),
    // Definitions.
    ("dtype unknown", Leaf(ARRAYS, |p| p.bytes(17)[0] = vec![99])),
    (
        "dtype cut short",
        Leaf(ARRAYS, |p| p.bytes(17)[0] = vec![20]),
    ),
    (
        "dtype nested too deep",
        Leaf(ARRAYS, |p| p.bytes(17)[0] = [vec![20; 9], vec![1]].concat()),
    ),
    (
        "dtype of no items",
        Leaf(ARRAYS, |p| p.bytes(17)[0] = vec![19, 0, 0, 0, 0, 1]),
    ),
    (
        "rank beyond the limit",
        Leaf(ARRAYS, |p| p.ints(18)[0] = 65),
    ),
    (
        "rank that the shapes do not have",
        Leaf(ARRAYS, |p| p.ints(18)[0] = 1),
    ),
    (
        "shape beyond all memory",
        Leaf(ARRAYS, |p| p.ints(19)[..2].fill(1 << 62)),
    ),
    ("chunk of extent 0", Leaf(ARRAYS, |p| p.ints(20)[0] = 0)),
    ("tile of extent 0", Leaf(ARRAYS, |p| p.ints(21)[0] = 0)),
    (
        "tile greater than its chunk",
        Leaf(ARRAYS, |p| p.ints(21)[0] = 3),
    ),
    (
        "fill value of an unknown tag",
        Leaf(ARRAYS, |p| p.bytes(23)[0] = vec![42]),
    ),
    (
        "fill value that does not fit",
        Leaf(ARRAYS, |p| p.bytes(23)[0] = vec![4, b'x']),
    ),
    (
        "pipeline cut short",
        Leaf(ARRAYS, |p| p.bytes(24)[0] = vec![1]),
    ),
    (
        "pipeline of nine stages",
        Leaf(ARRAYS, |p| {
            p.bytes(24)[0] = [vec![9], b"\x07shuffle\0".repeat(9)].concat();
        }),
    ),
    (
        "codec unknown",
        Leaf(ARRAYS, |p| p.bytes(24)[0] = b"\x01\x03new\0".to_vec()),
    ),
    (
        "filter of strings",
        Leaf(ARRAYS, |p| p.bytes(24)[1] = b"\x01\x07shuffle\0".to_vec()),
    ),
    (
        "codec auto with frames",
        Leaf(ARRAYS, |p| p.bytes(24)[0] = b"\x01\x04auto\0".to_vec()),
    ),
    ("array id 0", Leaf(ARRAYS, |p| p.ints(16)[0] = 0)),
    ("array id twice", Leaf(ARRAYS, |p| p.ints(16)[1] = 1)),
    (
        "array id not given yet",
        Leaf(ARRAYS, |p| p.ints(16)[1] = 50),
    ),
    // Values.
    (
        "attribute of an unknown tag",
        Leaf(ATTRIBUTES, |p| p.bytes(16)[0] = vec![200, 1]),
    ),
    (
        "attribute without a tag",
        Leaf(ATTRIBUTES, |p| p.bytes(16)[0] = vec![]),
    ),
    (
        "attribute list past its end",
        Leaf(ATTRIBUTES, |p| {
            p.bytes(16)[0] = [&[43u8][..], &u64::MAX.to_le_bytes()].concat();
        }),
    ),
    (
        "attribute text that is not UTF-8",
        Leaf(ATTRIBUTES, |p| p.bytes(16)[0] = vec![11, 0xFF]),
    ),
    (
        "statistics of an unknown tag",
        Leaf(STATISTICS, |p| p.bytes(18)[0] = vec![99; 9]),
    ),
    (
        "statistics that are NaN",
        Leaf(STATISTICS, |p| {
            p.bytes(18)[0] = [&[3u8][..], &f64::NAN.to_le_bytes()].concat();
        }),
    ),
    // Frames.
    ("frame of no bytes", Leaf(FRAMES, |p| p.ints(18)[0] = 0)),
    ("frame in the header", Leaf(FRAMES, |p| p.ints(17)[0] = 0)),
    (
        "frame past the end",
        Leaf(FRAMES, |p| p.ints(17)[0] = 1 << 40),
    ),
    (
        "frame into the trailer",
        Leaf(FRAMES, |p| p.ints(18)[4] = 1 << 12),
    ),
    (
        "frame over the limit",
        Leaf(FRAMES, |p| p.ints(18)[0] = 1 << 31),
    ),
    (
        "frame in an unknown layer",
        Leaf(FRAMES, |p| p.ints(16)[0] = 77),
    ),
    (
        "frame of another rank",
        Leaf(FRAMES, |p| {
            p.ints(2)[0] = 1;
            p.ints(3).remove(0);
        }),
    ),
    (
        "frame of a tile that its chunk lacks",
        Leaf(FRAMES, |p| p.ints(4)[1] = 9),
    ),
    (
        "frame that is larger than its tile",
        Leaf(FRAMES, |p| {
            let extent = [2u64, 3].map(u64::to_le_bytes).concat();
            let at = p.columns.iter().position(|(id, _)| *id > 20).unwrap();
            p.columns.insert(
                at,
                (
                    21,
                    Column::Bytes(vec![extent, vec![], vec![], vec![], vec![]]),
                ),
            );
        }),
    ),
    (
        "frame whose raw length does not fit",
        Leaf(FRAMES, |p| p.ints(19)[0] = 12),
    ),
    (
        "frame whose raw length is huge",
        Leaf(FRAMES, |p| p.ints(19)[0] = 1 << 30),
    ),
    (
        "frame of strings whose raw length is huge",
        Leaf(FRAMES, |p| p.ints(19)[4] = 1 << 30),
    ),
    (
        "frame of strings whose raw length is another",
        Leaf(FRAMES, |p| p.ints(19)[4] += 1),
    ),
    (
        "frame checksum that is another",
        Leaf(FRAMES, |p| p.ints(20)[0] ^= 1),
    ),
    // Layers.
    (
        "layers without the layer itself",
        Leaf(LAYERS, |p| p.ints(1)[0] += 1),
    ),
    (
        "layers with another id",
        Leaf(LAYERS, |p| p.bytes(16)[0] = vec![7; 16]),
    ),
    (
        "layers with a short id",
        Leaf(LAYERS, |p| p.bytes(16)[0] = vec![7; 15]),
    ),
    (
        "no layers",
        Any(|f| {
            f.leaves[LAYERS] = None;
            for (_, column) in &mut f.tops[LAYERS].columns {
                *column = Column::Ints(vec![]);
            }
            f.root.ints(8)[LAYERS] = 0;
        }),
    ),
    // The root and the trailer.
    ("root without a table", Root(|p| p.ints(6)[4] = 6)),
    ("root with a table twice", Root(|p| p.ints(6)[1] = 1)),
    (
        "root with a short id",
        Root(|p| p.bytes(1)[0] = vec![1; 15]),
    ),
    (
        "root with a sequence over the limit",
        Root(|p| p.ints(4)[0] = 1 << 63),
    ),
    ("newer major version", Trailer(|t| set_raw_u16(t, 48, 2))),
    ("unknown feature of readers", Trailer(|t| t[24] = 1)),
    ("reserved field in use", Trailer(|t| t[20] = 1)),
    ("object length that is another", Trailer(|t| t[40] ^= 1)),
    (
        "root in the header",
        Trailer(|t| t[..8].copy_from_slice(&8u64.to_le_bytes())),
    ),
    (
        "root past the end",
        Trailer(|t| t[..8].copy_from_slice(&u64::MAX.to_le_bytes())),
    ),
    ("root of 4 GiB", Trailer(|t| set_raw_u32(t, 8, u32::MAX))),
    (
        "root raw length over the limit",
        Trailer(|t| set_raw_u32(t, 12, u32::MAX)),
    ),
    ("root raw length that is another", Trailer(|t| t[12] ^= 1)),
];

fn forge(sound: &[u8], edit: &Edit) -> Vec<u8> {
    let mut forge = Forge::new(sound);
    let mut patch: fn(&mut [u8; TRAILER_BYTES]) = |_| {};
    match edit {
        Leaf(table, edit) => edit(forge.leaves[*table].as_mut().unwrap()),
        Top(table, edit) => edit(&mut forge.tops[*table]),
        Address(edit) => forge.address = *edit,
        Root(edit) => edit(&mut forge.root),
        Trailer(edit) => patch = *edit,
        Any(edit) => edit(&mut forge),
    }
    forge.object(patch)
}

fn read_object(object: Vec<u8>) -> array_format::Result<State> {
    let store = Arc::new(InMemory::new());
    block_on(store.put(&Path::from(NAME), object.into())).unwrap();
    block_on(read(&store))
}

#[test]
fn each_malformed_file_is_an_error() {
    let _turn = crate::turn();
    let sound = block_on(sound());
    let same = forge(&sound, &Any(|_| {}));
    let expected = read_object(same.clone()).unwrap();
    assert!(agrees(&read_object(same), &expected), "the forge works");
    let mut wrong = Vec::new();
    for (name, edit) in CASES {
        let object = forge(&sound, edit);
        crate::HEAP.reset_peak_usage();
        let result = catch_unwind(AssertUnwindSafe(|| has_error(&read_object(object))));
        match result {
            Ok(true) => {}
            Ok(false) => wrong.push(format!("{name}: no error")),
            Err(_) => wrong.push(format!("{name}: a panic, or an error without a place")),
        }
        // A page of the greatest size, and a copy of it while it grows.
        let heap = crate::HEAP.peak_usage() >> 20;
        if heap > 160 {
            wrong.push(format!("{name}: {heap} MiB of heap"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
