//! Decoding frames straight into the caller's memory, on several threads.
#![expect(
    unsafe_code,
    reason = "threads write their tiles into one slice; see `shared.rs`"
)]

use std::cell::RefCell;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};

use array_format_core::frame::FrameDecoder;
use array_format_core::geometry::{Coords, Region, for_each_run};
use array_format_core::wire::sums::PartSums;
use array_format_core::wire::tables::FrameRow;
use bytes::Bytes;

use super::shared::Shared;
use super::sink::minus;
use crate::error::{Error, Result};
use crate::storage::OpenFile;

/// Decoded bytes from which on a second thread is worth its start.
const THREAD_BYTES: u64 = 1 << 20;
/// Decoded bytes that a thread takes at once, where there is enough for all: two that touch one new large
/// page at the same time both make it, and one is thrown away.
const PIECE_BYTES: u64 = 2 << 20;
/// A call to read from a file takes about as long as reading and checking this many bytes more.
const CALL_BYTES: usize = 8 << 10;

/// Elements of fixed width in C order over a region.
pub(crate) struct Memory<'a> {
    pub(crate) bytes: &'a mut [u8],
    pub(crate) width: usize,
    pub(crate) region: &'a Region,
}

/// Where the stored bytes of a frame are.
pub(super) enum Stored {
    Fetched(Bytes),
    /// At this offset of a file.
    File(Arc<OpenFile>, u64),
}

/// A frame, and what of it is wanted.
pub(super) struct Job<'a> {
    /// Which one it is.
    pub(super) number: usize,
    /// Which place it goes to.
    pub(super) lane: usize,
    pub(super) row: &'a FrameRow,
    pub(super) stored: Stored,
    /// The box that it holds.
    pub(super) origin: &'a [u64],
    pub(super) extent: &'a [u64],
    /// What of that is wanted.
    pub(super) part: Region,
}

impl Job<'_> {
    /// About how many bytes are read or decoded for it.
    pub(super) fn work(&self) -> u64 {
        let elements = |shape: &[u64]| shape.iter().product::<u64>().max(1);
        match self.row.sums.is_empty() {
            true => self.row.raw,
            false => self.row.raw / elements(self.extent) * elements(&self.part.shape),
        }
    }
}

/// Buffers that a thread uses for one frame after another: fresh memory costs as much as decoding.
#[derive(Default)]
struct Buffers {
    stored: Vec<u8>,
    raw: Vec<u8>,
    /// The bytes of a frame that are read.
    spans: Vec<Range<usize>>,
}

impl Buffers {
    /// What a thread keeps between calls.
    const KEPT: usize = 1 << 20;

    fn with<V>(run: impl FnOnce(&mut Self) -> V) -> V {
        thread_local! {
            static BUFFERS: RefCell<Buffers> = RefCell::default();
        }
        let mut buffers = BUFFERS.take();
        let value = run(&mut buffers);
        if buffers.stored.capacity() + buffers.raw.capacity() <= Self::KEPT {
            BUFFERS.replace(buffers);
        }
        value
    }
}

