//! What a file records of an array's pipeline (`docs/format.md`, section 7).

use std::fmt;

use super::compression::{CodecId, name_of};
use super::spec::{CodecSpec, Compressor, Filter};
use super::{lz4, pco, zstd};
use crate::error::{Error, Result};
use crate::limits;

/// The name of a pipeline that is not chosen yet.
const AUTO: &str = "auto";

/// One step of a recorded pipeline.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct StageRecord {
    /// The filter or compressor.
    pub name: String,
    /// What it was given, such as a level.
    pub parameters: Vec<i64>,
}

/// A recorded pipeline; the default is codec `none`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct PipelineRecord {
    /// The steps in the order in which they are applied.
    pub stages: Vec<StageRecord>,
}

impl PipelineRecord {
    /// Appends the stored form.
    pub fn encode(&self, out: &mut Vec<u8>) -> Result<()> {
        self.check_shape().map_err(Error::invalid)?;
        out.push(self.stages.len() as u8);
        for stage in &self.stages {
            out.push(stage.name.len() as u8);
            out.extend_from_slice(stage.name.as_bytes());
            out.push(stage.parameters.len() as u8);
            for parameter in &stage.parameters {
                out.extend_from_slice(&parameter.to_le_bytes());
            }
        }
        Ok(())
    }

    /// Reads the stored form, which must fill `bytes`.
    pub fn decode(bytes: &[u8]) -> Result<Self> {
        let mut rest = bytes;
        let count = take(&mut rest, 1)?[0];
        let mut record = Self::default();
        for _ in 0..count {
            let length = take(&mut rest, 1)?[0];
            let name = std::str::from_utf8(take(&mut rest, usize::from(length))?)
                .map_err(|_| Error::corrupt("the name of a codec is not UTF-8"))?
                .to_owned();
            let count = take(&mut rest, 1)?[0];
            let parameters = take(&mut rest, usize::from(count) * 8)?
                .as_chunks::<8>()
                .0
                .iter()
                .map(|bytes| i64::from_le_bytes(*bytes))
                .collect();
            record.stages.push(StageRecord { name, parameters });
        }
        if !rest.is_empty() {
            return Err(Error::corrupt("bytes after a codec pipeline"));
        }
        record.check_shape().map_err(Error::corrupt)?;
        Ok(record)
    }

    /// What holds for every pipeline, whether or not its codecs are known here.
    fn check_shape(&self) -> std::result::Result<(), String> {
        if self.stages.len() > limits::PIPELINE_STAGES {
            return Err(format!(
                "a codec pipeline has {} stages, at most {} are possible",
                self.stages.len(),
                limits::PIPELINE_STAGES
            ));
        }
        for (i, stage) in self.stages.iter().enumerate() {
            let name = &stage.name;
            if name.is_empty() || name.len() > usize::from(u8::MAX) || name == "none" {
                return Err(format!("{name:?} is not the name of a codec stage"));
            }
            if stage.parameters.len() > limits::STAGE_PARAMETERS {
                return Err(format!("codec {name:?} has too many parameters"));
            }
            let last = i + 1 == self.stages.len();
            if !last && Filter::from_name(name).is_none() {
                return Err(format!("codec {name:?} is not the last of its pipeline"));
            }
            if name == AUTO && (i > 0 || !stage.parameters.is_empty()) {
                return Err("codec auto does not stand alone".to_owned());
            }
        }
        Ok(())
    }

    /// Whether the pipeline is not chosen yet; such an array has no frames.
    pub fn is_auto(&self) -> bool {
        self.stages.first().is_some_and(|stage| stage.name == AUTO)
    }

    /// Whether bytes are stored as they are.
    pub fn is_none(&self) -> bool {
        self.stages.is_empty()
    }

    /// The compressor's id; filters have none.
    pub fn codec_id(&self) -> CodecId {
        match self.compressor() {
            Some(stage) => CodecId::Named(stage.name.clone()),
            None => CodecId::None,
        }
    }

    /// Whether it ends in a compressor, so that full tiles at an array's edge cost little.
    pub fn pads(&self) -> bool {
        self.compressor().is_some()
    }

    /// The filters, in order.
    pub(super) fn filters(&self) -> impl Iterator<Item = Filter> {
        self.stages
            .iter()
            .filter_map(|stage| Filter::from_name(&stage.name))
    }

    /// The stage that is not a filter.
    pub(super) fn compressor(&self) -> Option<&StageRecord> {
        let last = self.stages.last()?;
        Filter::from_name(&last.name).is_none().then_some(last)
    }
}

impl fmt::Display for PipelineRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_none() {
            return f.write_str("none");
        }
        for (i, stage) in self.stages.iter().enumerate() {
            if i > 0 {
                f.write_str("+")?;
            }
            f.write_str(&stage.name)?;
            if let Some((first, others)) = stage.parameters.split_first() {
                write!(f, "({first}")?;
                for parameter in others {
                    write!(f, ",{parameter}")?;
                }
                f.write_str(")")?;
            }
        }
        Ok(())
    }
}

