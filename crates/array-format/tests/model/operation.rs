//! Operations, whose numbers mean something only when they are carried out: any sequence of them is
//! possible, so a failing one can be shrunk freely.

use proptest::collection::vec;
use proptest::option::weighted;
use proptest::prelude::*;

use crate::element::{ATTRIBUTES, FILLS, Kind};

/// What is to be found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mix {
    OneHandle,
    TwoHandles,
    /// One or two names and short arrays, and commits after every few changes.
    Contended,
}

#[derive(Debug, Clone)]
pub struct Case {
    pub setup: Setup,
    pub steps: Vec<Step>,
}

/// How both handles are configured.
#[derive(Debug, Clone)]
pub struct Setup {
    pub handles: usize,
    pub names: u8,
    /// 0: none, 1: one for each handle, 2: one for both.
    pub cache: u8,
    pub small_blocks: bool,
    pub small_spool: bool,
    /// Data from which on a layer has an annex.
    pub largest_put: Option<u64>,
}

#[derive(Debug, Clone)]
pub struct Step {
    pub handle: usize,
    pub action: Action,
}

/// One number an axis; those beyond the array's rank are not used.
pub type Axes = [u8; 3];

#[derive(Debug, Clone)]
pub enum Action {
    Create {
        name: u8,
        spec: Spec,
    },
    Write {
        array: u8,
        start: Axes,
        shape: Axes,
        overhang: bool,
        values: Values,
    },
    Append {
        array: u8,
        axis: u8,
        extent: u8,
        values: Values,
    },
    Resize {
        array: u8,
        shape: Axes,
    },
    Read {
        array: u8,
        start: Option<Axes>,
        shape: Option<Axes>,
    },
    ReadInto {
        array: u8,
        start: Axes,
        shape: Axes,
        layout: Layout,
    },
    Delete {
        array: u8,
    },
    Rename {
        array: u8,
        to: u8,
    },
    /// Of the file where there is no array.
    SetAttribute {
        array: Option<u8>,
        key: u8,
        value: u8,
    },
    RemoveAttribute {
        array: Option<u8>,
        key: u8,
    },
    Flush,
    FlushMemory,
    Compact,
    Refresh,
    Reopen,
    Check,
}

#[derive(Debug, Clone)]
pub struct Spec {
    pub kind: Kind,
    pub shape: Vec<u8>,
    pub chunks: Option<Axes>,
    pub tile: Option<Axes>,
    pub fill: Option<u8>,
    pub codec: Codec,
    pub named_dimensions: bool,
    pub attribute: Option<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Codec {
    /// The handle's own, and `define_array` where there is no tile.
    Default,
    None,
    Lz4,
    Zstd,
    ShuffleLz4,
    DeltaNone,
    DeltaShuffleZstd,
    Pco,
    Auto,
}

/// Elements to write.
#[derive(Debug, Clone)]
pub struct Values {
    pub seed: u16,
    pub layout: Layout,
}

impl Values {
    /// Codes of `n` elements. Runs of one code, so that a whole tile may be null.
    pub fn codes(&self, n: usize) -> Vec<u8> {
        let mut state = u32::from(self.seed);
        let mut run = (0, 0);
        (0..n)
            .map(|_| {
                if run.0 == 0 {
                    state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    let (length, code) = ((state >> 28) % 5, (state >> 16) as u8 % 64);
                    let rare = code >= 61;
                    run = (
                        length + 1,
                        if rare {
                            code - 61 + crate::element::RARE
                        } else {
                            code % 9
                        },
                    );
                }
                run.0 -= 1;
                run.1
            })
            .collect()
    }
}

/// How an array lies in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    C,
    Fortran,
    Reversed,
    Strided,
}

fn axes() -> impl Strategy<Value = Axes> {
    [any::<u8>(), any::<u8>(), any::<u8>()]
}

fn layout() -> impl Strategy<Value = Layout> {
    prop_oneof![
        3 => Just(Layout::C),
        1 => Just(Layout::Fortran),
        1 => Just(Layout::Reversed),
        1 => Just(Layout::Strided),
    ]
}

fn values() -> impl Strategy<Value = Values> {
    (any::<u16>(), layout()).prop_map(|(seed, layout)| Values { seed, layout })
}

