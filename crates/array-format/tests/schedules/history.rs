//! What actors did and saw, and whether the file's own log explains all of it.
//!
//! Every commit has a message of its own. In the end the log says which commits were made, and in
//! which order. Replayed in this order they must give exactly what was seen at each number.

use std::collections::{BTreeMap, HashMap};

use array_format::history::{Commit as Row, Kind};

/// One change of a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// A chunk of an array, which is one element. `before` is what its writer had read.
    Write {
        array: &'static str,
        at: usize,
        value: i64,
        before: Option<i64>,
    },
    Set {
        array: &'static str,
        key: String,
        value: i64,
    },
    Define {
        array: &'static str,
        values: Vec<i64>,
    },
    Delete {
        array: &'static str,
    },
    Tag {
        name: String,
        sequence: u64,
    },
    Untag {
        name: String,
    },
}

/// All that a state holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Content {
    pub arrays: BTreeMap<String, Vec<i64>>,
    /// By array and key.
    pub attributes: BTreeMap<(String, String), i64>,
    pub tags: BTreeMap<String, u64>,
}

impl Content {
    fn apply(&mut self, change: &Change) -> Result<(), String> {
        match change {
            Change::Write {
                array,
                at,
                value,
                before,
            } => {
                let values = self.arrays.get_mut(*array);
                let values = values.ok_or(format!("a write to {array}, which is not there"))?;
                if before.is_some_and(|before| before != values[*at]) {
                    return Err(format!("an update of {array}[{at}] is lost: {change:?}"));
                }
                values[*at] = *value;
            }
            Change::Set { array, key, value } => {
                let key = ((*array).to_owned(), key.clone());
                self.attributes.insert(key, *value);
            }
            Change::Define { array, values } => {
                let before = self.arrays.insert((*array).to_owned(), values.clone());
                if before.is_some() {
                    return Err(format!("{array} is defined twice"));
                }
            }
            Change::Delete { array } => {
                self.arrays
                    .remove(*array)
                    .ok_or(format!("{array} is deleted, and not there"))?;
                self.attributes.retain(|(of, _), _| of != array);
            }
            Change::Tag { name, sequence } => {
                self.tags.insert(name.clone(), *sequence);
            }
            Change::Untag { name } => {
                self.tags.remove(name);
            }
        }
        Ok(())
    }
}

/// A commit that was tried.
#[derive(Debug)]
pub struct Tried {
    pub message: String,
    pub changes: Vec<Change>,
    pub began: usize,
    /// When it was acknowledged.
    pub done: Option<usize>,
    /// It was refused without any doubt.
    pub refused: bool,
}

/// A tag whose state could not be read.
#[derive(Debug)]
struct Unreadable {
    /// The snapshot that has the tag.
    view: u64,
    name: String,
    error: String,
}

#[derive(Default)]
pub struct History {
    pub tried: Vec<Tried>,
    /// Number, content, and what was there is seen by whom.
    pub seen: Vec<(u64, Content, String)>,
    /// Opening or refreshing: when it began, and the number that it found.
    pub found: Vec<(usize, u64, String)>,
    /// Acknowledged restores: the snapshots before and after, and the number that was restored.
    pub restored: Vec<(u64, u64, u64)>,
    unreadable: Vec<Unreadable>,
    pub wrong: Vec<String>,
    pub counts: BTreeMap<&'static str, u64>,
}

impl History {
    pub fn count(&mut self, what: &'static str) {
        *self.counts.entry(what).or_default() += 1;
    }

    pub fn unreadable(&mut self, view: u64, name: String, error: String) {
        self.unreadable.push(Unreadable { view, name, error });
    }