impl From<&CodecSpec> for PipelineRecord {
    fn from(spec: &CodecSpec) -> Self {
        let stage = |name: &str, level: Option<i64>| StageRecord {
            name: name.to_owned(),
            parameters: level.into_iter().collect(),
        };
        let filters = spec.filters().iter().map(|f| stage(f.name(), None));
        let last = match spec.compressor() {
            None => Some(stage(AUTO, None)),
            Some(Compressor::None) => None,
            Some(Compressor::Lz4 { acceleration }) => Some(stage(
                lz4::NAME,
                lz4::parameter(*acceleration).map(i64::from),
            )),
            Some(Compressor::Zstd { level }) => Some(stage(zstd::NAME, Some((*level).into()))),
            Some(Compressor::Pco { level }) => Some(stage(pco::NAME, Some((*level).into()))),
            Some(Compressor::Custom(codec)) => {
                Some(stage(&name_of(&codec.id()), codec.level().map(i64::from)))
            }
        };
        Self {
            stages: filters.chain(last).collect(),
        }
    }
}

/// Takes bytes off the front.
fn take<'a>(rest: &mut &'a [u8], count: usize) -> Result<&'a [u8]> {
    let (taken, others) = rest
        .split_at_checked(count)
        .ok_or_else(|| Error::corrupt("a codec pipeline is cut short"))?;
    *rest = others;
    Ok(taken)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn specs() -> Vec<CodecSpec> {
        vec![
            CodecSpec::none(),
            CodecSpec::auto(),
            CodecSpec::lz4().with_filter(Filter::Delta),
            CodecSpec::zstd(-7)
                .with_filter(Filter::Delta)
                .with_filter(Filter::Shuffle),
            CodecSpec::none().with_filter(Filter::Shuffle),
            CodecSpec::pco(),
            CodecSpec::lz4_fast(5),
        ]
    }

    #[test]
    fn the_bytes_are_those_of_the_format_page() {
        let mut bytes = Vec::new();
        let record = PipelineRecord::from(&CodecSpec::zstd(3).with_filter(Filter::Shuffle));
        record.encode(&mut bytes).unwrap();
        assert_eq!(bytes, b"\x02\x07shuffle\0\x04zstd\x01\x03\0\0\0\0\0\0\0");
        assert_eq!(
            PipelineRecord::decode(&[0]).unwrap(),
            PipelineRecord::default()
        );
    }

    #[test]
    fn every_record_reads_back_and_no_other() {
        for spec in specs() {
            let record = PipelineRecord::from(&spec);
            let mut bytes = Vec::new();
            record.encode(&mut bytes).unwrap();
            assert_eq!(PipelineRecord::decode(&bytes).unwrap(), record);
            for cut in 0..bytes.len() {
                assert!(PipelineRecord::decode(&bytes[..cut]).is_err(), "{cut}");
            }
            bytes.push(0);
            assert!(PipelineRecord::decode(&bytes).is_err());
        }
        for bad in [
            &b"\x02\x04zstd\0\x03lz4\0"[..],
            b"\x02\x04zstd\0\x07shuffle\0",
            b"\x02\x05delta\0\x04auto\0",
            b"\x01\x04auto\x01\0\0\0\0\0\0\0\0",
            b"\x01\x04none\0",
            b"\x01\0\0",
            b"\x01\x01\xFF\0",
            &[&b"\x09"[..], &b"\x05delta\0".repeat(9)].concat(),
            &[&b"\x01\x01x\x09"[..], &[0; 72]].concat(),
        ] {
            assert!(PipelineRecord::decode(bad).is_err(), "{bad:?}");
        }
        PipelineRecord::decode(&[&b"\x08"[..], &b"\x05delta\0".repeat(8)].concat()).unwrap();
    }

    #[test]
    fn what_cannot_be_read_is_not_written() {
        let stage = |name: &str, parameters: usize| StageRecord {
            name: name.to_owned(),
            parameters: vec![0; parameters],
        };
        for stages in [
            vec![stage(&"x".repeat(256), 0)],
            vec![stage("x", 9)],
            vec![stage("x", 0), stage("y", 0)],
            vec![stage("delta", 0); 9],
        ] {
            let mut bytes = Vec::new();
            assert!(PipelineRecord { stages }.encode(&mut bytes).is_err());
            assert!(bytes.is_empty());
        }
    }

    #[test]
    fn records_tell_what_they_are() {
        let records: Vec<_> = specs().iter().map(PipelineRecord::from).collect();
        let texts: Vec<_> = records.iter().map(PipelineRecord::to_string).collect();
        let expected = [
            "none",
            "auto",
            "delta+lz4",
            "delta+shuffle+zstd(-7)",
            "shuffle",
            "pco(8)",
            "lz4(5)",
        ];
        assert_eq!(texts, expected);
        let pads: Vec<_> = records.iter().map(PipelineRecord::pads).collect();
        assert_eq!(pads, [false, true, true, true, false, true, true]);
        assert!(records[0].is_none() && !records[0].is_auto() && records[1].is_auto());
        assert_eq!(records[4].codec_id(), CodecId::None);
        assert_eq!(records[3].codec_id(), CodecId::Named("zstd".into()));
    }
}
