//! Every interleaving of claimants of one version, each of which may stop for ever after any call.
//!
//! It is the real [`swap`] that runs: a claimant's state is the answers that it got so far, so it is
//! run again from the start on these answers, and the call that it makes next is taken down.

use std::collections::{BTreeMap, HashSet};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::super::disk::{Disk, DiskFile, Stamp};
use super::super::names;
use super::super::swap::{Swap, swap};

const OBJECT: &str = "/a";

/// A call, as far as claimants make it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Call {
    Link(PathBuf, PathBuf),
    Rename(PathBuf, PathBuf),
    Remove(PathBuf),
    Stamp(PathBuf),
    Read(PathBuf),
    Note(PathBuf, String),
}

/// What a call gave: the inode, or the text, or why not.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Answer {
    Done,
    Inode(usize),
    Text(String),
    NotFound,
    AlreadyExists,
}

fn error(answer: &Answer) -> io::Error {
    match answer {
        Answer::NotFound => ErrorKind::NotFound.into(),
        Answer::AlreadyExists => ErrorKind::AlreadyExists.into(),
        other => panic!("not an answer to this call: {other:?}"),
    }
}

fn stamp(inode: usize) -> Stamp {
    Stamp {
        inode: inode as u64,
        modified: UNIX_EPOCH + Duration::from_micros(inode as u64),
        size: 1,
    }
}

/// A folder: names of inodes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Folder {
    names: BTreeMap<PathBuf, usize>,
    texts: Vec<String>,
    /// Whether who removes a staging file is told that it was not there.
    tells_absent: bool,
}

fn is_claim(path: &Path) -> bool {
    path.to_string_lossy().contains(".claim#")
}

/// What a wrong protocol or a wrong disk would do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    None,
    /// Nobody is killed.
    NoKills,
    /// Claims are not exclusive.
    SharedClaims,
    /// The look at the version shows the old one.
    NoLook,
    /// Claims are removed while the version is there.
    ForgottenClaims,
}

impl Folder {
    /// The object, and a staged file of each claimant.
    fn new(claimants: usize, tells_absent: bool) -> Self {
        let mut names = BTreeMap::from([(PathBuf::from(OBJECT), 0)]);
        for claimant in 0..claimants {
            names.insert(staged(claimant), claimant + 1);
        }
        Self {
            names,
            texts: vec![String::new(); claimants + 1],
            tells_absent,
        }
    }

    fn perform(&mut self, call: &Call, claimant: usize, fault: Fault) -> Answer {
        match call {
            Call::Link(from, to) => {
                let Some(&inode) = self.names.get(from) else {
                    return Answer::NotFound;
                };
                if self.names.contains_key(to) && fault != Fault::SharedClaims {
                    return Answer::AlreadyExists;
                }
                self.names.insert(to.clone(), inode);
                Answer::Done
            }
            Call::Rename(from, to) => {
                let Some(inode) = self.names.remove(from) else {
                    return Answer::NotFound;
                };
                self.names.insert(to.clone(), inode);
                Answer::Done
            }
            Call::Remove(path) => {
                let kills = !own(claimant).contains(path) && !is_claim(path);
                if fault == Fault::NoKills && kills {
                    return Answer::Done;
                }
                match self.names.remove(path) {
                    None if is_claim(path) || self.tells_absent => Answer::NotFound,
                    _ => Answer::Done,
                }
            }
            Call::Stamp(_) if fault == Fault::NoLook => Answer::Inode(0),
            Call::Stamp(path) => match self.names.get(path) {
                Some(&inode) => {
                    if fault == Fault::ForgottenClaims {
                        self.names.retain(|path, _| !is_claim(path));
                    }
                    Answer::Inode(inode)
                }
                None => Answer::NotFound,
            },
            Call::Read(path) => match self.names.get(path) {
                Some(&inode) => Answer::Text(self.texts[inode].clone()),
                None => Answer::NotFound,
            },
            Call::Note(path, text) => {
                self.texts.push(text.clone());
                self.names.insert(path.clone(), self.texts.len() - 1);
                Answer::Done
            }
        }
    }
}

/// Answers as told, and takes down the first call for which there is no answer.
#[derive(Debug)]
struct Replay {
    answers: Vec<Answer>,
    made: AtomicUsize,
    next: Mutex<Option<Call>>,
}

