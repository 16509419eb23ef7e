//! The names of a file's objects.

use array_format_core::wire::header::Id;
use object_store::path::Path;

use super::ObjectStoreBackend;

/// What an annex's name has after the stem of the file.
const ANNEX: &str = ".annex.";

impl ObjectStoreBackend {
    pub(in crate::storage) fn stem(&self) -> &str {
        let base = self.base.as_ref();
        base.strip_suffix(".af").unwrap_or(base)
    }

    /// The path of the base without its ending: what all names of the file begin with.
    pub(crate) fn stem_path(&self) -> Path {
        Path::parse(self.stem()).unwrap_or_else(|_| Path::from(self.stem()))
    }

    /// The path of the sidecar with this number.
    pub(crate) fn sidecar(&self, sequence: u64) -> Path {
        // The stem is canonical already: encoding it again would double its escapes.
        let path = format!("{}.{sequence}.af", self.stem());
        Path::parse(&path).unwrap_or_else(|_| Path::from(path))
    }

    /// The path of the annex with this id.
    pub(crate) fn annex(&self, id: Id) -> Path {
        let path = format!("{}{ANNEX}{id:?}", self.stem());
        Path::parse(&path).unwrap_or_else(|_| Path::from(path))
    }

    /// The id of an annex of this file's name.
    pub(super) fn annex_id(&self, path: &Path) -> Option<Id> {
        Id::parse(
            path.as_ref()
                .strip_prefix(self.stem())?
                .strip_prefix(ANNEX)?,
        )
    }

    /// The number of a sidecar of this file's name.
    pub(super) fn number(&self, path: &Path) -> Option<u64> {
        let digits = path
            .as_ref()
            .strip_prefix(self.stem())?
            .strip_prefix('.')?
            .strip_suffix(".af")?;
        let canonical = digits.bytes().all(|b| b.is_ascii_digit())
            && (digits == "0" || !digits.starts_with('0'));
        canonical.then(|| digits.parse().ok())?
    }

    /// Whether an object of this file name, in the file's folder, has the name of the base, a sidecar
    /// or an annex.
    pub(crate) fn has_name(&self, name: &str) -> bool {
        let base = self.base.filename();
        let stem = base.map(|base| base.strip_suffix(".af").unwrap_or(base));
        let number = || {
            let rest = name.strip_prefix(stem?)?.strip_prefix('.')?;
            rest.strip_suffix(".af")?.parse::<u64>().ok()
        };
        let annex = || Id::parse(name.strip_prefix(stem?)?.strip_prefix(ANNEX)?);
        base == Some(name) || number().is_some() || annex().is_some()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn sidecars_are_told_by_their_exact_name() {
        let store = Arc::new(object_store::memory::InMemory::new());
        let check = |base: &str, path: &str, want: Option<u64>| {
            let place = ObjectStoreBackend::new(store.clone(), Path::from(base)).unwrap();
            assert_eq!(place.number(&Path::from(path)), want, "{base} {path}");
            if let Some(number) = want {
                assert_eq!(place.sidecar(number).as_ref(), path);
            }
        };
        check("d/run.af", "d/run.2.af", Some(2));
        check("run", "run.12.af", Some(12));
        for other in [
            "d/run.02.af",
            "d/run..af",
            "d/run.2",
            "d/run.x.af",
            "d/running.2.af",
            "d/run.af",
            "d/run.99999999999999999999.af",
        ] {
            check("d/run.af", other, None);
        }
        assert!(ObjectStoreBackend::new(store.clone(), Path::from("")).is_err());
    }
}
