//! Layers, and the table that keeps each of them once.

use std::collections::HashMap;
use std::fmt;

use crate::protocol::Validity;

/// How many numbers a scenario may use.
pub const NUMBERS: usize = 14;

/// A set of numbers, one bit each.
pub type Numbers = u16;

/// A set of commits, one bit each.
pub type Commits = u8;

/// A layer by its place in [`Layers`]; two layers are the same exactly if their ids are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct LayerId(pub u16);

impl LayerId {
    /// No layer.
    pub const NONE: LayerId = LayerId(0);
}

/// One immutable layer, and so also the snapshot that it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Layer {
    /// Its number.
    pub number: u8,
    /// The file that it belongs to.
    pub file: u8,
    /// The process that made it, and which of its layers it is: together its random id.
    pub maker: u8,
    /// See `maker`.
    pub nonce: u8,
    /// The base of its snapshot; none if it is a base itself, or merged from all layers.
    pub base: LayerId,
    /// The other layers of its snapshot, by number.
    pub refers: [LayerId; NUMBERS],
    /// The commits that its snapshot shows.
    pub content: Commits,
    /// All commits that led to it: those that it shows, and those that a restore has hidden.
    /// Writers look for their own here.
    pub history: Commits,
    /// The layer before it in its history that is a base or merged from all layers. So all of the
    /// history is known that can ever be in the base's place.
    pub before: LayerId,
    /// Whether a commit in it was applied to a snapshot that had it already.
    pub twice: bool,
    /// Whether it was made by merging others.
    pub merged: bool,
    /// Snapshots below this number were given up by a merge.
    pub dropped_below: u8,
    /// But for this one, which a tag kept then.
    pub kept: LayerId,
    /// A snapshot that a tag keeps.
    pub tag: LayerId,
}

/// Every layer that was ever made in an exploration.
#[derive(Debug)]
pub struct Layers {
    all: Vec<Layer>,
    index: HashMap<Layer, LayerId>,
    validity: Validity,
}

impl Layers {
    /// No layers yet, and which of them are to count.
    pub fn new(validity: Validity) -> Layers {
        // The first place stands for "no layer".
        Layers {
            all: vec![Layer::default()],
            index: HashMap::new(),
            validity,
        }
    }

    /// The id of a layer, which is added if it is new.
    pub fn add(&mut self, layer: Layer) -> LayerId {
        let all = &mut self.all;
        *self.index.entry(layer).or_insert_with(|| {
            all.push(layer);
            LayerId(u16::try_from(all.len() - 1).expect("at most 65,535 layers in a scenario"))
        })
    }

    /// The layer with an id.
    pub fn get(&self, id: LayerId) -> &Layer {
        &self.all[usize::from(id.0)]
    }

    /// The base of a layer's snapshot.
    pub fn base_of(&self, id: LayerId) -> LayerId {
        match self.get(id).base {
            LayerId::NONE => id,
            base => base,
        }
    }

    /// Whether a layer may be the newest while `base` is the base object.
    pub fn valid(&self, id: LayerId, base: LayerId) -> bool {
        let (layer, object) = (self.get(id), self.get(base));
        let own = self.base_of(id);
        let after = match self.validity {
            Validity::History => self.history_holds(id, base),
            Validity::OwnBase => own == base,
            Validity::Any => true,
        };
        layer.file == object.file && (after || self.get(own).number > object.number)
    }

    /// Whether a layer's history holds a base.
    fn history_holds(&self, id: LayerId, base: LayerId) -> bool {
        let mut before = std::iter::successors(Some(id), |id| Some(self.get(*id).before));
        before.find(|id| [base, LayerId::NONE].contains(id)) == Some(base)
    }

    /// What `before` is for the next layer on a snapshot.
    pub fn before_next(&self, snapshot: LayerId) -> LayerId {
        match self.get(snapshot) {
            Layer {
                base: LayerId::NONE,
                ..
            } => snapshot,
            layer => layer.before,
        }
    }

    /// What `refers` is for the next layer on a snapshot.
    pub fn beneath_next(&self, snapshot: LayerId) -> [LayerId; NUMBERS] {
        let layer = self.get(snapshot);
        let mut refers = layer.refers;
        refers[usize::from(layer.number)] = snapshot;
        refers
    }

    /// Whether a merge in the history of `newest` has given a snapshot up.
    pub fn given_up(&self, snapshot: LayerId, newest: LayerId) -> bool {
        let newest = self.get(newest);
        self.get(snapshot).number < newest.dropped_below && snapshot != newest.kept
    }

    /// All layers of the snapshot that a layer ends, by number.
    pub fn snapshot(&self, id: LayerId) -> impl Iterator<Item = (u8, LayerId)> + '_ {
        let layer = self.get(id);
        let others = (0..)
            .zip(layer.refers)
            .filter(|(_, id)| *id != LayerId::NONE);
        others.chain([(layer.number, id)])
    }

    /// A layer in words.
    pub fn show(&self, id: LayerId) -> Shown<'_> {
        Shown { layers: self, id }
    }
}

/// A layer, for traces.
#[derive(Debug)]
pub struct Shown<'a> {
    layers: &'a Layers,
    id: LayerId,
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let layer = self.layers.get(self.id);
        let kind = match (layer.merged, layer.base) {
            (false, LayerId::NONE) => "base",
            (false, _) => "layer",
            (true, LayerId::NONE) => "all merged",
            (true, _) => "merged",
        };
        write!(f, "[{kind} {}", layer.number)?;
        if layer.file > 1 {
            write!(f, " of file {}", layer.file)?;
        }
        write!(f, " by p{}", layer.maker)?;
        if layer.nonce > 0 {
            write!(f, "'{}", layer.nonce)?;
        }
        write!(f, " with {}", commits(layer.content))?;
        if layer.history != layer.content {
            write!(f, " after {}", commits(layer.history))?;
        }
        if layer.tag != LayerId::NONE {
            write!(f, ", tag on {}", self.layers.get(layer.tag).number)?;
        }
        write!(f, "]")
    }
}

/// A set of commits in words.
pub fn commits(set: Commits) -> String {
    let names = (0..8u8).filter(|i| set >> i & 1 == 1);
    let names: Vec<String> = names.map(|i| char::from(b'a' + i).to_string()).collect();
    format!("{{{}}}", names.join(","))
}