impl Replay {
    fn answer(&self, call: Call) -> io::Result<Answer> {
        let made = self.made.fetch_add(1, Ordering::Relaxed);
        if let Some(answer) = self.answers.get(made) {
            return Ok(answer.clone());
        }
        self.next.lock().unwrap().get_or_insert(call);
        Err(io::Error::other("stopped here"))
    }

    fn done(&self, call: Call) -> io::Result<()> {
        match self.answer(call)? {
            Answer::Done => Ok(()),
            other => Err(error(&other)),
        }
    }
}

impl Disk for Replay {
    fn create(&self, _: &Path) -> io::Result<Box<dyn DiskFile>> {
        panic!("claimants stage before they claim")
    }
    fn copy(&self, _: &Path, _: &Path) -> io::Result<Box<dyn DiskFile>> {
        panic!("claimants stage before they claim")
    }
    fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.done(Call::Link(from.into(), to.into()))
    }
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.done(Call::Rename(from.into(), to.into()))
    }
    fn remove(&self, path: &Path) -> io::Result<()> {
        self.done(Call::Remove(path.into()))
    }
    fn create_folder(&self, _: &Path) -> io::Result<()> {
        panic!("claimants make no folders")
    }
    fn remove_folder(&self, _: &Path) -> io::Result<()> {
        panic!("claimants remove no folders")
    }
    fn sync_folder(&self, _: &Path) -> io::Result<()> {
        panic!("claims are not synced")
    }
    fn stamp(&self, path: &Path) -> io::Result<Stamp> {
        match self.answer(Call::Stamp(path.into()))? {
            Answer::Inode(inode) => Ok(stamp(inode)),
            other => Err(error(&other)),
        }
    }
    fn date_after(&self, _: &Path, _: &Stamp) -> io::Result<Stamp> {
        panic!("files are dated before they are put")
    }
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        match self.answer(Call::Read(path.into()))? {
            Answer::Text(text) => Ok(text.into_bytes()),
            other => Err(error(&other)),
        }
    }
    fn list(&self, _: &Path) -> io::Result<Vec<(String, SystemTime)>> {
        panic!("claims are read by name")
    }
    fn note(&self, path: &Path, text: &str) -> io::Result<()> {
        self.done(Call::Note(path.into(), text.into()))
    }
}

fn staged(claimant: usize) -> PathBuf {
    names::staging(Path::new(OBJECT), &format!("{claimant}"))
}

/// The files that only this claimant makes.
fn own(claimant: usize) -> [PathBuf; 2] {
    [0, 1].map(|which| names::staging(Path::new(OBJECT), &random(claimant, which)))
}

fn random(claimant: usize, which: usize) -> String {
    format!("{:020}", 100 + 10 * claimant + which)
}

/// What a claimant does next, or how it ended.
fn next(claimant: usize, answers: &[Answer]) -> Result<Swap, Call> {
    let disk = Replay {
        answers: answers.to_vec(),
        made: AtomicUsize::new(0),
        next: Mutex::new(None),
    };
    let numbers = [random(claimant, 0), random(claimant, 1)];
    let numbers = [&*numbers[0], &*numbers[1]];
    let ended = swap(
        &disk,
        Path::new(OBJECT),
        &staged(claimant),
        &stamp(0),
        numbers,
    );
    match disk.next.into_inner().unwrap() {
        Some(call) => Err(call),
        None => Ok(ended.unwrap()),
    }
}

/// A folder and what each claimant has been answered.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct State {
    folder: Folder,
    answers: Vec<Vec<Answer>>,
    /// Who has replaced the first version, in order.
    winners: Vec<usize>,
}

impl State {
    /// Lets a claimant make its next call; how it ended, if it had.
    fn step(&mut self, claimant: usize, fault: Fault) -> Option<Swap> {
        let call = match next(claimant, &self.answers[claimant]) {
            Ok(ended) => return Some(ended),
            Err(call) => call,
        };
        let answer = self.folder.perform(&call, claimant, fault);
        if matches!(&call, Call::Rename(_, to) if to == Path::new(OBJECT)) && answer == Answer::Done
        {
            self.winners.push(claimant);
        }
        self.answers[claimant].push(answer);
        None
    }

