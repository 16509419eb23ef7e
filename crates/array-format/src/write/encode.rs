//! Encoding tiles in parallel, away from the async runtime.

use std::sync::Arc;

use array_format_core::array::ArrayMeta;
use array_format_core::codec::{CodecSpec, Codecs, Pipeline, PipelineRecord, choose};
use array_format_core::elements::Elements;
use array_format_core::frame::{self, EncodedFrame};
use array_format_core::geometry::{Tile, TileKey};

use crate::blocking;
use crate::config::Settings;
use crate::error::Result;

/// Decoded bytes from which on a worker thread is worth its start.
const BLOCKING_BYTES: u64 = 128 << 10;
/// Tiles that `auto` looks at, and how much of each.
const SAMPLES: usize = 4;
const SAMPLE_BYTES: usize = 256 << 10;

/// A whole tile to encode.
pub(crate) struct Job {
    pub(crate) tile: Tile,
    pub(crate) elements: Arc<Elements>,
}

/// Encodes tiles of one array, in the order in which they come.
pub(crate) struct Encoder {
    meta: Arc<ArrayMeta>,
    record: PipelineRecord,
    codecs: Codecs,
    pipeline: Option<Pipeline>,
    jobs: Vec<Job>,
    bytes: u64,
}

impl Encoder {
    pub(crate) fn new(meta: &ArrayMeta, settings: &Settings) -> Result<Self> {
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
            meta: Arc::new(meta.clone()),
            record: meta.pipeline.clone(),
            codecs: settings.codecs.clone(),
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

    pub(crate) fn push(&mut self, job: Job) {
        self.bytes += job.elements.raw_len().max(1);
        self.jobs.push(job);
    }

    /// The frames of all tiles that wait, in their order.
    pub(crate) async fn run(&mut self) -> Result<Vec<(TileKey, EncodedFrame)>> {
        let jobs = std::mem::take(&mut self.jobs);
        let bytes = std::mem::take(&mut self.bytes);
        if jobs.is_empty() {
            return Ok(Vec::new());
        }
        let pipeline = self.pipeline(&jobs)?.clone();
        if bytes < BLOCKING_BYTES {
            return encode(&self.meta, &pipeline, jobs);
        }
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let share = jobs.len().div_ceil(threads);
        let mut work = Vec::new();
        let mut rest = jobs;
        while !rest.is_empty() {
            let next = rest.split_off(share.min(rest.len()));
            let jobs = std::mem::replace(&mut rest, next);
            let (meta, pipeline) = (Arc::clone(&self.meta), pipeline.clone());
            work.push(blocking::run(move || encode(&meta, &pipeline, jobs)));
        }
        let mut frames = Vec::new();
        for done in futures::future::join_all(work).await {
            frames.extend(done??);
        }
        Ok(frames)
    }

    /// The pipeline, chosen from these tiles if the array leaves it open.
    fn pipeline(&mut self, jobs: &[Job]) -> Result<&Pipeline> {
        if self.pipeline.is_none() {
            let step = jobs.len().div_ceil(SAMPLES).max(1);
            let raws = jobs
                .iter()
                .step_by(step)
                .map(|job| job.elements.encode())
                .collect::<Result<Vec<_>>>()?;
            let lane = self.meta.dtype.element_size().unwrap_or(1).max(1);
            let samples: Vec<&[u8]> = raws
                .iter()
                .map(|raw| &raw[..raw.len().min(SAMPLE_BYTES / lane * lane)])
                .collect();
            let spec: CodecSpec = choose(&self.meta.dtype, &samples);
            self.record = PipelineRecord::from(&spec);
            let mut meta = ArrayMeta::clone(&self.meta);
            meta.pipeline = self.record.clone();
            self.meta = Arc::new(meta);
        }
        let pipeline = match self.pipeline.take() {
            Some(pipeline) => pipeline,
            None => Pipeline::from_record(&self.record, &self.meta.dtype, &self.codecs)?,
        };
        Ok(self.pipeline.insert(pipeline))
    }
}

fn encode(
    meta: &ArrayMeta,
    pipeline: &Pipeline,
    jobs: Vec<Job>,
) -> Result<Vec<(TileKey, EncodedFrame)>> {
    jobs.into_iter()
        .map(|job| {
            let frame = frame::encode(meta, pipeline, &job.tile, &job.elements)?;
            Ok((job.tile.key, frame))
        })
        .collect()
}
