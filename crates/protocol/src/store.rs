//! The object store: a base and numbers beside it, and what can be asked of it in one step.

use crate::layers::{LayerId, Layers, NUMBERS, Numbers};

/// What is at a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Slot {
    /// No object.
    #[default]
    Vacant,
    /// A complete layer.
    Layer(LayerId),
    /// Where a layer went.
    Tombstone {
        /// The file that it belongs to.
        file: u8,
        /// The number of the layer that the one before was merged into.
        next: u8,
    },
    /// Begun by this file, without an end.
    Torn,
    /// Anything else.
    Foreign,
}

/// One request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Request {
    /// The end of the base.
    GetBase,
    /// The end of what is at a number.
    Get(u8),
    /// A part of a list: some numbers, and the base's version if `base` is set.
    List {
        /// Whether the base is in this part.
        base: bool,
        /// The numbers that are in this part.
        part: Numbers,
    },
    /// Put a layer at its number if nothing is there.
    Create(LayerId),
    /// Put a layer in the base's place if the base is still the first.
    Swap(LayerId, LayerId),
    /// Put a layer in the base's place.
    Replace(LayerId),
    /// Put a tombstone at a number, whatever is there.
    Bury(u8, Slot),
    /// Remove what is at a number.
    Delete(u8),
}

impl Request {
    /// Whether it changes the store, so that it matters whether its answer is lost.
    pub fn changes(self) -> bool {
        !matches!(
            self,
            Request::GetBase | Request::Get(_) | Request::List { .. }
        )
    }

    /// Whether it is refused if it comes twice.
    pub fn is_conditional(self) -> bool {
        matches!(self, Request::Create(_) | Request::Swap(..))
    }
}

impl Request {
    /// The layers that it names.
    pub fn knows(self) -> [LayerId; 2] {
        match self {
            Request::Create(id) | Request::Replace(id) => [id, LayerId::NONE],
            Request::Swap(seen, id) => [seen, id],
            _ => [LayerId::NONE; 2],
        }
    }
}

/// What the store says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Answer {
    /// The base.
    Base(LayerId),
    /// What is at a number.
    Slot(Slot),
    /// The base's version, if it was in the part, and the objects with theirs.
    List(LayerId, Listed),
    /// It is done.
    Done,
    /// The condition did not hold.
    Refused,
    /// The answer was lost: it may be done, or not, or be done later.
    Lost,
}

/// The objects of a list, by number. Who reads it sees names and versions, not what they are.
pub type Listed = [Slot; NUMBERS];

/// The numbers with an object.
pub fn taken(listed: &Listed) -> Numbers {
    let numbers = (0..NUMBERS).filter(|&n| listed[n] != Slot::Vacant);
    numbers.fold(0, |set, n| set | 1 << n)
}

/// A base and its sidecars.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Store {
    /// The base object.
    pub base: LayerId,
    /// The objects beside it, by number; number 0 is never one.
    pub slots: [Slot; NUMBERS],
}

impl Store {
    /// Carries out one request, in one step.
    pub fn ask(&mut self, request: Request, layers: &Layers) -> Answer {
        match request {
            Request::GetBase => Answer::Base(self.base),
            Request::Get(number) => Answer::Slot(self.slots[usize::from(number)]),
            Request::List { base, part } => {
                let version = if base { self.base } else { LayerId::NONE };
                let mut listed = self.slots;
                for (number, slot) in listed.iter_mut().enumerate() {
                    if part >> number & 1 == 0 {
                        *slot = Slot::Vacant;
                    }
                }
                Answer::List(version, listed)
            }
            Request::Create(layer) => {
                let number = usize::from(layers.get(layer).number);
                assert!(number < NUMBERS, "the scenario needs more numbers");
                if self.slots[number] != Slot::Vacant {
                    return Answer::Refused;
                }
                self.slots[number] = Slot::Layer(layer);
                Answer::Done
            }
            Request::Swap(seen, layer) => {
                if self.base != seen {
                    return Answer::Refused;
                }
                self.base = layer;
                Answer::Done
            }
            Request::Replace(layer) => {
                self.base = layer;
                Answer::Done
            }
            Request::Bury(number, tombstone) => {
                self.slots[usize::from(number)] = tombstone;
                Answer::Done
            }
            Request::Delete(number) => {
                self.slots[usize::from(number)] = Slot::Vacant;
                Answer::Done
            }
        }
    }

    /// The newest layer: what a reader finds whom nobody disturbs.
    pub fn newest(&self, layers: &Layers) -> LayerId {
        let above = usize::from(layers.get(self.base).number) + 1;
        let found = (above..NUMBERS).rev().find_map(|n| match self.slots[n] {
            Slot::Layer(id) if layers.valid(id, self.base) => Some(id),
            _ => None,
        });
        found.unwrap_or(self.base)
    }

    /// Whether all layers of a snapshot are there, with their ids.
    pub fn readable(&self, snapshot: LayerId, layers: &Layers) -> bool {
        layers.snapshot(snapshot).all(|(number, id)| {
            id == self.base || self.slots[usize::from(number)] == Slot::Layer(id)
        })
    }
}