    /// Lets a claimant make the calls that no other can notice: on files that are its own.
    fn step_unnoticed(&mut self, claimant: usize, fault: Fault) {
        let own = own(claimant);
        while let Err(Call::Link(_, path) | Call::Note(path, _) | Call::Remove(path)) =
            next(claimant, &self.answers[claimant])
            && own.contains(&path)
        {
            self.step(claimant, fault);
        }
    }

    /// Lets a claimant go on alone until it ends.
    fn alone(&mut self, claimant: usize) -> Swap {
        for _ in 0..100 {
            if let Some(ended) = self.step(claimant, Fault::None) {
                return ended;
            }
        }
        panic!("claimant {claimant} does not come to an end alone: {self:?}")
    }
}

/// What is wrong with a state.
fn violation(state: &State, ended: &[Option<Swap>]) -> Option<String> {
    if state.winners.len() > 1 {
        return Some(format!("replaced twice, by {:?}", state.winners));
    }
    for (claimant, ended) in ended.iter().enumerate() {
        let won = state.winners.contains(&claimant);
        match ended {
            Some(Swap::Done) if !won => return Some(format!("{claimant} believes it has won")),
            Some(Swap::Changed | Swap::Killed) if won => {
                return Some(format!("{claimant} does not know that it has won"));
            }
            Some(Swap::Changed) if state.winners.is_empty() => {
                return Some(format!("{claimant} saw a change that was none"));
            }
            _ => {}
        }
    }
    None
}

/// Explores all states; how many there are, and the first that is wrong.
///
/// If `coarse`, without branching at calls that no other claimant can notice (a claimant's files have
/// no part in anything before it has claimed, nor when it removes them itself), and without telling
/// killers whether there was something to kill, which they do not ask for.
fn explore(claimants: usize, fault: Fault, coarse: bool) -> (usize, Option<String>) {
    let mut first = State {
        folder: Folder::new(claimants + 1, !coarse),
        answers: vec![Vec::new(); claimants + 1],
        winners: Vec::new(),
    };
    if coarse {
        for claimant in 0..claimants {
            first.step_unnoticed(claimant, fault);
        }
    }
    let mut seen = HashSet::from([first.clone()]);
    let mut open = vec![first];
    while let Some(state) = open.pop() {
        let ended: Vec<_> = (0..claimants)
            .map(|claimant| next(claimant, &state.answers[claimant]).ok())
            .collect();
        if let Some(wrong) = violation(&state, &ended) {
            return (seen.len(), Some(wrong));
        }
        if fault == Fault::None && !coarse {
            // Whatever the others were doing when they stopped, one more claimant gets its way.
            let expected = match state.winners[..] {
                [] => Swap::Done,
                _ => Swap::Changed,
            };
            assert_eq!(state.clone().alone(claimants), expected, "{state:?}");
            if ended.iter().all(Option::is_some) && !state.winners.is_empty() {
                let left = state.folder.names.keys();
                let claims: Vec<_> = left.filter(|path| is_claim(path)).collect();
                assert!(claims.is_empty(), "claims stay: {state:?}");
            }
        }
        for claimant in 0..claimants {
            let mut state = state.clone();
            if state.step(claimant, fault).is_some() {
                continue;
            }
            if coarse {
                state.step_unnoticed(claimant, fault);
            }
            if seen.insert(state.clone()) {
                open.push(state);
            }
        }
    }
    (seen.len(), None)
}

#[test]
fn two_claimants_and_one_more_replace_a_version_once() {
    let (states, wrong) = explore(2, Fault::None, false);
    println!("{states} states of two claimants");
    assert_eq!(wrong, None);
    assert!(states > 100, "{states}");
}

#[test]
fn three_claimants_replace_a_version_once() {
    let (states, wrong) = explore(3, Fault::None, true);
    println!("{states} states of three claimants");
    assert_eq!(wrong, None);
}

#[test]
fn every_step_of_the_protocol_is_needed() {
    let faults = [
        Fault::NoKills,
        Fault::SharedClaims,
        Fault::NoLook,
        Fault::ForgottenClaims,
    ];
    for fault in faults {
        let (_, wrong) = explore(2, fault, false);
        println!("{fault:?}: {wrong:?}");
        assert!(wrong.is_some(), "{fault:?} is not noticed");
    }
}
