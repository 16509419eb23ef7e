//! A store that lies in one way.

use std::collections::HashSet;
use std::fmt;
use std::sync::{Arc, Mutex};

use array_format::object_store::memory::InMemory;
use array_format::object_store::path::Path;
use array_format::object_store::{
    CopyOptions, Error, GetOptions, GetRange, GetResult, ListResult, MultipartUpload, ObjectMeta,
    ObjectStore, ObjectStoreExt, PutMode, PutMultipartOptions, PutOptions, PutPayload, PutResult,
    Result, UploadPart,
};
use async_trait::async_trait;
use futures::stream::BoxStream;
use futures::{FutureExt, StreamExt};

/// What it does instead of what it is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lie {
    OverwritesOnCreate,
    LooksBeforeItCreates,
    IgnoresVersions,
    LooksBeforeItSwaps,
    TellsLengthsForVersions,
    IgnoresIfMatch,
    ShowsTornObjects,
    /// To the first who asks.
    ShowsDeletedOnce,
    /// What was put last.
    ListsLate,
    ListsAThousand,
    /// Of the names of folders.
    ListsByBeginnings,
    ReadsBeginningsForSuffixes,
    IgnoresRanges,
    DecodesNames,
    /// Of several.
    RemovesTheFirst,
    DropsParts,
    JoinsPartsAsTheyCome,
    ShowsParts,
    PanicsOnUploads,
    /// Which it says, so it is none.
    TakesNothing,
}

#[derive(Debug)]
pub struct Liar {
    lie: Lie,
    inner: Arc<InMemory>,
    deleted: Arc<Mutex<HashSet<Path>>>,
    last: Mutex<Option<Path>>,
}

impl fmt::Display for Liar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Liar({:?})", self.lie)
    }
}

fn length_for_version(meta: &mut ObjectMeta) {
    meta.e_tag = Some(meta.size.to_string());
}

fn stale() -> Error {
    Error::Precondition {
        path: String::new(),
        source: "another length".into(),
    }
}

impl Liar {
    pub fn new(lie: Lie) -> Self {
        Self {
            lie,
            inner: Arc::new(InMemory::new()),
            deleted: Arc::default(),
            last: Mutex::default(),
        }
    }

    /// Puts an object past it.
    pub async fn place(&self, path: &Path, bytes: Vec<u8>) {
        self.inner.put(path, bytes.into()).await.unwrap();
    }

    /// What it lies about.
    pub fn truth(&self) -> Arc<dyn ObjectStore> {
        Arc::clone(&self.inner) as _
    }

    /// The path that it takes for this one.
    fn named(&self, path: &Path) -> Path {
        match self.lie {
            Lie::DecodesNames => Path::from(path.as_ref().replace("%25", "%").replace("%20", " ")),
            _ => path.clone(),
        }
    }

    async fn put_anyway(&self, path: &Path, payload: PutPayload) -> Result<PutResult> {
        self.inner.put(path, payload).await
    }
}

#[async_trait]
impl ObjectStore for Liar {
    async fn put_opts(
        &self,
        path: &Path,
        payload: PutPayload,
        options: PutOptions,
    ) -> Result<PutResult> {
        let path = &self.named(path);
        self.deleted.lock().unwrap().remove(path);
        *self.last.lock().unwrap() = Some(path.clone());
        let length = payload.content_length();
        match (self.lie, &options.mode) {
            (Lie::TakesNothing, _) => Err(Error::NotImplemented {
                operation: "put".into(),
                implementer: self.to_string(),
            }),
            (Lie::OverwritesOnCreate, PutMode::Create) => self.put_anyway(path, payload).await,
            (Lie::IgnoresVersions, PutMode::Update(_)) => self.put_anyway(path, payload).await,
            (Lie::LooksBeforeItCreates, PutMode::Create) => {
                if self.inner.head(path).await.is_ok() {
                    return self.inner.put_opts(path, payload, options).await;
                }
                tokio::task::yield_now().await;
                self.put_anyway(path, payload).await
            }
            (Lie::LooksBeforeItSwaps, PutMode::Update(seen)) => {
                if self.inner.head(path).await.ok().and_then(|meta| meta.e_tag) != seen.e_tag {
                    return self.inner.put_opts(path, payload, options).await;
                }
                tokio::task::yield_now().await;
                self.put_anyway(path, payload).await
            }
            (Lie::TellsLengthsForVersions, mode) => {
                let there = self.inner.head(path).await.ok();
                let there = there.map(|meta| meta.size.to_string());
                let put = match mode {
                    PutMode::Update(seen) if seen.e_tag != there => Err(stale()),
                    PutMode::Update(_) => self.put_anyway(path, payload).await,
                    _ => self.inner.put_opts(path, payload, options).await,
                };
                put.map(|put| PutResult {
                    e_tag: Some(length.to_string()),
                    ..put
                })
            }
            (Lie::ShowsTornObjects, PutMode::Overwrite) => {
                let whole: Vec<u8> = payload.iter().flatten().copied().collect();
                let half = whole[..whole.len() / 2].to_vec();
                self.put_anyway(path, half.into()).await?;
                for _ in 0..10 {
                    tokio::task::yield_now().await;
                }
                self.put_anyway(path, payload).await
            }
            _ => self.inner.put_opts(path, payload, options).await,
        }
    }

