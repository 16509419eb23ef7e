//! The processes that share a file. Each asks the store for one thing a step.

mod commit;
mod create;
mod find;
mod merge;
mod read;
mod restore;

use crate::layers::{Commits, Layer, LayerId, Layers, Numbers};
use crate::protocol::Protocol;
use crate::store::{Answer, Request};
use create::Creation;
use find::Find;
use merge::Freeing;

/// What a process is there for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Commits, one after another, and holds its snapshot as long as it likes in between.
    Writer {
        /// Its first commit, as a bit's number.
        first: u8,
        /// How many.
        commits: u8,
        /// Whether each commit tags the snapshot that the writer opened.
        tags: bool,
    },
    /// Merges the layers from a number on and removes them; all layers from 0 on.
    Merger {
        /// The least number that is merged.
        from: u8,
    },
    /// Restores an older snapshot, unless others are faster.
    Restorer {
        /// Its commit, as a bit's number.
        commit: u8,
        /// What it restores.
        to: Target,
    },
    /// Opens and reads, so many times.
    Reader {
        /// How many times.
        rounds: u8,
    },
    /// Makes a new file in the place of the old.
    Creator,
}

/// What a restore is to show again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// The snapshot that a tag keeps.
    Tagged,
    /// The one that the restorer opened, when it has followed others since.
    Opened,
}

/// What happened in a step, seen from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// Nothing.
    None,
    /// A commit to a file was acknowledged.
    Acked(u8, Commits),
    /// Of a commit to a file it was said that others were faster.
    Denied(u8, Commits),
    /// A reader has found this snapshot.
    Opened(LayerId),
    /// A reader took another layer for one of its snapshot's.
    Mixed,
}

/// What a process does next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Stage {
    /// Find the newest snapshot.
    Find(Find),
    /// Create the next layer at a number, having stepped over others.
    Create { number: u8, stepped: Numbers },
    /// See who holds a number.
    Holder {
        built: LayerId,
        stepped: Numbers,
        lost: bool,
    },
    /// Look at what the layer stands on: bit 0 is the base.
    Verify { built: LayerId, left: Numbers },
    /// Remove the layer.
    Withdraw { number: u8 },
    /// Put a merged layer in the base's place.
    Swap { whole: LayerId },
    /// See who is the base.
    AfterSwap { whole: LayerId },
    /// The two halves of a swap that is none.
    Check { whole: LayerId },
    /// See `Check`.
    Put { whole: LayerId },
    /// Remove layers.
    Free(Freeing),
    /// Read the snapshot's layers that are left, by number.
    Read { left: Numbers },
    /// `create` over a live file.
    Creation(Creation),
    /// Nothing any more.
    Done,
}

/// One process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Process {
    stage: Stage,
    /// The newest layer of its snapshot.
    snapshot: LayerId,
    /// The base object when it was found.
    base: LayerId,
    /// Commits, rounds or opens that are behind it.
    behind: u8,
    /// The snapshot that it tags or restores.
    tagged: LayerId,
    /// The newest history when its open began: file and commits.
    pub floor: Option<(u8, Commits)>,
}

/// What a process may look at besides itself.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// Its own number.
    pub me: u8,
    /// What it is there for.
    pub role: Role,
    /// The steps that are done.
    pub protocol: &'a Protocol,
    /// All layers; only those that it was given by the store may be looked up.
    pub layers: &'a Layers,
}

impl Process {
    /// A process that has done nothing yet.
    pub fn new(role: Role) -> Process {
        let stage = match role {
            Role::Creator => Stage::Creation(Creation::Base),
            _ => Stage::Find(Find::Base),
        };
        Process {
            stage,
            snapshot: LayerId::NONE,
            base: LayerId::NONE,
            behind: 0,
            tagged: LayerId::NONE,
            floor: None,
        }
    }

    /// Whether it has nothing left to do.
    pub fn is_done(&self) -> bool {
        self.stage == Stage::Done
    }

    /// Whether it is looking for the newest snapshot.
    pub fn is_opening(&self) -> bool {
        matches!(self.stage, Stage::Find(_))
    }

