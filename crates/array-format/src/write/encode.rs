//! Encoding tiles, on several threads where there is enough to do.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, mpsc};

use array_format_core::array::ArrayMeta;
use array_format_core::codec::{Codecs, Pace, Pipeline, PipelineRecord, SAMPLES, sample, weigh};
use array_format_core::frame::{self, EncodedFrame};
use array_format_core::geometry::{Tile, TileKey};

use super::source::Source;
use crate::blocking;
use crate::config::Settings;
use crate::error::Result;

/// Decoded bytes from which on other tasks of the runtime are to go on meanwhile.
const BLOCKING_BYTES: u64 = 128 << 10;
/// Decoded bytes from which on a second thread is worth its start.
const THREAD_BYTES: u64 = 1 << 20;
/// Frames without a codec, most of which are the tiles' own bytes, are handed on so much at a time.
const TOGETHER_BYTES: u64 = 1 << 20;

/// Frames with their tiles, in the order of these.
pub(crate) type Frames<'f> = Vec<(TileKey, EncodedFrame<'f>)>;

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
    /// Memory for what a tile becomes, one after the other: memory that is touched for the first time
    /// costs more than a copy.
    buffer: Vec<u8>,
    /// Memory for copies of the caller's tiles, for the same reason.
    spare: Vec<Vec<u8>>,
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
            buffer: Vec::new(),
            spare: Vec::new(),
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
    pub(crate) async fn run(&mut self, take: impl FnMut(Frames<'_>) -> Result<()>) -> Result<()> {
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
            return work.run(&jobs, &mut self.buffer, take);
        }
        let mut take = take;
        if blocking::may_hold_up() {
            return blocking::in_place(|| work.run(&jobs, &mut self.buffer, take));
        }
        let pace = work.pipeline.pace();
        let most = turn_bytes(pace);
        // Threads are started for each turn, which slower codecs have many of.
        let in_turns = pace == Pace::Quick || work.threads == 1;
        if in_turns && jobs.iter().all(|job| job.bytes() <= most) {
            for turn in turns(&jobs, most * work.threads as u64) {
                work.run(turn, &mut self.buffer, &mut take)?;
                blocking::give_way().await;
            }
            return Ok(());
        }
        let copies = jobs.iter().filter(|job| job.elements.is_lent()).count();
        let owned = |job: Job<'_>| job.into_owned(&mut self.spare);
        let jobs: Vec<Job<'static>> = jobs.into_iter().map(owned).collect();
        let mut buffer = std::mem::take(&mut self.buffer);
        let encoded = blocking::run(move || {
            let mut frames = Vec::new();
            work.run(&jobs, &mut buffer, |encoded| {
                let owned = encoded
                    .into_iter()
                    .map(|(key, frame)| (key, frame.into_owned()));
                frames.extend(owned);
                Ok(())
            })?;
            Ok::<_, crate::Error>((frames, jobs, buffer))
        });
        let (frames, jobs, buffer) = encoded.await??;
        self.buffer = buffer;
        let buffers = jobs.into_iter().map(|job| job.elements.into_buffer());
        self.spare.extend(buffers.flatten().take(copies));
        take(frames)
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

/// Decoded bytes that may be encoded while other tasks of a runtime of one thread wait.
fn turn_bytes(pace: Pace) -> u64 {
    match pace {
        Pace::Quick => 1 << 20,
        Pace::Steady => 256 << 10,
        Pace::Slow => 0,
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

    fn into_owned(self, spare: &mut Vec<Vec<u8>>) -> Job<'static> {
        Job {
            tile: self.tile,
            elements: self.elements.into_owned(spare),
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
    fn one<'j>(&self, job: &'j Job<'_>, buffer: &'j mut Vec<u8>) -> Result<EncodedFrame<'j>> {
        let (tile, elements, encoded) = (&job.tile, job.elements.borrowed(), &job.encoded);
        let encoded = encoded.as_deref();
        frame::encode(&self.meta, &self.pipeline, tile, elements, encoded, buffer)
    }

    /// Encodes tiles on several threads; this one takes the frames, too, in the order of the tiles.
    fn run(
        &self,
        jobs: &[Job<'_>],
        buffer: &mut Vec<u8>,
        mut take: impl FnMut(Frames<'_>) -> Result<()>,
    ) -> Result<()> {
        let threads = self.threads.min(jobs.len());
        if self.pipeline.record().is_none() {
            return self.lend(jobs, take);
        }
        if threads <= 1 {
            let key = |job: &Job<'_>| job.tile.key.clone();
            return jobs
                .iter()
                .try_for_each(|job| take(vec![(key(job), self.one(job, buffer)?)]));
        }
        let next = AtomicUsize::new(0);
        let encode_next = &|buffer: &mut Vec<u8>| {
            let (i, job) = nth(jobs, next.fetch_add(1, Relaxed))?;
            Some((i, self.one(job, buffer).map(EncodedFrame::into_owned)))
        };
        let (sender, receiver) = mpsc::channel();
        std::thread::scope(|scope| {
            // It ends with this closure, before threads are waited for.
            let receiver = receiver;
            for _ in 1..threads {
                let sender = sender.clone();
                scope.spawn(move || {
                    let mut buffer = Vec::new();
                    while let Some(encoded) = encode_next(&mut buffer) {
                        // Nobody receives any more after an error.
                        if sender.send(encoded).is_err() {
                            break;
                        }
                    }
                });
            }
            drop(sender);
            let mut early = BTreeMap::new();
            let mut taken = 0;
            loop {
                match encode_next(buffer).or_else(|| receiver.recv().ok()) {
                    Some((i, frame)) => early.insert(i, frame),
                    None => return Ok(()),
                };
                early.extend(receiver.try_iter());
                let mut frames = Vec::new();
                while let Some(frame) = early.remove(&taken) {
                    frames.push((jobs[taken].tile.key.clone(), frame?));
                    taken += 1;
                }
                take(frames)?;
            }
        })
    }

    /// Hands on frames without a codec, several at a time.
    fn lend(&self, jobs: &[Job<'_>], mut take: impl FnMut(Frames<'_>) -> Result<()>) -> Result<()> {
        turns(jobs, TOGETHER_BYTES).try_for_each(|jobs| {
            let mut unused = vec![Vec::new(); jobs.len()];
            let jobs = jobs.iter().zip(&mut unused);
            let frame = |(job, buffer)| {
                let job: &Job<'_> = job;
                Ok((job.tile.key.clone(), self.one(job, buffer)?))
            };
            take(jobs.map(frame).collect::<Result<_>>()?)
        })
    }
}

fn nth<T>(items: &[T], i: usize) -> Option<(usize, &T)> {
    items.get(i).map(|item| (i, item))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
    use std::time::Duration;

    use array_format_core::codec::Pipeline;
    use array_format_core::elements::Elements;
    use array_format_core::geometry::Region;
    use ndarray::Array1;

    use super::{Job, Work};
    use crate::codec::{CodecId, CodecSpec, CompressionCodec};
    use crate::{ArrayFile, ArraySpec, DType, Error, FileConfig, NoCompression, Result};

    /// `n` tiles of 64 numbers, each of its own.
    async fn tiles(n: u64, threads: usize, codec: CodecSpec) -> (Work, Vec<Job<'static>>) {
        let config = FileConfig::new(NoCompression);
        let mut file = ArrayFile::create_memory(config).await.unwrap();
        let spec = ArraySpec::new(DType::Int32, [n * 64]).chunks([64]);
        file.create_array("a", spec).unwrap();
        let meta = Arc::clone(file.shared("a").unwrap());
        let region = Region {
            start: [0].into_iter().collect(),
            shape: [n * 64].into_iter().collect(),
        };
        let jobs = (0_i32..).zip(meta.grid().unwrap().tiles(&region));
        let jobs = jobs.map(|(i, tile)| {
            let bytes = i.to_le_bytes().repeat(64);
            Job::new(tile, Elements::Fixed { width: 4, bytes }.into())
        });
        let jobs = jobs.collect();
        let pipeline = Pipeline::from_spec(&codec, &DType::Int32).unwrap();
        let work = Work {
            meta,
            pipeline,
            threads,
        };
        (work, jobs)
    }

    #[tokio::test]
    async fn frames_come_in_order_from_any_number_of_threads() {
        for threads in [1, 2, 5] {
            let (work, jobs) = tiles(300, threads, CodecSpec::lz4()).await;
            let mut taken = 0_i32;
            let mut buffer = Vec::new();
            work.run(&jobs, &mut buffer, |frames| {
                for (key, frame) in frames {
                    assert_eq!(key.chunk[0], taken as u64);
                    let raw = work.pipeline.decode(frame.stored.into_owned().into(), 256);
                    assert_eq!(raw?, taken.to_le_bytes().repeat(64));
                    taken += 1;
                }
                Ok(())
            })
            .unwrap();
            assert_eq!(taken, 300, "{threads} threads");
        }
    }

    /// Takes a millisecond for a frame, and counts them.
    struct Slow(AtomicUsize);

    impl CompressionCodec for Slow {
        fn id(&self) -> CodecId {
            CodecId::Named("slow".to_owned())
        }
        fn compress(&self, data: &[u8]) -> Result<Vec<u8>> {
            std::thread::sleep(Duration::from_millis(1));
            self.0.fetch_add(1, Relaxed);
            Ok(data.to_vec())
        }
        fn decompress(&self, data: &[u8], _: usize) -> Result<Vec<u8>> {
            Ok(data.to_vec())
        }
    }

    #[tokio::test]
    async fn nothing_more_is_encoded_after_an_error() {
        let codec = Arc::new(Slow(AtomicUsize::new(0)));
        let spec = CodecSpec::custom(Arc::clone(&codec) as Arc<dyn CompressionCodec>);
        let (work, jobs) = tiles(2000, 3, spec).await;
        let full = |_: super::Frames<'_>| Err(Error::Storage("full".into()));
        let error = work.run(&jobs, &mut Vec::new(), full).unwrap_err();
        assert!(error.to_string().contains("full"), "{error}");
        assert!(codec.0.load(Relaxed) < 1000);
    }

    #[tokio::test]
    async fn other_tasks_have_their_turns_between_frames() {
        for codec in [CodecSpec::lz4(), CodecSpec::zstd(3), CodecSpec::zstd(12)] {
            let config = FileConfig {
                threads: Some(1),
                ..FileConfig::new(NoCompression)
            };
            let mut file = ArrayFile::create_memory(config).await.unwrap();
            let spec = ArraySpec::new(DType::Int32, [3 << 20]).codec(codec.clone());
            file.create_array("a", spec).unwrap();
            let data = Array1::from_iter((0..3 << 20).map(|i: i32| i / 3)).into_dyn();
            let turns = Arc::new(AtomicUsize::new(0));
            let counted = Arc::clone(&turns);
            let other = tokio::spawn(async move {
                loop {
                    counted.fetch_add(1, Relaxed);
                    tokio::task::yield_now().await;
                }
            });
            file.write_array("a", vec![0], data.view()).await.unwrap();
            other.abort();
            // 12 MiB, of which LZ4 takes a mebibyte at a time.
            let turns = turns.load(Relaxed);
            assert!(turns >= 10, "{turns} turns with {codec:?}");
            let read = file.read_array::<i32>("a", vec![], vec![]).await.unwrap();
            assert!(read == data, "{codec:?}");
        }
    }

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