    /// Whether the log, newest first, explains everything. The content of the newest state.
    pub fn explain(&self, log: &[Row]) -> Result<Content, String> {
        let by_message: HashMap<&str, &Tried> =
            self.tried.iter().map(|t| (t.message.as_str(), t)).collect();
        let mut numbers: HashMap<&str, u64> = HashMap::new();
        let mut states: BTreeMap<u64, Content> = BTreeMap::new();
        let mut now = Content::default();
        let mut restores = BTreeMap::new();
        for row in log.iter().rev() {
            match row.kind {
                Kind::Commit if states.is_empty() => {}
                Kind::Commit => {
                    let message = row.message.as_str();
                    let tried = by_message
                        .get(message)
                        .ok_or(format!("nobody made commit {message:?}"))?;
                    if tried.refused {
                        return Err(format!("{message} was refused, and is in the log"));
                    }
                    if let Some(first) = numbers.insert(&tried.message, row.sequence) {
                        return Err(format!("{message} is in twice: {first}, {}", row.sequence));
                    }
                    for change in &tried.changes {
                        now.apply(change)
                            .map_err(|e| format!("{message}, {}: {e}", row.sequence))?;
                    }
                }
                Kind::Merge { .. } => {}
                Kind::Restore { of } => {
                    let tags = std::mem::take(&mut now.tags);
                    let old = states
                        .get(&of)
                        .ok_or(format!("{of} was restored, but never was"))?;
                    now = Content {
                        tags,
                        ..old.clone()
                    };
                    restores.insert(row.sequence, of);
                }
                other => return Err(format!("a commit of an unknown kind: {other:?}")),
            }
            if let Some((&last, _)) = states.last_key_value()
                && last >= row.sequence
            {
                return Err(format!("the log goes from {last} to {}", row.sequence));
            }
            states.insert(row.sequence, now.clone());
        }
        self.check_order(&numbers)?;
        // A merge may stand for the commit that was named: it shows the same state.
        let state = |number: &u64| states.get(number).map(|s| (&s.arrays, &s.attributes));
        for (before, after, of) in &self.restored {
            let mut rows = restores.range(before + 1..=*after);
            if !rows.any(|(_, restored)| state(restored) == state(of)) {
                return Err(format!("the restore of {of} at {after} is lost"));
            }
        }
        for (sequence, content, who) in &self.seen {
            let Some(state) = states.get(sequence) else {
                return Err(format!(
                    "{who} saw {sequence}, which never was: {content:?}"
                ));
            };
            if state != content {
                return Err(format!(
                    "{who} saw at {sequence}\n  {content:?}\nand not\n  {state:?}"
                ));
            }
        }
        self.check_tags(&states)?;
        Ok(now)
    }

    /// Acknowledged commits are there, in an order that agrees with time.
    fn check_order(&self, numbers: &HashMap<&str, u64>) -> Result<(), String> {
        let mut done: Vec<(usize, u64, &str)> = Vec::new();
        for tried in &self.tried {
            let number = numbers.get(tried.message.as_str()).copied();
            match (tried.done, number) {
                (Some(_), None) => {
                    return Err(format!("{} was acknowledged and is lost", tried.message));
                }
                (Some(at), Some(number)) => done.push((at, number, &tried.message)),
                _ => {}
            }
        }
        let started = self.tried.iter().filter_map(|tried| {
            let number = numbers.get(tried.message.as_str())?;
            Some((tried.began, *number, &tried.message, false))
        });
        let found = self.found.iter();
        let found = found.map(|(began, number, who)| (*began, *number, who, true));
        for (began, number, who, may_equal) in started.chain(found) {
            for &(at, before, message) in &done {
                if at <= began && (number < before || number == before && !may_equal) {
                    return Err(format!(
                        "{who} began at {began} and is at {number}, without {message}, which is \
                         {before} and was acknowledged at {at}"
                    ));
                }
            }
        }
        Ok(())
    }

    /// A tag that could not be read was removed or moved after the snapshot that has it.
    fn check_tags(&self, states: &BTreeMap<u64, Content>) -> Result<(), String> {
        for Unreadable { view, name, error } in &self.unreadable {
            let of = |content: &Content| content.tags.get(name).copied();
            let had = states.get(view).and_then(of);
            if states.range(view..).all(|(_, content)| of(content) == had) {
                return Err(format!("tag {name} cannot be read at {view}: {error}"));
            }
        }
        Ok(())
    }
}
