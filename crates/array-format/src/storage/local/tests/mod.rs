//! The local store, on the real disk and on simulated ones.

mod conformance;
mod crash;
mod hooked;
mod interleavings;
mod leftovers;
mod plain;
mod race;
mod staging;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use super::disk::Disk;
use super::real::RealDisk;

/// Simulated disks by the folders that are on them: stores are made anew from a folder's name.
static SIMULATED: Mutex<Option<HashMap<PathBuf, Arc<dyn Disk>>>> = Mutex::new(None);

/// From now on this folder is on this disk.
pub(super) fn simulate(folder: &Path, disk: Arc<dyn Disk>) {
    let folder = folder.canonicalize().unwrap();
    let mut simulated = SIMULATED.lock().unwrap();
    simulated.get_or_insert_default().insert(folder, disk);
}

/// What a folder is on.
pub(super) fn disk_of(folder: &Path) -> Arc<dyn Disk> {
    let simulated = SIMULATED.lock().unwrap();
    let disk = folder
        .canonicalize()
        .ok()
        .and_then(|folder| simulated.as_ref()?.get(&folder).cloned());
    disk.unwrap_or_else(|| Arc::new(RealDisk))
}
