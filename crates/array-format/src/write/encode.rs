//! Encoding tiles, on several threads where there is enough to do.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, mpsc};

use array_format_core::array::ArrayMeta;
use array_format_core::codec::{Codecs, Pipeline, PipelineRecord, SAMPLES, sample, weigh};
use array_format_core::frame::{self, EncodedFrame};
use array_format_core::geometry::{Tile, TileKey};

use super::source::Source;
use crate::blocking;
use crate::config::Settings;
use crate::error::Result;

/// Decoded bytes from which on other tasks of the runtime are to go on meanwhile.
const BLOCKING_BYTES: u64 = 128 << 10;
/// Decoded bytes that a quick codec may encode while other tasks of a runtime of one thread wait.
const TURN_BYTES: u64 = 1 << 20;
/// Decoded bytes from which on a second thread is worth its start.
const THREAD_BYTES: u64 = 1 << 20;

/// A whole tile to encode.
pub(crate) struct Job<'a> {
    tile: Tile,
    elements: Source<'a>,
    /// Its stored form, if the choice of the pipeline has made it already.
    encoded: Option<Vec<u8>>,
}

/// Encodes tiles of one array, in the order in which they come.
pub(crate) struct Encoder<'a> {
    meta: Arc<ArrayMeta>,
    record: PipelineRecord,
    codecs: Codecs,
    threads: usize,
    pipeline: Option<Pipeline>,
    jobs: Vec<Job<'a>>,
    bytes: u64,
}

impl<'a> Encoder<'a> {
    pub(crate) fn new(meta: &Arc<ArrayMeta>, settings: &Settings) -> Result<Self> {
        let pipeline = if meta.pipeline.is_auto() {
            None
        } else {
            Some(Pipeline::from_record(
                &meta.pipeline,
                &meta.dtype,
                &settings.codecs,
            )?)
        };
        Ok(Self {
            meta: Arc::clone(meta),
            record: meta.pipeline.clone(),
            codecs: settings.codecs.clone(),
            threads: settings.threads,
            pipeline,
            jobs: Vec::new(),
            bytes: 0,
        })
    }

    /// The pipeline as it is recorded.
    pub(crate) fn record(&self) -> &PipelineRecord {
        &self.record
    }

    /// Decoded bytes that wait.
    pub(crate) fn waiting(&self) -> u64 {
        self.bytes
    }

    pub(crate) fn push(&mut self, job: Job<'a>) {
        self.bytes += job.bytes();
        self.jobs.push(job);
    }

    /// Hands on the frames of all tiles that wait, in their order.
    pub(crate) async fn run(
        &mut self,
        take: impl FnMut(TileKey, EncodedFrame<'_>) -> Result<()>,
    ) -> Result<()> {
        let mut jobs = std::mem::take(&mut self.jobs);
        let bytes = std::mem::take(&mut self.bytes);
        if jobs.is_empty() {
            return Ok(());
        }
        let pipeline = self.pipeline(&mut jobs, bytes)?.clone();
        // Without compression there is less to do than to hand over.
        let threads = match pipeline.record().stages.is_empty() {
            true => 1,
            false => self.threads.min((bytes / THREAD_BYTES).max(1) as usize),
        };
        let work = Work {
            meta: Arc::clone(&self.meta),
            threads,
            pipeline,
        };
        if bytes < BLOCKING_BYTES {
            return work.run(&jobs, take);
        }
        let mut take = take;
        if blocking::may_hold_up() {
            return blocking::in_place(|| work.run(&jobs, take));
        }
        if work.pipeline.is_quick() && jobs.iter().all(|job| job.bytes() <= TURN_BYTES) {
            for turn in turns(&jobs, TURN_BYTES * self.threads as u64) {
                work.run(turn, &mut take)?;
                blocking::give_way().await;
            }
            return Ok(());
        }
        let jobs: Vec<Job<'static>> = jobs.into_iter().map(Job::into_owned).collect();
        let frames = blocking::run(move || {
            let mut frames = Vec::new();
            work.run(&jobs, |key, frame| {
                frames.push((key, frame.into_owned()));
                Ok(())
            })?;
            Ok::<_, crate::Error>(frames)
        });
        let frames = frames.await??;
        frames
            .into_iter()
            .try_for_each(|(key, frame)| take(key, frame))
    }

    /// The pipeline, chosen from these tiles of `total` bytes if the array leaves it open. A choice that
    /// looks at all of them leaves them encoded.
    fn pipeline(&mut self, jobs: &mut [Job<'_>], total: u64) -> Result<&Pipeline> {
        let mut encoded = Vec::new();
        if self.pipeline.is_none() {
            let step = jobs.len().div_ceil(SAMPLES).max(1);
            let raws = jobs
                .iter()
                .step_by(step)
                .map(|job| job.elements.borrowed().encode())
                .collect::<Result<Vec<_>>>()?;
            let width = self.meta.dtype.element_size().unwrap_or(1);
            let samples: Vec<&[u8]> = raws
                .iter()
                .enumerate()
                .map(|(i, raw)| sample(raw, i, total, width))
                .collect();
            let saw_all = raws.len() == jobs.len()
                && raws.iter().zip(&samples).all(|(a, b)| a.len() == b.len());
            let choice = weigh(&self.meta.dtype, &samples);
            self.record = PipelineRecord::from(&choice.spec);
            if saw_all {
                encoded = choice.stored;
            }
            let mut meta = ArrayMeta::clone(&self.meta);
            meta.pipeline = self.record.clone();
            self.meta = Arc::new(meta);
        }
        let pipeline = match self.pipeline.take() {
            Some(pipeline) => pipeline,
            None => Pipeline::from_record(&self.record, &self.meta.dtype, &self.codecs)?,
        };
        // A codec of the user's own may have the name of the one that was tried.
        if pipeline.is_builtin() {
            for (job, stored) in jobs.iter_mut().zip(encoded) {
                job.encoded = Some(stored);
            }
        }
        Ok(self.pipeline.insert(pipeline))
    }
}

/// Jobs in groups of about this many bytes.
fn turns<'j, 'a>(mut jobs: &'j [Job<'a>], bytes: u64) -> impl Iterator<Item = &'j [Job<'a>]> {
    std::iter::from_fn(move || {
        let mut room = bytes;
        let n = jobs.iter().take_while(|job| {
            let fits = room > 0;
            room = room.saturating_sub(job.bytes());
            fits
        });
        let (turn, rest) = jobs.split_at(n.count());
        jobs = rest;
        (!turn.is_empty()).then_some(turn)
    })
}