    /// The layer that its next request puts, if that is a new one.
    pub fn draft(&self, cx: &Context) -> Option<Layer> {
        match self.stage {
            Stage::Create { number, .. } => Some(match cx.role {
                Role::Merger { from } => self.merged(cx, number, from),
                Role::Restorer { .. } => self.restored(cx, number),
                _ => self.commit(cx, number),
            }),
            Stage::Creation(creation) => creation.draft(cx),
            _ => None,
        }
    }

    /// Its next request; `new` is what `draft` gave.
    pub fn request(&self, cx: &Context, new: LayerId) -> Option<Request> {
        Some(match self.stage {
            Stage::Find(find) => find.request(cx),
            Stage::Create { .. } => Request::Create(new),
            Stage::Holder { built, .. } => Request::Get(cx.layers.get(built).number),
            Stage::Verify { left, .. } => match commit::next_look(cx, left) {
                0 => Request::GetBase,
                number => Request::Get(number),
            },
            Stage::Withdraw { number } => Request::Delete(number),
            Stage::Swap { whole } => Request::Swap(self.base, whole),
            Stage::AfterSwap { .. } | Stage::Check { .. } => Request::GetBase,
            Stage::Put { whole } => Request::Replace(whole),
            Stage::Free(freeing) => freeing.request(cx),
            Stage::Read { left } => self.read_request(cx, left),
            Stage::Creation(creation) => creation.request(cx, new),
            Stage::Done => return None,
        })
    }

    /// Takes in the answer to `request`.
    pub fn answer(&mut self, cx: &Context, request: Request, answer: Answer) -> Event {
        match self.stage {
            Stage::Find(find) => match find.answer(cx, answer) {
                Ok(found) => self.found(cx, found),
                Err(find) => {
                    self.stage = Stage::Find(find);
                    Event::None
                }
            },
            Stage::Create { stepped, .. } => {
                let Request::Create(built) = request else {
                    unreachable!("a create was asked for");
                };
                self.created(cx, built, stepped, answer)
            }
            Stage::Holder {
                built,
                stepped,
                lost,
            } => self.holder(cx, built, stepped, lost, answer),
            Stage::Verify { built, left } => self.verified(cx, built, left, answer),
            Stage::Withdraw { .. } => {
                self.stage = Stage::Find(Find::Base);
                Event::None
            }
            Stage::Swap { .. }
            | Stage::AfterSwap { .. }
            | Stage::Check { .. }
            | Stage::Put { .. }
            | Stage::Free(_) => {
                self.stage = self.merge_answer(cx, answer);
                Event::None
            }
            Stage::Read { left } => self.read_answer(cx, left, answer),
            Stage::Creation(creation) => {
                self.stage = creation
                    .answer(cx, answer)
                    .map_or(Stage::Done, Stage::Creation);
                Event::None
            }
            Stage::Done => unreachable!("it has asked for nothing"),
        }
    }

    /// The layers that it knows.
    pub fn knows(&self) -> Vec<LayerId> {
        let mut known = match self.stage {
            Stage::Find(find) => find.knows(),
            Stage::Holder { built: id, .. }
            | Stage::Verify { built: id, .. }
            | Stage::Swap { whole: id }
            | Stage::AfterSwap { whole: id }
            | Stage::Check { whole: id }
            | Stage::Put { whole: id } => vec![id],
            Stage::Free(freeing) => vec![freeing.merged],
            Stage::Creation(creation) => vec![creation.base()],
            _ => Vec::new(),
        };
        known.extend([self.snapshot, self.base, self.tagged]);
        known
    }

    /// Goes on with a snapshot that was found.
    fn found(&mut self, cx: &Context, found: find::Found) -> Event {
        let before = self.snapshot;
        (self.base, self.snapshot) = (found.base, found.newest);
        match cx.role {
            Role::Writer { .. } => self.follow(cx, before),
            Role::Restorer { .. } => self.restore(cx, before),
            Role::Merger { from } => {
                self.stage = self.start_merge(cx, from);
                Event::None
            }
            Role::Reader { .. } => {
                let numbers = cx.layers.snapshot(self.snapshot);
                let left = numbers.fold(0, |set, (number, _)| set | 1 << number);
                self.stage = Stage::Read { left };
                Event::Opened(self.snapshot)
            }
            Role::Creator => unreachable!("it does not open"),
        }
    }
}
