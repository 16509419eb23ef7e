//! Names of files that are no objects: `LocalFileSystem` does not list names that end in `#` and
//! digits, if there is no other `#` in them.

use std::io;
use std::path::{Path, PathBuf};

/// Digits of a random number, always so many.
const DIGITS: usize = 20;

/// A random number for a file that nobody else names.
pub(super) fn random() -> io::Result<String> {
    let number = getrandom::u64().map_err(io::Error::other)?;
    Ok(format!("{number:0DIGITS$}"))
}

fn beside(object: &Path, suffix: &str) -> PathBuf {
    let name = object.file_name().unwrap_or_default().to_string_lossy();
    object.with_file_name(format!("{}{suffix}", name.replace('#', "%23")))
}

/// A file on its way to becoming the object: `{object}#{random}`.
pub(super) fn staging(object: &Path, random: &str) -> PathBuf {
    beside(object, &format!("#{random}"))
}

/// The claim with this number to replace a version: `{object}.{ETag}.claim#{number}`.
pub(super) fn claim(object: &Path, e_tag: &str, number: u64) -> PathBuf {
    beside(object, &format!(".{e_tag}.claim#{number}"))
}

/// The random number that a claim holds. A power cut may have left less of it.
pub(super) fn claimant(claim: &[u8]) -> Option<&str> {
    let random = std::str::from_utf8(claim).ok()?;
    (random.len() == DIGITS && random.bytes().all(|b| b.is_ascii_digit())).then_some(random)
}

/// What a file is that is no object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Hidden<'a> {
    Staging { object: &'a str },
    Claim { object: &'a str, e_tag: &'a str },
}

/// Reads a name of this page.
pub(super) fn hidden(name: &str) -> Option<Hidden<'_>> {
    let (stem, digits) = name.split_once('#')?;
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let claim = stem.strip_suffix(".claim").and_then(|s| s.rsplit_once('.'));
    Some(match claim {
        Some((object, e_tag)) => Hidden::Claim { object, e_tag },
        None => Hidden::Staging { object: stem },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_they_are_made() {
        let random = random().unwrap();
        assert_eq!(claimant(random.as_bytes()), Some(&*random));
        for torn in ["", "1", &random[1..], &format!("{random}0")] {
            assert_eq!(claimant(torn.as_bytes()), None, "{torn}");
        }
        for (object, shown) in [("a.af", "a.af"), ("a#1.af", "a%231.af")] {
            let path = Path::new("/folder").join(object);
            let name = |path: PathBuf| {
                assert_eq!(path.parent(), Some(Path::new("/folder")));
                path.file_name().unwrap().to_str().unwrap().to_owned()
            };
            let (staging, claim) = (
                name(staging(&path, &random)),
                name(claim(&path, "a-b-c", 7)),
            );
            assert_eq!(hidden(&staging), Some(Hidden::Staging { object: shown }));
            let e_tag = "a-b-c";
            let expected = Hidden::Claim {
                object: shown,
                e_tag,
            };
            assert_eq!(hidden(&claim), Some(expected));
        }
        for object in ["a.af", "a#", "a#1b", "a#b#1"] {
            assert_eq!(hidden(object), None, "{object}");
        }
    }
}
