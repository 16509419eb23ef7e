//! Damages a file, finds out what is hit, and saves the rest.
//!
//! `cargo run -p array_format --example verify_and_salvage`

use std::sync::Arc;

use array_format::integrity::VerifyOptions;
use array_format::ndarray::{ArrayD, IxDyn};
use array_format::object_store::memory::InMemory;
use array_format::object_store::path::Path;
use array_format::object_store::{ObjectStore, ObjectStoreExt};
use array_format::{ArrayFile, ArraySpec, DType, FileConfig, FillValue, Lz4Codec, Result};

#[tokio::main]
async fn main() -> Result<()> {
    let store: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
    let path = Path::from("ocean.af");
    let config = || FileConfig::new(Lz4Codec);

    let mut file = ArrayFile::create(Arc::clone(&store), path.clone(), config()).await?;
    let spec = ArraySpec::new(DType::Int32, [1000]).chunks([250]);
    file.create_array("depth", spec.fill(FillValue::Int(-1)))?;
    let data = ArrayD::from_shape_fn(IxDyn(&[1000]), |i| i[0] as i32);
    file.write_array("depth", vec![0], data.view()).await?;
    file.flush().await?;
    let found = file.verify(&VerifyOptions::full()).await?;
    println!(
        "before: {} pages and {} frames checked, whole: {}",
        found.checked_pages,
        found.checked_frames,
        found.is_whole()
    );

    // One bit of the third chunk rots.
    let frame = file.chunks("depth").await?[2].frames[0].clone();
    let object = Path::from(frame.object.clone());
    let mut bytes = read(&store, &object).await.to_vec();
    bytes[frame.offset as usize] ^= 1;
    let put = store.put(&object, bytes.into()).await;
    put.expect("memory takes what it is given");

    let file = ArrayFile::open(Arc::clone(&store), path.clone(), config()).await?;
    let found = file.verify(&VerifyOptions::full()).await?;
    println!("after: whole: {}", found.is_whole());
    for problem in &found.problems {
        println!("  {problem}");
    }

    let target = Path::from("saved.af");
    let saved = ArrayFile::salvage(
        Arc::clone(&store),
        path,
        Arc::clone(&store),
        target.clone(),
        config(),
    )
    .await?;
    println!(
        "salvage: {} arrays and {} frames of commit {} saved, hit: {:?}",
        saved.arrays,
        saved.frames,
        saved.commit,
        saved.damaged_arrays()
    );
    let file = ArrayFile::open(store, target, config()).await?;
    let all = file.read_array::<i32>("depth", vec![], vec![]).await?;
    println!(
        "depth[499..503] = {:?}",
        &all.as_slice().unwrap_or(&[])[499..503]
    );
    println!(
        "saved file whole: {}",
        file.verify(&VerifyOptions::full()).await?.is_whole()
    );
    Ok(())
}

async fn read(store: &Arc<dyn ObjectStore>, path: &Path) -> bytes::Bytes {
    let found = store.get(path).await.expect("the object is there");
    found.bytes().await.expect("memory reads")
}
