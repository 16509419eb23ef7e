//! What a power cut may leave of a log.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use super::Random;
use super::disk::{Event, FileId, NameOp, is_object};

/// Pending changes of folders up to which every subset is tried.
const ALL_SUBSETS: usize = 6;
/// Subsets that are tried beyond that, and combinations of damaged files.
const SAMPLES: usize = 24;

/// The files that are left, by path.
pub(super) type Image = BTreeMap<PathBuf, Arc<[u8]>>;

#[derive(Debug, Clone, Default)]
struct File {
    durable: Vec<u8>,
    current: Vec<u8>,
    dirty: bool,
}

/// A disk at one moment: what is durable, and what is not yet.
#[derive(Debug, Default)]
pub(super) struct Moment {
    files: Vec<File>,
    names: BTreeMap<PathBuf, FileId>,
    folders: BTreeSet<PathBuf>,
    pending: Vec<NameOp>,
    pub(super) begun: usize,
    pub(super) acknowledged: usize,
}

fn apply(op: &NameOp, names: &mut BTreeMap<PathBuf, FileId>, folders: &mut BTreeSet<PathBuf>) {
    match op {
        NameOp::Set { path, file } => drop(names.insert(path.clone(), *file)),
        NameOp::Move { from, to, file } => {
            // Of another file by now, if the order is not that of the log.
            if names.get(from) == Some(file) {
                names.remove(from);
            }
            names.insert(to.clone(), *file);
        }
        NameOp::Unset { path } => drop(names.remove(path)),
        NameOp::Folder { path } => drop(folders.insert(path.clone())),
        NameOp::NoFolder { path } => drop(folders.remove(path)),
    }
}

impl Moment {
    /// Starts from an empty folder.
    pub(super) fn new(root: PathBuf) -> Self {
        Self {
            folders: BTreeSet::from([root]),
            ..Self::default()
        }
    }

    pub(super) fn pass(&mut self, event: &Event) {
        match event {
            Event::Name(op) => {
                if let NameOp::Set { file, .. } = op
                    && *file >= self.files.len()
                {
                    self.files.push(File::default());
                }
                self.pending.push(op.clone());
            }
            Event::Write {
                file,
                offset,
                bytes,
            } => {
                let file = &mut self.files[*file];
                let (from, to) = (*offset as usize, *offset as usize + bytes.len());
                file.current.resize(file.current.len().max(to), 0);
                file.current[from..to].copy_from_slice(bytes);
                file.dirty = true;
            }
            Event::Cut { file, length } => {
                let file = &mut self.files[*file];
                file.current.truncate(*length as usize);
                file.dirty = true;
            }
            Event::SyncFile(file) => {
                let file = &mut self.files[*file];
                file.durable.clone_from(&file.current);
                file.dirty = false;
            }
            Event::SyncFolder(folder) => {
                let (names, folders) = (&mut self.names, &mut self.folders);
                self.pending.retain(|op| {
                    let synced = op.folder() == folder;
                    if synced {
                        apply(op, names, folders);
                    }
                    !synced
                });
            }
            Event::Begun(state) => self.begun = *state,
            Event::Acknowledged(state) => self.acknowledged = *state,
        }
    }

    /// Images of a power cut now; `visit` gets those of the store's objects, and of all files.
    pub(super) fn images(&self, random: &mut Random, mut visit: impl FnMut(Image, Image)) {
        for survivors in self.survivors(random) {
            let (mut names, mut folders) = (self.names.clone(), self.folders.clone());
            for op in survivors {
                apply(&self.pending[op], &mut names, &mut folders);
            }
            names.retain(|path, _| {
                let mut above = path.ancestors().skip(1);
                let root = folders.first().unwrap();
                above.all(|folder| !folder.starts_with(root) || folders.contains(folder))
            });
            let objects: BTreeSet<FileId> = names
                .iter()
                .filter_map(|(path, &file)| is_object(path).then_some(file))
                .collect();
            for contents in self.contents(&objects, random) {
                let of = |file: &FileId| match contents.get(file) {
                    Some(bytes) => Arc::clone(bytes),
                    None => Arc::from(&*self.files[*file].durable),
                };
                let all: Image = names
                    .iter()
                    .map(|(path, f)| (path.clone(), of(f)))
                    .collect();
                let mut visible = all.clone();
                visible.retain(|path, _| is_object(path));
                visit(visible, all);
            }
        }
    }

    /// Which pending changes of folders survive, and in which order they were done.
    fn survivors(&self, random: &mut Random) -> Vec<Vec<usize>> {
        let all: Vec<usize> = (0..self.pending.len()).collect();
        let mut chosen = Vec::new();
        if all.len() <= ALL_SUBSETS {
            for mask in 0..1_usize << all.len() {
                let subset: Vec<_> = all.iter().copied().filter(|i| mask >> i & 1 == 1).collect();
                let mut shuffled = subset.clone();
                random.shuffle(&mut shuffled);
                chosen.extend([subset, shuffled]);
            }
            return chosen;
        }
        chosen.extend([Vec::new(), all.clone()]);
        for one in &all {
            chosen.push(vec![*one]);
            chosen.push(all.iter().copied().filter(|i| i != one).collect());
            chosen.push(all[..*one].to_vec());
        }
        for _ in 0..SAMPLES {
            let mut subset: Vec<_> = all
                .iter()
                .copied()
                .filter(|_| random.below(2) == 0)
                .collect();
            chosen.push(subset.clone());
            random.shuffle(&mut subset);
            chosen.push(subset);
        }
        chosen
    }

    /// What is left of these files, where they are not synced: one damaged at a time, then several.
    fn contents(
        &self,
        objects: &BTreeSet<FileId>,
        random: &mut Random,
    ) -> Vec<BTreeMap<FileId, Arc<[u8]>>> {
        let dirty: Vec<FileId> = objects
            .iter()
            .copied()
            .filter(|&file| self.files[file].dirty)
            .collect();
        let whole: BTreeMap<FileId, Arc<[u8]>> = objects
            .iter()
            .map(|&file| (file, Arc::from(&*self.files[file].current)))
            .collect();
        let mut chosen = vec![whole.clone()];
        for &file in &dirty {
            for bytes in damaged(&self.files[file], random) {
                let mut contents = whole.clone();
                contents.insert(file, bytes.into());
                chosen.push(contents);
            }
        }
        if dirty.len() > 1 {
            for _ in 0..SAMPLES {
                let mut contents = whole.clone();
                for &file in &dirty {
                    let mut versions = damaged(&self.files[file], random);
                    let which = random.below(versions.len());
                    contents.insert(file, versions.swap_remove(which).into());
                }
                chosen.push(contents);
            }
        }
        chosen
    }
}

/// What may be left of a file that was not synced: nothing new, a beginning, or zeros.
fn damaged(file: &File, random: &mut Random) -> Vec<Vec<u8>> {
    let length = file.current.len();
    let mut versions = vec![file.durable.clone(), vec![0; length]];
    for end in [
        0,
        1,
        length / 2,
        length.saturating_sub(1),
        random.below(length + 1),
    ] {
        versions.push(file.current[..end.min(length)].to_vec());
        let mut zeroed = file.current.clone();
        zeroed[end.min(length)..].fill(0);
        versions.push(zeroed);
    }
    versions
}
