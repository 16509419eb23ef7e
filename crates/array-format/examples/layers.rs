//! Commits and the layers that they leave: what is in each, what two handles see of each other, and
//! how compaction makes one of many.
//!
//! `cargo run --example layers`

#[path = "support/show.rs"]
mod show;

use array_format::ndarray::ArrayD;
use array_format::{ArrayFile, ArraySpec, DType, Error, FileConfig, NoCompression};
use show::{Table, bytes};

/// Prints where each chunk of an array is stored.
async fn print_chunks(file: &ArrayFile, what: &str) -> array_format::Result<()> {
    println!("  {what}; layers: {}\n", file.num_layers());
    let mut table = Table::new(["array", "chunk", "values", "object", "bytes"]);
    for meta in file.arrays()? {
        for chunk in file.chunks(&meta.name).await? {
            let frame = &chunk.frames[0];
            let (min, max) = (&chunk.stats.min, &chunk.stats.max);
            table.row([
                &meta.name,
                &format!("{:?}", chunk.coordinates),
                &format!(
                    "{} to {}",
                    show::or_dash(min.as_ref()),
                    show::or_dash(max.as_ref())
                ),
                &frame.object,
                &format!("{} to {}", frame.offset, frame.offset + frame.length),
            ]);
        }
    }
    println!("{table}");
    Ok(())
}

/// Prints the objects of the file.
fn print_objects(folder: &std::path::Path) -> std::io::Result<usize> {
    let mut entries = std::fs::read_dir(folder)?.collect::<Result<Vec<_>, _>>()?;
    entries.sort_by_key(|entry| entry.file_name());
    for entry in &entries {
        let size = bytes(entry.metadata()?.len());
        println!("    {:<12}{size:>9}", entry.file_name().display());
    }
    println!();
    Ok(entries.len())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("data.af");
    let config = || FileConfig::new(NoCompression);
    let constant = |value: i32, n: usize| ArrayD::from_elem(vec![n], value);

    // `create` makes an empty base; every flush that has something to say adds a layer.
    let mut ours = ArrayFile::create_path(&path, config()).await?;
    ours.create_array("a", ArraySpec::new(DType::Int32, [4000]).chunks([1000]))?;
    ours.write_array("a", vec![0], constant(1, 4000).view())
        .await?;
    ours.flush().await?;
    ours.write_array("a", vec![1000], constant(2, 1000).view())
        .await?;
    ours.flush().await?;
    assert_eq!(ours.num_layers(), 3);
    print_chunks(&ours, "After two commits, the second of one chunk").await?;

    // Another handle changes another chunk. Neither waits for the other: the second to flush finds
    // that the changes do not meet, and follows.
    let mut theirs = ArrayFile::open_path(&path, config()).await?;
    theirs
        .write_array("a", vec![3000], constant(3, 1000).view())
        .await?;
    ours.write_array("a", vec![0], constant(4, 1000).view())
        .await?;
    theirs.flush().await?;
    ours.flush().await?;

    // Ours saw theirs when it committed after it; theirs still reads its own snapshot.
    let first = theirs.read_array::<i32>("a", vec![0], vec![1]).await?;
    assert_eq!(first[[0]], 1);
    theirs.refresh().await?;
    let first = theirs.read_array::<i32>("a", vec![0], vec![1]).await?;
    assert_eq!(first[[0]], 4);
    print_chunks(&theirs, "After two handles committed side by side").await?;

    // Changes of the same chunk do meet: the second to flush is told, and keeps what it has.
    ours.write_array("a", vec![0], constant(5, 10).view())
        .await?;
    theirs
        .write_array("a", vec![500], constant(6, 10).view())
        .await?;
    ours.flush().await?;
    let conflict = theirs.flush().await.err().ok_or("there was no conflict")?;
    assert!(matches!(conflict, Error::Conflict { .. }) && theirs.has_pending());
    println!("  {conflict}\n");
    drop(theirs);

    // Compaction copies what is still visible into one base, and removes the sidecars.
    println!("  Objects before and after compaction\n");
    assert_eq!(print_objects(folder.path())?, 6);
    let reclaimable = ours.reclaimable_bytes()?;
    ours.compact().await?;
    assert_eq!(print_objects(folder.path())?, 1);
    println!(
        "  {} of replaced data and metadata are gone\n",
        bytes(reclaimable)
    );
    print_chunks(&ours, "After compaction").await?;
    Ok(())
}