impl<'a> Job<'a> {
    pub(crate) fn new(tile: Tile, elements: Source<'a>) -> Self {
        Self {
            tile,
            elements,
            encoded: None,
        }
    }

    fn bytes(&self) -> u64 {
        self.elements.borrowed().raw_len().max(1)
    }

    fn into_owned(self) -> Job<'static> {
        Job {
            tile: self.tile,
            elements: self.elements.into_owned(),
            encoded: self.encoded,
        }
    }
}

/// What all tiles have in common.
struct Work {
    meta: Arc<ArrayMeta>,
    pipeline: Pipeline,
    threads: usize,
}

impl Work {
    fn one<'j>(&self, job: &'j Job<'_>) -> Result<EncodedFrame<'j>> {
        let (elements, encoded) = (job.elements.borrowed(), job.encoded.as_deref());
        frame::encode(&self.meta, &self.pipeline, &job.tile, elements, encoded)
    }

    /// Encodes tiles on several threads; this one takes the frames, in the order of the tiles.
    fn run(
        &self,
        jobs: &[Job<'_>],
        mut take: impl FnMut(TileKey, EncodedFrame<'_>) -> Result<()>,
    ) -> Result<()> {
        if self.threads <= 1 || jobs.len() <= 1 {
            return jobs
                .iter()
                .try_for_each(|job| take(job.tile.key.clone(), self.one(job)?));
        }
        let next = AtomicUsize::new(0);
        let (sender, receiver) = mpsc::channel();
        std::thread::scope(|scope| {
            for _ in 0..self.threads.min(jobs.len()) {
                let (sender, next) = (sender.clone(), &next);
                scope.spawn(move || {
                    while let Some((i, job)) = nth(jobs, next.fetch_add(1, Relaxed)) {
                        // Nobody receives any more after an error.
                        if sender.send((i, self.one(job))).is_err() {
                            break;
                        }
                    }
                });
            }
            drop(sender);
            let mut early = BTreeMap::new();
            let mut taken = 0;
            for (i, frame) in receiver {
                early.insert(i, frame);
                while let Some(frame) = early.remove(&taken) {
                    take(jobs[taken].tile.key.clone(), frame?)?;
                    taken += 1;
                }
            }
            Ok(())
        })
    }
}

fn nth<T>(items: &[T], i: usize) -> Option<(usize, &T)> {
    items.get(i).map(|item| (i, item))
}

#[cfg(test)]
mod tests {
    use ndarray::Array1;

    use crate::codec::{CodecId, CodecSpec, CompressionCodec};
    use crate::{ArrayFile, ArraySpec, DType, FileConfig, NoCompression, Result};

    /// A user's own codec that has the name of one of the library's, and other bytes.
    struct Own(&'static str);

    impl CompressionCodec for Own {
        fn id(&self) -> CodecId {
            CodecId::Named(self.0.to_owned())
        }
        fn compress(&self, data: &[u8]) -> Result<Vec<u8>> {
            Ok([&b"own"[..], data].concat())
        }
        fn decompress(&self, data: &[u8], _: usize) -> Result<Vec<u8>> {
            let raw = data.strip_prefix(b"own");
            raw.map(<[u8]>::to_vec)
                .ok_or_else(|| crate::Error::Codec("not its own".into()))
        }
    }

    #[test]
    fn what_the_choice_encoded_is_not_taken_for_a_codec_of_the_users_own() {
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        runtime.unwrap().block_on(async {
            let folder = tempfile::tempdir().unwrap();
            let mut config = FileConfig::new(NoCompression);
            for name in ["lz4", "zstd"] {
                config = config.with_codec(std::sync::Arc::new(Own(name)));
            }
            let path = folder.path().join("x.af");
            let mut file = ArrayFile::create_path(path, config).await.unwrap();
            let texts = Array1::from_shape_fn(500, |i| format!("station {}", i % 7));
            let spec = ArraySpec::new(DType::String, [500]).codec(CodecSpec::auto());
            file.create_array("texts", spec).unwrap();
            let view = texts.view().into_dyn();
            file.write_array("texts", vec![0], view).await.unwrap();
            file.flush().await.unwrap();
            let chosen = file.get_array("texts").unwrap().pipeline.to_string();
            assert_ne!(chosen, "none");
            let read = file.read_array::<String>("texts", vec![], vec![]);
            assert!(read.await.unwrap() == texts.into_dyn());
        });
    }
}
