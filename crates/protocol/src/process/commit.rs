//! A commit: create, see who is there, look at what it stands on.

use super::find::Find;
use super::{Context, Event, Process, Role, Stage};
use crate::layers::{Commits, Layer, LayerId, Numbers};
use crate::protocol::{BaseLook, ParentLook};
use crate::store::{Answer, Slot};

impl Process {
    /// The bit of the commit that is pending.
    pub(super) fn pending(&self, cx: &Context) -> Commits {
        match cx.role {
            Role::Writer { first, .. } => 1 << (first + self.behind),
            Role::Restorer { commit, .. } => 1 << commit,
            _ => 0,
        }
    }

    /// The layer that puts what is pending on the snapshot.
    pub(super) fn commit(&self, cx: &Context, number: u8) -> Layer {
        let parent = cx.layers.get(self.snapshot);
        let bit = self.pending(cx);
        Layer {
            number,
            maker: cx.me,
            nonce: 0,
            base: cx.layers.base_of(self.snapshot),
            refers: cx.layers.beneath_next(self.snapshot),
            content: parent.content | bit,
            history: parent.history | bit,
            before: cx.layers.before_next(self.snapshot),
            twice: parent.twice || parent.history & bit != 0,
            merged: false,
            tag: match self.tagged {
                LayerId::NONE => parent.tag,
                tagged => tagged,
            },
            ..*parent
        }
    }

    /// Goes on with a newer snapshot.
    pub(super) fn follow(&mut self, cx: &Context, before: LayerId) -> Event {
        let newest = cx.layers.get(self.snapshot);
        if before != LayerId::NONE && cx.layers.get(before).file != newest.file {
            // The snapshot has expired; its user opens the new file, with nothing committed there.
            self.tagged = LayerId::NONE;
        }
        let Role::Writer { tags, .. } = cx.role else {
            unreachable!("nobody else follows");
        };
        if tags && self.tagged == LayerId::NONE {
            self.tagged = self.snapshot;
        }
        let pending = self.pending(cx);
        if cx.protocol.history && newest.history & pending != 0 {
            return self.acknowledged(cx, self.snapshot);
        }
        let dropped =
            self.tagged != LayerId::NONE && cx.layers.given_up(self.tagged, self.snapshot);
        if cx.protocol.refuse_dropped && dropped {
            return self.finish();
        }
        self.stage = Stage::Create {
            number: newest.number + 1,
            stepped: 0,
        };
        Event::None
    }

    pub(super) fn created(
        &mut self,
        cx: &Context,
        built: LayerId,
        stepped: Numbers,
        answer: Answer,
    ) -> Event {
        if answer == Answer::Done {
            return self.look(cx, built, stepped);
        }
        self.stage = Stage::Holder {
            built,
            stepped,
            lost: answer == Answer::Lost,
        };
        Event::None
    }

    /// Goes on by who holds the number that was wanted.
    pub(super) fn holder(
        &mut self,
        cx: &Context,
        built: LayerId,
        stepped: Numbers,
        lost: bool,
        answer: Answer,
    ) -> Event {
        let Answer::Slot(slot) = answer else {
            unreachable!("a number was asked for");
        };
        let layer = cx.layers.get(built);
        let file_of = |id| cx.layers.get(id).file;
        let tries_again = matches!(cx.role, Role::Writer { .. });
        let of_file = match slot {
            Slot::Layer(id) => file_of(id) == layer.file,
            Slot::Tombstone { file, .. } => file == layer.file,
            _ => false,
        };
        self.stage = match slot {
            Slot::Layer(id) if cx.protocol.own_ids && self.is_ours(cx, id, built) => {
                return self.look(cx, id, stepped);
            }
            // What was asked for may still be done: a commit is tried again, others are given up.
            Slot::Vacant if lost && tries_again => Stage::Create {
                number: layer.number,
                stepped,
            },
            Slot::Vacant if lost => Stage::Done,
            // Taken, and vacated since: a base with this number or a greater one is in place.
            Slot::Vacant if cx.protocol.follow_vacated => Stage::Find(Find::Base),
            _ if of_file => {
                if matches!(cx.role, Role::Restorer { .. }) && !cx.protocol.restorer_history {
                    return self.denied(cx, layer.file);
                }
                Stage::Find(Find::Base)
            }
            _ => Stage::Create {
                number: layer.number + 1,
                stepped: stepped | 1 << layer.number,
            },
        };
        Event::None
    }

