//! Places for files, and processes that work on them.
#![allow(dead_code, reason = "each test program uses a part of it")]

use std::process::Stdio;
use std::sync::Arc;

use array_format::object_store::path::Path;
use array_format::object_store::{ObjectStore, ObjectStoreExt};
use array_format::storage::resolve;
use array_format::{ArrayFile, FileConfig, Lz4Codec, Result};
use array_format_reliability::servers::{Kind, Server, random_name};
use futures::TryStreamExt;
use tempfile::TempDir;
use tokio::process::{Child, Command};

/// Where the files of a test are.
pub enum Ground {
    Local(TempDir),
    Server(Box<Server>),
}

impl Ground {
    pub fn local() -> Self {
        // In the build folder: what is in memory cannot be synced.
        let folder = array_format_reliability::cargo::target().join("reliability");
        std::fs::create_dir_all(&folder).unwrap();
        Self::Local(TempDir::new_in(folder).unwrap())
    }

    pub async fn s3() -> Self {
        Self::Server(Box::new(Server::start(Kind::MiniStack).await.unwrap()))
    }

    pub fn name(&self) -> &'static str {
        match self {
            Self::Local(_) => "local disk",
            Self::Server(_) => "S3",
        }
    }

    /// A new, empty place for a file.
    pub fn place(&self) -> Place {
        match self {
            Self::Local(folder) => {
                let folder = folder.path().join(random_name());
                std::fs::create_dir(&folder).unwrap();
                let url = folder.join("run.af").to_str().unwrap().to_owned();
                Place::new(url, Vec::new())
            }
            Self::Server(server) => {
                Place::new(format!("{}/run.af", server.new_url()), server.options())
            }
        }
    }
}

/// A file's place.
pub struct Place {
    url: String,
    options: Vec<(String, String)>,
    pub store: Arc<dyn ObjectStore>,
    pub path: Path,
}

impl Place {
    fn new(url: String, options: Vec<(String, String)>) -> Self {
        let (store, path) = resolve(&url, options.clone()).unwrap();
        Self {
            url,
            options,
            store,
            path,
        }
    }

    pub async fn create(&self) -> ArrayFile {
        let config = FileConfig::new(Lz4Codec);
        let created = ArrayFile::create(self.store.clone(), self.path.clone(), config).await;
        created.unwrap()
    }

    pub async fn open(&self) -> Result<ArrayFile> {
        let config = FileConfig::new(Lz4Codec);
        ArrayFile::open(self.store.clone(), self.path.clone(), config).await
    }

    /// The paths of all objects of the file.
    pub async fn objects(&self) -> Vec<Path> {
        let (folder, _) = self.path.as_ref().rsplit_once('/').unwrap_or_default();
        let folder = Path::parse(folder).unwrap();
        let listed = self.store.list(Some(&folder));
        let listed: Vec<_> = listed.try_collect().await.unwrap();
        listed.into_iter().map(|object| object.location).collect()
    }

    /// Copies all objects of the file to another place.
    pub async fn copy_to(&self, other: &Self) {
        for object in self.objects().await {
            let bytes = self
                .store
                .get(&object)
                .await
                .unwrap()
                .bytes()
                .await
                .unwrap();
            let name = object.filename().unwrap();
            let to = match other.path.as_ref().rsplit_once('/') {
                Some((folder, _)) => Path::parse(format!("{folder}/{name}")).unwrap(),
                None => Path::parse(name).unwrap(),
            };
            other.store.put(&to, bytes.into()).await.unwrap();
        }
    }

    /// A process that works on the file; it is killed when the handle is dropped.
    pub fn torture(&self, verb: &str, arguments: &[String]) -> Child {
        let options: Vec<String> = self
            .options
            .iter()
            .map(|(k, v)| format!("{k}={v}"))
            .collect();
        Command::new(env!("CARGO_BIN_EXE_torture"))
            .args([verb, &self.url])
            .args(arguments)
            .env("AF_TEST_STORE_OPTIONS", options.join(";"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap()
    }
}

/// A number from the environment.
pub fn number(name: &str, otherwise: u64) -> u64 {
    let value = std::env::var(name)
        .ok()
        .and_then(|value| value.parse().ok());
    value.unwrap_or(otherwise)
}
