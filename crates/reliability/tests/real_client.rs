//! Commits through the real S3 client, with faults beneath it, one HTTP request at a time: each
//! acknowledged commit is there exactly once, and the client's own repeats do no harm.

use std::sync::Arc;
use std::time::Duration;

use array_format::{ArrayFile, Error, FileConfig, Lz4Codec, Result};
use array_format_reliability::http_fault::{FaultConnector, HttpFault};
use array_format_reliability::servers::{Kind, Server, random_name, skipped};
use ndarray::{ArrayD, IxDyn};
use object_store::aws::AmazonS3Builder;
use object_store::path::Path;
use object_store::{BackoffConfig, ObjectStore, RetryConfig};

const FAULTS: [HttpFault; 5] = [
    HttpFault::Unavailable,
    HttpFault::DoneThenUnavailable,
    HttpFault::DoneThenReset,
    HttpFault::Cut(0),
    HttpFault::Cut(100),
];

/// The client as users have it, but for its patience.
fn client(server: &Server, connector: &FaultConnector) -> Arc<dyn ObjectStore> {
    let mut builder = AmazonS3Builder::new()
        .with_url(server.url(""))
        .with_http_connector(connector.clone())
        .with_retry(RetryConfig {
            backoff: BackoffConfig {
                init_backoff: Duration::from_millis(1),
                max_backoff: Duration::from_millis(5),
                ..BackoffConfig::default()
            },
            ..RetryConfig::default()
        });
    for (key, value) in server.options() {
        builder = builder.with_config(key.parse().unwrap(), value);
    }
    Arc::new(builder.build().unwrap())
}

async fn try_open(store: &Arc<dyn ObjectStore>, path: &Path) -> Result<ArrayFile> {
    // Without caches every read is a request.
    let config = FileConfig {
        cache_capacity: 0,
        io_cache_capacity: 0,
        ..FileConfig::new(Lz4Codec)
    };
    ArrayFile::open(store.clone(), path.clone(), config).await
}

async fn open(store: &Arc<dyn ObjectStore>, path: &Path) -> ArrayFile {
    try_open(store, path).await.unwrap()
}

/// Appends one row of as many values as fill more than what is read with the end of a layer.
async fn append(file: &mut ArrayFile, row: i64) {
    let data = ArrayD::from_shape_fn(IxDyn(&[1, 10_000]), |i| {
        row * 1_000_003 + i[1] as i64 * 7919
    });
    file.append("rows", 0, data.view()).await.unwrap();
}

/// The first value of each row, once the others have been looked at.
async fn rows(file: &ArrayFile) -> Result<Vec<i64>> {
    let all = file.read_array::<i64>("rows", vec![], vec![]).await?;
    let rows = all.outer_iter().map(|row| {
        let right = row.iter().enumerate();
        let right = right.map(|(i, value)| value - i as i64 * 7919);
        let first = row[[0]];
        assert!(right.into_iter().all(|value| value == first));
        first / 1_000_003
    });
    Ok(rows.collect())
}

/// Appends row after row, of which each commit meets one fault, then compacts.
async fn commit_with(server: &Server, fault: HttpFault) {
    let connector = FaultConnector::default();
    let store = client(server, &connector);
    let path = Path::from(format!("{}/rows.af", random_name()));
    let mut file = ArrayFile::create(store.clone(), path.clone(), FileConfig::new(Lz4Codec))
        .await
        .unwrap();
    let (shape, chunks) = (vec![0, 10_000], Some(vec![1, 10_000]));
    file.define_array::<i64>("rows", vec![], shape, chunks, None)
        .unwrap();
    file.flush().await.unwrap();

    let mut expected = Vec::new();
    for k in 0.. {
        let row = k as i64;
        append(&mut file, row).await;
        connector.fail_at(k, fault);
        let flushed = file.flush().await;
        let (met, log) = (connector.has_failed(), connector.log());
        connector.heal();
        let what = format!("{fault:?} at request {k}: {flushed:?}, {log:#?}");
        if let Err(error) = flushed {
            // Pending is kept, and the next flush is the same commit.
            assert!(matches!(error, Error::Store { .. }), "{what}");
            file.flush()
                .await
                .unwrap_or_else(|error| panic!("{what}: again: {error}"));
        }
        expected.push(row);
        assert_eq!(
            rows(&open(&store, &path).await).await.unwrap(),
            expected,
            "{what}"
        );
        assert_eq!(file.num_layers(), expected.len() + 2, "{what}");
        if !met {
            assert!(k > 1, "a commit takes more than one request");
            break;
        }
    }

    for k in 0.. {
        append(&mut file, k).await;
        file.flush().await.unwrap();
        expected.push(k);
        connector.fail_at(k as usize, fault);
        let compacted = file.compact().await;
        let (met, log) = (connector.has_failed(), connector.log());
        connector.heal();
        let what = format!("compaction, {fault:?} at request {k}: {compacted:?}, {log:#?}");
        assert_eq!(
            rows(&open(&store, &path).await).await.unwrap(),
            expected,
            "{what}"
        );
        file.compact()
            .await
            .unwrap_or_else(|error| panic!("{what}: again: {error}"));
        assert_eq!(
            rows(&open(&store, &path).await).await.unwrap(),
            expected,
            "{what}"
        );
        assert_eq!(file.num_layers(), 1, "{what}");
        if !met {
            assert!(compacted.is_ok(), "{what}");
            break;
        }
    }

    // Reading, whatever request breaks. The client does not repeat a list whose body was cut.
    for k in 0.. {
        connector.fail_at(k, fault);
        let read = match try_open(&store, &path).await {
            Ok(reader) => rows(&reader).await,
            Err(error) => Err(error),
        };
        let met = connector.has_failed();
        connector.heal();
        let what = format!("{fault:?} at request {k} of a reader: {read:?}");
        assert!(met || read.is_ok(), "{what}");
        match read {
            Ok(read) => assert_eq!(read, expected, "{what}"),
            Err(error) => assert!(matches!(error, Error::Store { .. }), "{what}"),
        }
        if !met {
            break;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn commits_through_the_s3_client_are_made_exactly_once() {
    if skipped("the S3 client with faults") {
        return;
    }
    let server = Server::start(Kind::MiniStack).await.unwrap();
    for fault in FAULTS {
        commit_with(&server, fault).await;
    }
}
