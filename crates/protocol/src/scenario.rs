//! What an exploration begins with.

use crate::layers::{Layer, LayerId, Layers};
use crate::process::{Process, Role};
use crate::protocol::Protocol;
use crate::store::{Slot, Store};
use crate::world::{PROCESSES, World};

/// An object that is there from the beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Placed {
    /// A layer that was begun.
    Torn,
    /// Another program's object.
    Foreign,
}

/// What was done with the file before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Past {
    /// Commits.
    Commits,
    /// All was merged as number 1, which is not promoted as a tag keeps the base. 2 is a commit.
    TaggedBase,
    /// The same, but the tag has moved to the merged layer.
    TaggedMerged,
    /// And all was merged again since, as number 3, which was promoted.
    Promoted,
}

/// A file, the processes that share it, and how much may go wrong.
#[derive(Debug, Clone, Copy)]
pub struct Scenario<'a> {
    /// What it shows.
    pub name: &'a str,
    /// The steps that are done.
    pub protocol: Protocol,
    /// The processes.
    pub roles: &'a [Role],
    /// What was done with the file before.
    pub past: Past,
    /// Layers without commits that are there on top of that.
    pub layers: u8,
    /// Other objects that are there, by number.
    pub placed: &'a [(u8, Placed)],
    /// How many answers may be lost.
    pub faults: u8,
    /// Whether a request whose answer was lost may be carried out later.
    pub late: bool,
    /// Whether vacant numbers are an error by themselves.
    pub check_vacancy: bool,
}

impl<'a> Scenario<'a> {
    /// A file with nothing but its base.
    pub fn new(name: &'a str, protocol: Protocol, roles: &'a [Role]) -> Scenario<'a> {
        Scenario {
            name,
            protocol,
            roles,
            past: Past::Commits,
            layers: 0,
            placed: &[],
            faults: 0,
            late: false,
            check_vacancy: true,
        }
    }

    /// The world before the first step.
    pub(crate) fn start(&self, layers: &mut Layers) -> World {
        let (mut store, mut newest) = self.past.build(layers);
        for _ in 0..self.layers {
            newest = put_next(&mut store, layers, newest, LayerId::NONE);
        }
        for &(number, placed) in self.placed {
            store.slots[usize::from(number)] = match placed {
                Placed::Torn => Slot::Torn,
                Placed::Foreign => Slot::Foreign,
            };
        }
        assert!(self.roles.len() <= PROCESSES, "too many processes");
        let mut processes = [None; PROCESSES];
        for (process, &role) in processes.iter_mut().zip(self.roles) {
            *process = Some(Process::new(role));
        }
        World {
            store,
            processes,
            late: [None; 2],
            faults: self.faults,
            acked: 0,
            denied: 0,
            states: 1,
            shown: [0; 8],
        }
    }
}

impl Past {
    /// The store, and the newest layer.
    fn build(self, layers: &mut Layers) -> (Store, LayerId) {
        // Nobody's process made what is there.
        let first = Layer {
            file: 1,
            maker: u8::MAX,
            ..Layer::default()
        };
        let base = layers.add(first);
        let mut store = Store {
            base,
            ..Store::default()
        };
        if self == Past::Commits {
            return (store, base);
        }
        let merged = layers.add(all_merged(&first, 1, base, base));
        store.slots[1] = Slot::Layer(merged);
        let tag = match self {
            Past::TaggedBase => base,
            _ => merged,
        };
        if self == Past::Promoted {
            store.base = layers.add(all_merged(&first, 3, merged, merged));
            return (store, store.base);
        }
        let newest = put_next(&mut store, layers, merged, tag);
        (store, newest)
    }
}

/// A layer merged from all layers, when a tag kept a snapshot.
fn all_merged(first: &Layer, number: u8, before: LayerId, kept: LayerId) -> Layer {
    Layer {
        number,
        before,
        merged: true,
        dropped_below: number,
        kept,
        tag: kept,
        ..*first
    }
}

/// Puts a layer without a commit on a snapshot, and perhaps another tag.
fn put_next(store: &mut Store, layers: &mut Layers, on: LayerId, tag: LayerId) -> LayerId {
    let below = layers.get(on);
    let next = Layer {
        number: below.number + 1,
        base: layers.base_of(on),
        refers: layers.beneath_next(on),
        before: layers.before_next(on),
        merged: false,
        tag: if tag == LayerId::NONE { below.tag } else { tag },
        ..*below
    };
    let id = layers.add(next);
    store.slots[usize::from(next.number)] = Slot::Layer(id);
    id
}

impl World {
    /// Every layer that a process or the store could still compare with another.
    pub(crate) fn reachable(&self, layers: &Layers) -> Vec<LayerId> {
        let mut found = Vec::with_capacity(32);
        let slots = self.store.slots.iter().filter_map(|slot| match slot {
            Slot::Layer(id) => Some(*id),
            _ => None,
        });
        let known = self.processes.iter().flatten().flat_map(Process::knows);
        let late = self.late.iter().flatten().flat_map(|late| late.knows());
        let mut open: Vec<LayerId> = slots.chain(known).chain(late).collect();
        open.push(self.store.base);
        while let Some(id) = open.pop() {
            if id == LayerId::NONE || found.contains(&id) {
                continue;
            }
            found.push(id);
            let layer = layers.get(id);
            open.extend(layer.refers);
            open.extend([layer.base, layer.before, layer.tag, layer.kept]);
        }
        found
    }
}
