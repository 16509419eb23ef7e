//! Codecs, as they are printed and written on the command line: `shuffle+zstd(3)`.

use array_format::codec::{CodecSpec, Compressor, Filter};

/// What is said when a codec cannot be read.
const FORMS: &str = "codecs are auto, none, lz4, lz4(5), zstd, zstd(9), pco, pco(8), \
    with shuffle+ or delta+ before them";

/// Reads a codec.
pub fn parse(text: &str) -> Result<CodecSpec, String> {
    let wrong = || format!("{text:?} is no codec; {FORMS}");
    let stages: Vec<&str> = text.split('+').map(str::trim).collect();
    let (last, filters) = stages.split_last().ok_or_else(wrong)?;
    let (name, level) = match last.split_once(['(', ':']) {
        None => (*last, None),
        Some((name, level)) => {
            let level = level.trim_end_matches(')').trim().parse::<i32>();
            (name, Some(level.map_err(|_| wrong())?))
        }
    };
    let spec = match (name, level) {
        ("auto", None) => CodecSpec::auto(),
        ("none", None) => CodecSpec::none(),
        ("lz4", None) => CodecSpec::lz4(),
        ("lz4", Some(acceleration)) => CodecSpec::lz4_fast(acceleration),
        ("zstd", level) => CodecSpec::zstd(level.unwrap_or(3)),
        ("pco", None) => CodecSpec::pco(),
        ("pco", Some(level)) => {
            let level = u8::try_from(level).map_err(|_| wrong())?;
            CodecSpec::of(Compressor::Pco { level })
        }
        _ => return Err(wrong()),
    };
    filters.iter().try_fold(spec, |spec, filter| match *filter {
        "shuffle" => Ok(spec.with_filter(Filter::Shuffle)),
        "delta" => Ok(spec.with_filter(Filter::Delta)),
        _ => Err(wrong()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use array_format::codec::PipelineRecord;

    #[test]
    fn what_is_printed_can_be_read() {
        for name in [
            "none",
            "lz4",
            "lz4(5)",
            "zstd(3)",
            "zstd(-1)",
            "pco(8)",
            "shuffle+lz4",
            "delta+shuffle+zstd(9)",
        ] {
            let spec = parse(name).unwrap();
            assert_eq!(PipelineRecord::from(&spec).to_string(), name);
        }
        assert_eq!(
            PipelineRecord::from(&parse("zstd:5").unwrap()).to_string(),
            "zstd(5)"
        );
        assert!(parse("auto").unwrap().is_auto());
        for wrong in ["", "gzip", "zstd(x)", "lz4(x)", "lz4+shuffle", "pco(999)"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