    /// Whether a layer is the one that was just built, or holds what is pending since an earlier try.
    fn is_ours(&self, cx: &Context, id: LayerId, built: LayerId) -> bool {
        let layer = cx.layers.get(id);
        let again = layer.maker == cx.me
            && layer.file == cx.layers.get(built).file
            && layer.history & self.pending(cx) != 0;
        id == built || again
    }

    /// Looks at what the layer stands on.
    fn look(&mut self, cx: &Context, built: LayerId, stepped: Numbers) -> Event {
        let mut left = 0;
        if cx.protocol.base != BaseLook::None {
            left |= 1;
        }
        let parent = cx.layers.get(self.snapshot).number;
        if cx.protocol.parent != ParentLook::None && parent > cx.layers.get(self.base).number {
            left |= 1 << parent;
        }
        if cx.protocol.stepped_over {
            left |= stepped;
        }
        self.verify(cx, built, left)
    }

    fn verify(&mut self, cx: &Context, built: LayerId, left: Numbers) -> Event {
        if left == 0 {
            return self.acknowledged(cx, built);
        }
        self.stage = Stage::Verify { built, left };
        Event::None
    }

    /// Goes on after one look.
    pub(super) fn verified(
        &mut self,
        cx: &Context,
        built: LayerId,
        left: Numbers,
        answer: Answer,
    ) -> Event {
        let layer = cx.layers.get(built);
        let looked = next_look(cx, left);
        let as_it_was = match answer {
            Answer::Base(base) if cx.protocol.base == BaseLook::Below => {
                let now = cx.layers.get(base);
                now.file == layer.file && now.number < layer.number
            }
            Answer::Base(base) => base == self.base || base == cx.layers.base_of(self.snapshot),
            Answer::Slot(slot) if looked == cx.layers.get(self.snapshot).number => {
                slot == Slot::Layer(self.snapshot)
            }
            Answer::Slot(Slot::Torn | Slot::Foreign) => true,
            Answer::Slot(Slot::Layer(id)) => cx.layers.get(id).file != layer.file,
            Answer::Slot(Slot::Tombstone { file, .. }) => file != layer.file,
            _ => false,
        };
        if as_it_was {
            let mut left = left & !(1 << looked);
            if cx.protocol.parent == ParentLook::NumberOrBase
                && answer == Answer::Base(self.snapshot)
            {
                left &= !(1 << cx.layers.get(self.snapshot).number);
            }
            return self.verify(cx, built, left);
        }
        self.stage = match cx.role {
            _ if cx.protocol.withdraw => Stage::Withdraw {
                number: layer.number,
            },
            Role::Merger { .. } => Stage::Done,
            _ => Stage::Find(Find::Base),
        };
        Event::None
    }

    /// A commit is in the file for good: `snapshot` holds it.
    pub(super) fn acknowledged(&mut self, cx: &Context, snapshot: LayerId) -> Event {
        let event = Event::Acked(cx.layers.get(snapshot).file, self.pending(cx));
        let commits = match cx.role {
            Role::Writer { commits, .. } => commits,
            Role::Restorer { .. } => {
                self.finish();
                return event;
            }
            _ => {
                self.stage = self.merge_counts(cx, snapshot);
                return Event::None;
            }
        };
        self.snapshot = snapshot;
        self.behind += 1;
        if self.behind == commits {
            self.finish();
        } else {
            self.stage = Stage::Create {
                number: cx.layers.get(snapshot).number + 1,
                stepped: 0,
            };
        }
        event
    }

    /// Forgets all and stops.
    pub(super) fn finish(&mut self) -> Event {
        self.stage = Stage::Done;
        (self.snapshot, self.base, self.tagged) = (LayerId::NONE, LayerId::NONE, LayerId::NONE);
        Event::None
    }
}

/// The number to look at next; 0 is the base.
pub(super) fn next_look(cx: &Context, left: Numbers) -> u8 {
    let looked = if cx.protocol.backwards {
        Numbers::BITS - 1 - left.leading_zeros()
    } else {
        left.trailing_zeros()
    };
    looked as u8
}
