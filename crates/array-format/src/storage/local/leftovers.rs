//! What writers that died have left in the folder, for `vacuum`.

use std::io::{self, ErrorKind};
use std::path::{Path as DiskPath, PathBuf};
use std::time::SystemTime;

use object_store::Result;
use object_store::path::Path;

use super::names::{self, Hidden};
use super::{LocalStore, blocking, failed};

/// A staging file, or a claim to replace an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Leftover {
    pub(crate) path: PathBuf,
    /// The object, by its file name; a `#` in it is spelt `%23`.
    pub(crate) object: String,
    /// When it was last changed: a writer that lives may still need it.
    pub(crate) modified: SystemTime,
}

impl LocalStore {
    /// Files of objects whose path begins with `prefix`, in the prefix's own folder.
    pub(crate) async fn leftovers(&self, prefix: &Path) -> Result<Vec<Leftover>> {
        let (disk, location) = (self.writer.disk.clone(), prefix.clone());
        let path = self.files.path_to_filesystem(prefix)?;
        blocking(move || {
            let Some((folder, stem)) = path.parent().zip(path.file_name()) else {
                return Ok(Vec::new());
            };
            let stem = stem.to_string_lossy().replace('#', "%23");
            let listed = match disk.list(folder) {
                Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
                listed => listed.map_err(|error| failed(&location, error))?,
            };
            let mut found = Vec::new();
            for (name, modified) in listed {
                let object = match names::hidden(&name) {
                    Some(Hidden::Staging { object } | Hidden::Claim { object, .. }) => object,
                    None => continue,
                };
                if object.starts_with(&stem) {
                    found.push(Leftover {
                        path: folder.join(&name),
                        object: object.to_owned(),
                        modified,
                    });
                }
            }
            found.sort_by(|a, b| a.path.cmp(&b.path));
            Ok(found)
        })
        .await
    }

    /// Removes one; false if it is still needed, whatever its age: a claim to replace the version
    /// that is there now.
    ///
    /// A writer whose staging file is removed gets an error, or tries again.
    pub(crate) async fn remove_leftover(&self, leftover: &Leftover) -> Result<bool> {
        let (disk, path) = (self.writer.disk.clone(), leftover.path.clone());
        blocking(move || {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let hidden = names::hidden(&name);
            let removed = match hidden {
                None => return Ok(false),
                Some(Hidden::Staging { .. }) => disk.remove(&path),
                Some(Hidden::Claim { object, e_tag }) => {
                    // The name does not tell `#` from `%23`: it must be neither's version.
                    let objects = [object.to_owned(), object.replace("%23", "#")];
                    for object in objects {
                        match disk.stamp(&path.with_file_name(object)) {
                            Ok(now) if now.e_tag() != e_tag => {}
                            Err(error) if error.kind() == ErrorKind::NotFound => {}
                            _ => return Ok(false),
                        }
                    }
                    disk.remove(&path)
                }
            };
            match removed {
                Err(error) if error.kind() != ErrorKind::NotFound => Err(described(&path, error)),
                _ => Ok(true),
            }
        })
        .await
    }
}

fn described(path: &DiskPath, error: io::Error) -> object_store::Error {
    super::generic(format!("{}: {error}", path.display()).into())
}