    async fn put_multipart_opts(
        &self,
        path: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        let lie = match self.lie {
            Lie::PanicsOnUploads => unimplemented!("uploads"),
            Lie::TakesNothing => {
                return Err(Error::NotImplemented {
                    operation: "put_multipart".into(),
                    implementer: self.to_string(),
                });
            }
            lie @ (Lie::DropsParts | Lie::JoinsPartsAsTheyCome | Lie::ShowsParts) => lie,
            _ => return self.inner.put_multipart_opts(path, options).await,
        };
        Ok(Box::new(Upload {
            lie,
            store: Arc::clone(&self.inner),
            path: path.clone(),
            parts: Arc::default(),
            started: 0,
        }))
    }

    async fn get_opts(&self, path: &Path, mut options: GetOptions) -> Result<GetResult> {
        let path = &self.named(path);
        if self.deleted.lock().unwrap().remove(path) {
            // As it was, whatever it was.
            let shown = InMemory::new();
            shown.put(path, "deleted".into()).await?;
            return shown.get(path).await;
        }
        match (self.lie, &options.range) {
            (Lie::ReadsBeginningsForSuffixes, Some(GetRange::Suffix(n))) => {
                options.range = Some(GetRange::Bounded(0..*n));
            }
            (Lie::IgnoresRanges, _) => options.range = None,
            (Lie::IgnoresIfMatch, _) => options.if_match = None,
            (Lie::TellsLengthsForVersions, _) => {
                let asked = options.if_match.take();
                let mut result = self.inner.get_opts(path, options).await?;
                length_for_version(&mut result.meta);
                let refused = asked.is_some() && asked != result.meta.e_tag;
                return if refused { Err(stale()) } else { Ok(result) };
            }
            _ => {}
        }
        self.inner.get_opts(path, options).await
    }

    fn delete_stream(
        &self,
        paths: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        let (lie, deleted) = (self.lie, Arc::clone(&self.deleted));
        let mut first = true;
        let decoding = Self {
            last: Mutex::default(),
            deleted: Arc::default(),
            inner: Arc::clone(&self.inner),
            lie,
        };
        let paths = paths.map(move |path| {
            let path = decoding.named(&path?);
            if lie == Lie::ShowsDeletedOnce {
                deleted.lock().unwrap().insert(path.clone());
            }
            match lie {
                // It answers for the others, too.
                Lie::RemovesTheFirst if !std::mem::take(&mut first) => Ok(Path::from("nothing")),
                _ => Ok(path),
            }
        });
        self.inner.delete_stream(paths.boxed())
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.inner.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        let mut listed = self.inner.list_with_delimiter(prefix).await?;
        match self.lie {
            Lie::ListsLate => {
                let last = self.last.lock().unwrap().take();
                listed
                    .objects
                    .retain(|o| Some(&o.location) != last.as_ref());
            }
            Lie::ListsAThousand => listed.objects.truncate(1000),
            Lie::TellsLengthsForVersions => listed.objects.iter_mut().for_each(length_for_version),
            Lie::ListsByBeginnings => {
                let all: Vec<_> = self.inner.list(None).collect().await;
                let begins = |o: &ObjectMeta| {
                    o.location
                        .as_ref()
                        .starts_with(prefix.map_or("", |prefix| prefix.as_ref()))
                };
                listed.objects = all.into_iter().flatten().filter(begins).collect();
            }
            _ => {}
        }
        Ok(listed)
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.inner.copy_opts(from, to, options).await
    }
}

/// An upload that loses, mixes up or shows its parts.
#[derive(Debug)]
struct Upload {
    lie: Lie,
    store: Arc<InMemory>,
    path: Path,
    parts: Arc<Mutex<Vec<(usize, PutPayload)>>>,
    started: usize,
}

impl Upload {
    fn joined(parts: &[(usize, PutPayload)]) -> PutPayload {
        let parts = parts.iter().flat_map(|(_, part)| part.iter().cloned());
        parts.collect()
    }
}

#[async_trait]
impl MultipartUpload for Upload {
    fn put_part(&mut self, part: PutPayload) -> UploadPart {
        let (number, parts) = (self.started, Arc::clone(&self.parts));
        self.started += 1;
        let (lie, store, path) = (self.lie, Arc::clone(&self.store), self.path.clone());
        async move {
            let joined = {
                let mut parts = parts.lock().unwrap();
                parts.push((number, part));
                if lie != Lie::JoinsPartsAsTheyCome {
                    parts.sort_by_key(|(number, _)| *number);
                }
                Self::joined(&parts)
            };
            match lie {
                Lie::ShowsParts => store.put(&path, joined).await.map(drop),
                _ => Ok(()),
            }
        }
        .boxed()
    }

    async fn complete(&mut self) -> Result<PutResult> {
        let mut parts = self.parts.lock().unwrap().clone();
        if self.lie == Lie::DropsParts {
            parts.remove(1);
        }
        self.store.put(&self.path, Self::joined(&parts)).await
    }

    async fn abort(&mut self) -> Result<()> {
        Ok(())
    }
}