/// Decodes frames into their places, of which each frame names its own by `lane`; no two frames are of
/// the same tile and lane. What failed first is returned, with the number of its frame.
pub(super) fn decode(
    places: &[Option<Place<'_>>],
    jobs: &[Job<'_>],
    threads: usize,
) -> Option<(usize, Error)> {
    let work: u64 = jobs.iter().map(Job::work).sum();
    let worth = (work / THREAD_BYTES).max(1);
    let threads = threads.min(jobs.len()).min(worth as usize);
    let pieces = (4 * threads as u64).max(work.div_ceil(PIECE_BYTES));
    let most = jobs.len().div_ceil(pieces as usize).max(1);
    let (next, failed) = (AtomicUsize::new(0), Mutex::new(None));
    let run = || {
        Buffers::with(|buffers| {
            while let Some(piece) = jobs.chunks(most).nth(next.fetch_add(1, Relaxed)) {
                for job in piece {
                    let Some(place) = &places[job.lane] else {
                        continue;
                    };
                    if let Err(error) = place.take(job, buffers) {
                        let mut failed = failed.lock().unwrap_or_else(PoisonError::into_inner);
                        failed.get_or_insert((job.number, error));
                        // Nothing more is worth its while.
                        next.store(jobs.len(), Relaxed);
                        break;
                    }
                }
            }
        });
    };
    if threads <= 1 {
        run();
    } else {
        std::thread::scope(|scope| {
            for _ in 1..threads {
                scope.spawn(run);
            }
            run();
        });
    }
    failed.into_inner().unwrap_or_else(PoisonError::into_inner)
}

/// Where the frames of one read of one array go.
pub(super) struct Place<'a> {
    decoder: &'a FrameDecoder,
    shared: Shared<'a>,
    width: usize,
    region: &'a Region,
}

impl<'a> Place<'a> {
    pub(super) fn new(decoder: &'a FrameDecoder, memory: Memory<'a>) -> Self {
        Self {
            decoder,
            shared: Shared::new(memory.bytes),
            width: memory.width,
            region: memory.region,
        }
    }

    /// Brings what is wanted of a frame to its place.
    fn take(&self, job: &Job<'_>, buffers: &mut Buffers) -> Result<()> {
        let (row, decoder) = (job.row, self.decoder);
        if let Some((from, to)) = self.whole(job) {
            // SAFETY: frames of one call that go to the same place are of different tiles, whose boxes
            // do not overlap, and no other thread has this one.
            let out = unsafe { self.shared.part(from, to) };
            return match &job.stored {
                Stored::Fetched(stored) => decoder.decode_into(row, stored, out),
                Stored::File(file, offset) if decoder.is_raw(row) => {
                    file.read_at(out, *offset)?;
                    decoder.verify(row, out)
                }
                Stored::File(file, offset) => {
                    let stored = read(file, *offset, row.stored, &mut buffers.stored)?;
                    decoder.decode_into(row, stored, out)
                }
            };
        }
        let stored = match &job.stored {
            Stored::Fetched(stored) => stored,
            Stored::File(file, offset) if !row.sums.is_empty() && decoder.is_raw(row) => {
                return self.take_parts(job, file, *offset, buffers);
            }
            Stored::File(file, offset) => read(file, *offset, row.stored, &mut buffers.stored)?,
        };
        let raw = if decoder.is_raw(row) {
            decoder.verify(row, stored)?;
            stored
        } else {
            buffers.raw.resize(row.raw as usize, 0);
            let wanted = self.end(job);
            decoder.decode_start(row, stored, &mut buffers.raw, wanted)?;
            &buffers.raw
        };
        self.copy_runs(job, |run| raw.get(run))
    }

    /// Brings what is wanted of a raw frame that is at `offset` of a file, of which the parts that hold it
    /// are read and checked, and what lies between them where that is little.
    fn take_parts(
        &self,
        job: &Job<'_>,
        file: &OpenFile,
        offset: u64,
        buffers: &mut Buffers,
    ) -> Result<()> {
        let Buffers { stored, spans, .. } = buffers;
        let row = job.row;
        spans.clear();
        self.runs(job, |from, _, n| {
            let wanted = from * self.width..(from + n) * self.width;
            let span = PartSums::around(wanted, row.stored as usize);
            // Runs come in the order of the frame.
            match spans
                .last_mut()
                .filter(|last| span.start <= last.end + CALL_BYTES)
            {
                Some(last) => last.end = last.end.max(span.end),
                None => spans.push(span),
            }
        });
        stored.resize(spans.iter().map(Range::len).sum(), 0);
        let mut rest = &mut stored[..];
        for span in &*spans {
            let (out, after) = rest.split_at_mut(span.len());
            file.read_at(out, offset + span.start as u64)?;
            self.decoder.verify_parts(row, span.start as u64, out)?;
            rest = after;
        }
        // The bytes of the spans are back to back.
        let (mut spans, mut before) = (spans.iter().peekable(), 0);
        self.copy_runs(job, |run| {
            while let Some(passed) = spans.next_if(|span| span.end < run.end) {
                before += passed.len();
            }
            let first = before + run.start.checked_sub(spans.peek()?.start)?;
            stored.get(first..first + run.len())
        })
    }

    /// Copies each run of wanted elements, whose bytes in the frame are asked for, to its place.
    fn copy_runs<'b>(
        &self,
        job: &Job<'_>,
        mut bytes: impl FnMut(Range<usize>) -> Option<&'b [u8]>,
    ) -> Result<()> {
        let mut result = Ok(());
        self.runs(job, |from, to, n| {
            if result.is_err() {
                return;
            }
            match bytes(from * self.width..(from + n) * self.width) {
                Some(source) => {
                    let (to, end) = (to * self.width, (to + n) * self.width);
                    // SAFETY: as above; and the runs of one box do not overlap.
                    let out = unsafe { self.shared.part(to, end) };
                    out.copy_from_slice(source);
                }
                None => result = Err(Error::corrupt("a frame ends too early")),
            }
        });
        result
    }

    fn runs(&self, job: &Job<'_>, run: impl FnMut(usize, usize, usize)) {
        let part = &job.part;
        for_each_run(
            &part.shape,
            (job.extent, &minus(&part.start, job.origin)),
            (&self.region.shape, &minus(&part.start, &self.region.start)),
            run,
        );
    }

    /// The bytes in memory, if the whole frame is wanted and they are one run.
    fn whole(&self, job: &Job<'_>) -> Option<(usize, usize)> {
        if job.part.shape[..] != *job.extent {
            return None;
        }
        // One run if all axes but those of extent 1 in front, and one more, are whole in memory, too.
        let inner: Coords = job.extent.iter().copied().skip_while(|&n| n == 1).collect();
        let skipped = job.extent.len() - inner.len();
        let around = &self.region.shape[skipped..];
        if inner.iter().zip(around).skip(1).any(|(a, b)| a != b) {
            return None;
        }
        let mut only = None;
        self.runs(job, |_, to, n| {
            only = Some((to * self.width, (to + n) * self.width))
        });
        only
    }

    /// The end of the last wanted element, in bytes of the frame.
    fn end(&self, job: &Job<'_>) -> usize {
        let part = &job.part;
        let last = minus(&part.start, job.origin).into_iter();
        let last = last
            .zip(&part.shape)
            .map(|(start, n)| (start + n).saturating_sub(1));
        let last = last.zip(job.extent).fold(0, |at, (i, n)| at * n + i);
        (last as usize + 1) * self.width
    }
}

