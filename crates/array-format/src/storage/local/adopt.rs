//! Taking the place of a plain `LocalFileSystem`.

use object_store::ObjectStore;
use object_store::local::LocalFileSystem;
use url::Url;

use super::LocalStore;

/// What stores call themselves, and how they are formatted for debugging. Wrappers may pass on the
/// one, but hardly both.
const NAMES: [(&str, &str); 2] = [
    ("LocalFileSystem", "LocalFileSystem {"),
    ("LocalStore", "LocalStore {"),
];

/// The name of a store over the same folder as `files`.
pub(super) fn name(files: &LocalFileSystem) -> String {
    files.to_string().replacen(NAMES[0].0, NAMES[1].0, 1)
}

/// A store over the same folder, if this one is a plain folder of the local disk.
pub(crate) fn recognise(store: &dyn ObjectStore) -> Option<LocalStore> {
    let (shown, debugged) = (store.to_string(), format!("{store:?}"));
    let root = NAMES.iter().find_map(|(name, debug)| {
        let root = shown.strip_prefix(name)?.strip_prefix('(')?;
        root.strip_suffix(')')
            .filter(|_| debugged.starts_with(debug))
    })?;
    let folder = Url::parse(root).ok()?.to_file_path().ok()?;
    LocalStore::new(folder).ok()
}
