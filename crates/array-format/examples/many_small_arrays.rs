//! Twenty thousand small arrays with five attributes each: what they take, what they cost to write,
//! that opening them takes two rounds of requests at most, and that a few read thousands of them.
//!
//! `cargo run --example many_small_arrays`

#[path = "support/counting.rs"]
mod counting;
#[path = "support/show.rs"]
mod show;

use std::sync::Arc;
use std::time::Duration;

use array_format::ndarray::ArrayView;
use array_format::object_store::{memory::InMemory, path::Path};
use array_format::{ArrayFile, ArraySpec, AttributeValue, DType, FileConfig, NoCompression};
use counting::CountingStore;
use show::{Stopwatch, Table, bytes, count};

const SHIPS: [&str; 4] = ["Meteor", "Polarstern", "Atlantis", "Discovery"];

/// A number of thousandths below `end` that looks like any other.
fn scattered(n: usize, end: u64) -> f64 {
    let mixed = (n as u64 + end).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    ((mixed ^ mixed >> 32).wrapping_mul(0xD6E8_FEB8_6659_FD93) >> 20) as f64 % end as f64 / 1e3
}

/// Defines and writes cast number `n`: 16 values, five attributes.
async fn write_cast(file: &mut ArrayFile, n: usize) -> array_format::Result<()> {
    let name = format!("casts/{n:06}");
    let spec = ArraySpec::new(DType::Float32, [16])
        .dimensions(["depth"])
        .attribute("units", "degC")
        .attribute("ship", SHIPS[n / 500 % 4])
        .attribute("lat", scattered(n, 180_000) - 90.0)
        .attribute("lon", scattered(n, 360_000))
        .attribute("quality", (n % 3) as i32);
    file.create_array(&name, spec)?;
    let values: [f32; 16] = std::array::from_fn(|z| 25.0 - z as f32 + (n % 100) as f32 / 100.0);
    file.write_array(&name, vec![0], ArrayView::from(&values).into_dyn())
        .await
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // A store that answers after 20 ms, as one in the same region does.
    let store = CountingStore::new(Arc::new(InMemory::new()), Duration::from_millis(20));
    let mut clock = Stopwatch::start();
    for n in [10, 20_000] {
        let path = Path::from(format!("{n}.af"));
        let config = FileConfig::new(NoCompression);
        let mut file = ArrayFile::create(store.clone(), path, config).await?;
        for i in 0..n {
            write_cast(&mut file, i).await?;
        }
        file.compact().await?;
        clock.step(&format!("wrote {} arrays", count(n as u64)));
    }

    let mut table = Table::new([
        "arrays",
        "file",
        "data",
        "metadata",
        "an array",
        "requests",
        "rounds",
        "open",
        "first value",
    ]);
    for n in [10, 20_000] {
        store.take();
        clock.lap();
        let path = Path::from(format!("{n}.af"));
        let file = ArrayFile::open(store.clone(), path, FileConfig::new(NoCompression)).await?;
        let (opened, asked) = (clock.lap(), store.take());
        let ship = file.get_attribute("casts/000007", "ship")?;
        assert_eq!(ship, Some(&AttributeValue::String("Meteor".into())));
        let first = clock.lap();

        let footer = file.footer();
        assert_eq!(footer.attributes, 5 * n);
        assert!(asked.rounds <= 2, "opening takes at most two rounds");
        let milliseconds = |t: Duration| format!("{:.1} ms", t.as_secs_f64() * 1e3);
        table.row([
            &count(n),
            &bytes(footer.object_length),
            &bytes(footer.frame_bytes),
            &bytes(footer.metadata_bytes),
            &format!("{:.1} B", footer.metadata_bytes as f64 / n as f64),
            &asked.requests,
            &asked.rounds,
            &milliseconds(opened),
            &milliseconds(first),
        ]);
    }
    println!("\n{table}");

    // One attribute over all arrays, from what is in memory after opening.
    let path = Path::from("20000.af");
    let file = ArrayFile::open(store.clone(), path, FileConfig::new(NoCompression)).await?;
    store.take();
    clock.lap();
    let wanted = Some(AttributeValue::from("Meteor"));
    let ships = file.attribute_index("ship");
    let meteor: Vec<&str> = ships
        .iter()
        .filter(|(_, ship)| *ship == wanted.as_ref())
        .map(|(name, _)| name.as_str())
        .collect();
    clock.step(&format!(
        "found the {} casts of the Meteor",
        count(meteor.len() as u64)
    ));
    assert_eq!(store.take().requests, 0);

    // One array out of all of them.
    let cast = file
        .read_array::<f32>("casts/012345", vec![], vec![])
        .await?;
    assert_eq!(cast[[0]], 25.45);
    let asked = store.take();
    clock.step(&format!(
        "read one cast with {} requests for {}",
        asked.requests,
        bytes(asked.read)
    ));

    // Many of them in one call: requests join what lies near each other.
    let casts = file.read_arrays::<f32>(&meteor).await?;
    assert_eq!(casts.len(), meteor.len());
    let asked = store.take();
    clock.step(&format!(
        "read {} casts with {} requests for {}",
        count(casts.len() as u64),
        asked.requests,
        bytes(asked.read)
    ));
    Ok(())
}