fn read<'b>(
    file: &OpenFile,
    offset: u64,
    length: u64,
    buffer: &'b mut Vec<u8>,
) -> Result<&'b [u8]> {
    buffer.resize(length as usize, 0);
    file.read_at(buffer, offset)?;
    Ok(buffer)
}

#[cfg(test)]
mod tests {
    use crate::{ArrayFile, ArraySpec, DType, FileConfig, Lz4Codec, NoCompression};
    use ndarray::{ArrayD, IxDyn};

    /// Small enough for memcheck, and of several threads all the same.
    #[test]
    fn threads_decode_their_frames_into_one_array() {
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        runtime.unwrap().block_on(async {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("x.af");
            let config = FileConfig {
                threads: Some(3),
                ..FileConfig::new(NoCompression)
            };
            let mut file = ArrayFile::create_path(path, config).await.unwrap();
            let shape = [6, 700, 1100];
            let data = ArrayD::from_shape_fn(IxDyn(&shape), |i| (i[0] + i[1] * 3 + i[2]) as u8);
            for (name, codec) in [("raw", None), ("lz4", Some(Lz4Codec))] {
                let mut spec = ArraySpec::new(DType::UInt8, shape.map(|n| n as u64));
                spec = spec.chunks([4, 300, 512]).tile([4, 100, 512]);
                if codec.is_some() {
                    spec = spec.codec(crate::codec::CodecSpec::lz4());
                }
                file.create_array(name, spec).unwrap();
                file.write_array(name, vec![0; 3], data.view())
                    .await
                    .unwrap();
            }
            file.flush().await.unwrap();
            for name in ["raw", "lz4"] {
                let read = file.read_array::<u8>(name, vec![], vec![]).await.unwrap();
                assert!(read == data, "{name}");
            }
        });
    }
}
