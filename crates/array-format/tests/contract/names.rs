//! Every public name is where programs look for it. That this compiles is the test.

#![allow(unused_imports)]

mod at_the_root {
    use array_format::{
        ArrayElement, ArrayFile, ArrayStats, AttributeValue, CompressionCodec,
        DEFAULT_BLOCK_TARGET_SIZE, DEFAULT_CACHE_CAPACITY, DEFAULT_IO_CACHE_CAPACITY, DType,
        DeltaCache, Error, FileConfig, FillValue, InMemoryStorage, Lz4Codec, MergedArrayMeta,
        NoCompression, Result, StatValue, StatsFile, TimestampNs, ZstdCodec,
    };
}

mod in_modules {
    use array_format::address::{BlockId, ChunkAddress};
    use array_format::block::{BlockMeta, CodecId};
    use array_format::delta::DeltaCache;
    use array_format::footer::Footer;
    use array_format::storage::{InMemoryStorage, ObjectStoreBackend, Storage};
    use array_format::{array, codec, dtype, error, file, layout, ndarray_ext, stats, timestamp};
}

#[test]
fn a_type_is_the_same_at_the_root_and_in_its_module() {
    fn same<T>(_: Option<T>, _: Option<T>) {}
    same::<array_format::DeltaCache>(None, None::<array_format::delta::DeltaCache>);
    same::<array_format::InMemoryStorage>(None, None::<array_format::storage::InMemoryStorage>);
}

#[test]
fn metadata_structs_can_be_printed_and_cloned() {
    fn check<T: std::fmt::Debug + Clone>() {}
    check::<array_format::MergedArrayMeta>();
    check::<array_format::block::CodecId>();
    check::<array_format::DType>();
    check::<array_format::FillValue>();
    check::<array_format::AttributeValue>();
    check::<array_format::StatValue>();
    check::<array_format::ArrayStats>();
}