fn spec() -> impl Strategy<Value = Spec> {
    let shape = prop_oneof![
        1 => Just(Vec::new()),
        3 => vec(0..24u8, 1),
        4 => vec(0..8u8, 2),
        2 => vec(0..6u8, 3),
    ];
    let codec = prop_oneof![
        Just(Codec::Default),
        Just(Codec::None),
        Just(Codec::Lz4),
        Just(Codec::Zstd),
        Just(Codec::ShuffleLz4),
        Just(Codec::DeltaNone),
        Just(Codec::DeltaShuffleZstd),
        Just(Codec::Pco),
        Just(Codec::Auto),
    ];
    (
        proptest::sample::select(Kind::ALL),
        shape,
        weighted(0.8, axes()),
        weighted(0.5, axes()),
        weighted(0.6, 0..FILLS),
        codec,
        any::<bool>(),
        weighted(0.2, 0..ATTRIBUTES),
    )
        .prop_map(
            |(kind, shape, chunks, tile, fill, codec, named_dimensions, attribute)| Spec {
                kind,
                shape,
                chunks,
                tile,
                fill,
                codec,
                named_dimensions,
                attribute,
            },
        )
}

fn create() -> impl Strategy<Value = Action> {
    (any::<u8>(), spec()).prop_map(|(name, spec)| Action::Create { name, spec })
}

fn action(mix: Mix) -> impl Strategy<Value = Action> {
    let array = any::<u8>;
    let (commits, moves) = match mix {
        Mix::OneHandle => (3, 1),
        Mix::TwoHandles => (4, 2),
        Mix::Contended => (7, 4),
    };
    prop_oneof![
        5 => create(),
        9 => (array(), axes(), axes(), proptest::bool::weighted(0.05), values()).prop_map(
            |(array, start, shape, overhang, values)| Action::Write { array, start, shape, overhang, values }),
        2 => (array(), any::<u8>(), 0..6u8, values()).prop_map(
            |(array, axis, extent, values)| Action::Append { array, axis, extent, values }),
        3 => (array(), axes()).prop_map(|(array, shape)| Action::Resize { array, shape }),
        2 => (array(), weighted(0.7, axes()), weighted(0.7, axes())).prop_map(
            |(array, start, shape)| Action::Read { array, start, shape }),
        1 => (array(), axes(), axes(), layout()).prop_map(
            |(array, start, shape, layout)| Action::ReadInto { array, start, shape, layout }),
        1 => array().prop_map(|array| Action::Delete { array }),
        1 => (array(), any::<u8>()).prop_map(|(array, to)| Action::Rename { array, to }),
        2 => (weighted(0.8, array()), any::<u8>(), 0..ATTRIBUTES).prop_map(
            |(array, key, value)| Action::SetAttribute { array, key, value }),
        1 => (weighted(0.8, array()), any::<u8>()).prop_map(
            |(array, key)| Action::RemoveAttribute { array, key }),
        commits => Just(Action::Flush),
        1 => Just(Action::FlushMemory),
        1 => Just(Action::Compact),
        moves => Just(Action::Refresh),
        moves => Just(Action::Reopen),
        1 => Just(Action::Check),
    ]
}

/// Random cases.
pub fn cases(mix: Mix) -> impl Strategy<Value = Case> {
    let (handles, names, steps) = match mix {
        Mix::OneHandle => (1, 5, 1..40usize),
        Mix::TwoHandles => (2, 5, 1..40),
        Mix::Contended => (2, 2, 1..25),
    };
    let largest_put = prop_oneof![2 => Just(None), 1 => Just(Some(0)), 1 => Just(Some(64))];
    let setup = (0..3u8, any::<bool>(), any::<bool>(), largest_put).prop_map(
        move |(cache, small_blocks, small_spool, largest_put)| Setup {
            handles,
            names,
            cache,
            small_blocks,
            small_spool,
            largest_put,
        },
    );
    // Both handles begin with some arrays that were committed.
    let begin = vec(create(), 0..4).prop_map(move |creates| {
        let mut actions: Vec<(usize, Action)> = creates.into_iter().map(|c| (0, c)).collect();
        actions.push((0, Action::Flush));
        actions.extend((1..handles).map(|handle| (handle, Action::Refresh)));
        actions
    });
    (setup, begin, vec((0..handles, action(mix)), steps)).prop_map(|(setup, begin, rest)| {
        let steps = begin.into_iter().chain(rest);
        let steps = steps.map(|(handle, action)| Step { handle, action });
        Case {
            setup,
            steps: steps.collect(),
        }
    })
}
