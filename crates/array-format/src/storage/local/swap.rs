//! Replacing one version of an object by another, if nobody else does: compare-and-swap out of the
//! atomic calls of a file system, without locks and without trusting clocks.
//!
//! To replace version *X*, which its ETag names, by a file that is written and synced:
//!
//! | step | what |
//! |---|---|
//! | 1 | give the file one more name, `{object}#{R}`, *R* random |
//! | 2 | for *k* = 1, 2, …: while there is a claim *k* on *X*, kill its owner: remove `{object}#{R'}`, where *R'* is what the claim holds |
//! | 3 | claim the first free *k*: link a small file that holds *R* to `{object}.{X}.claim#{k}`; if it was taken meanwhile, back to 2 |
//! | 4 | look whether the object is still *X*; if not, give up |
//! | 5 | rename `{object}#{R}` to the object; if it is not there any more, somebody has killed us |
//! | 6 | the object is not *X* any more: remove the claims on *X* |
//!
//! *At most one rename takes* X *away.* Claims are numbered without gaps and each number has one
//! owner. Take any two claimants: the one with the greater number has removed the other's file before
//! it looked (2 before 4). If the other's rename came before that, the look sees another version; if
//! it comes after, it fails. Claims are removed only when the object is not *X*, and never is again:
//! whoever claims *X* after that looks after that (3 before 4) and gives up. So this rests on ETags
//! that do not come back: a file is dated later than the one that it replaces, which holds where an
//! inode is reused, too.
//!
//! *Nobody waits for anybody.* A claimant that stopped, for ever or not, is killed by the next. Two
//! that kill each other over and over are parted by random pauses ([`super::writer`]).
//!
//! Claims need no sync: nobody who holds one outlives a power cut, and a torn one is passed over.

use std::io::{self, ErrorKind};
use std::path::Path;

use super::disk::{Disk, Stamp};
use super::names;

/// How a swap ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Swap {
    Done,
    /// The object is another version, or gone.
    Changed,
    /// Somebody who wants to replace the same version was here later.
    Killed,
}

/// Puts the file `staged` in the place of version `seen` of `object`. The name `staged` stays.
///
/// `random` are two random numbers.
pub(super) fn swap(
    disk: &dyn Disk,
    object: &Path,
    staged: &Path,
    seen: &Stamp,
    random: [&str; 2],
) -> io::Result<Swap> {
    let e_tag = seen.e_tag();
    let ready = names::staging(object, random[0]);
    let note = names::staging(object, random[1]);
    disk.link(staged, &ready)?;
    let claimed = disk
        .note(&note, random[0])
        .and_then(|()| claim(disk, object, &e_tag, &note));
    // Whatever cannot be removed is left for `vacuum`.
    let _ = disk.remove(&note);
    let swapped = match &claimed {
        Ok(_) => look_and_rename(disk, object, &e_tag, &ready),
        Err(_) => Ok(Swap::Killed),
    };
    if !matches!(swapped, Ok(Swap::Done)) {
        let _ = disk.remove(&ready);
    }
    let number = claimed?;
    if matches!(swapped, Ok(Swap::Done | Swap::Changed)) {
        forget(disk, object, &e_tag, number);
    }
    swapped
}

/// Steps 2 and 3: the number of the claim.
fn claim(disk: &dyn Disk, object: &Path, e_tag: &str, note: &Path) -> io::Result<u64> {
    let mut number = 1;
    loop {
        let claim = names::claim(object, e_tag, number);
        match disk.read(&claim) {
            Ok(claim) => {
                if let Some(other) = names::claimant(&claim) {
                    absent(disk.remove(&names::staging(object, other)))?;
                }
                number += 1;
            }
            Err(error) if error.kind() == ErrorKind::NotFound => match disk.link(note, &claim) {
                Ok(()) => return Ok(number),
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            },
            Err(error) => return Err(error),
        }
    }
}

/// Steps 4 and 5.
fn look_and_rename(disk: &dyn Disk, object: &Path, e_tag: &str, ready: &Path) -> io::Result<Swap> {
    match disk.stamp(object) {
        Ok(now) if now.e_tag() == e_tag => {}
        Ok(_) => return Ok(Swap::Changed),
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Swap::Changed),
        Err(error) => return Err(error),
    }
    match disk.rename(ready, object) {
        Ok(()) => Ok(Swap::Done),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Swap::Killed),
        Err(error) => Err(error),
    }
}

/// Removes the claims on a version that is gone: up to our own, and on while there are more.
fn forget(disk: &dyn Disk, object: &Path, e_tag: &str, own: u64) {
    for number in 1.. {
        let removed = disk.remove(&names::claim(object, e_tag, number));
        if removed.is_err() && number >= own {
            return;
        }
    }
}

/// It is as well if it was not there.
fn absent(removed: io::Result<()>) -> io::Result<()> {
    match removed {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        other => other,
    }
}
