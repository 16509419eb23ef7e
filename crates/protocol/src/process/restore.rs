//! A restore: a commit that shows an older snapshot again, and follows nobody.

use super::find::Find;
use super::{Context, Event, Process, Role, Stage, Target};
use crate::layers::{Layer, LayerId};

impl Process {
    /// Goes on with a snapshot that was found: chooses the target, restores it, or sees that others
    /// were faster.
    pub(super) fn restore(&mut self, cx: &Context, before: LayerId) -> Event {
        let Role::Restorer { to, .. } = cx.role else {
            unreachable!("only restorers restore");
        };
        let newest = cx.layers.get(self.snapshot);
        if before != LayerId::NONE && cx.layers.get(before).file != newest.file {
            // The snapshot has expired.
            return self.finish();
        }
        self.behind += 1;
        match (to, self.behind) {
            (Target::Tagged, 1) => self.tagged = newest.tag,
            (Target::Opened, 1) => {
                self.tagged = self.snapshot;
                self.stage = Stage::Find(Find::Base);
                return Event::None;
            }
            (Target::Opened, 2) => {}
            _ => return self.overtaken(cx),
        }
        let target = self.tagged;
        let refused = cx.protocol.refuse_dropped && cx.layers.given_up(target, self.snapshot);
        if target == LayerId::NONE || target == self.snapshot || refused {
            return self.finish();
        }
        self.stage = Stage::Create {
            number: newest.number + 1,
            stepped: 0,
        };
        Event::None
    }

    /// The number was taken, or the base has passed it: a conflict, unless the restore was made and
    /// merged since.
    fn overtaken(&mut self, cx: &Context) -> Event {
        let newest = cx.layers.get(self.snapshot);
        let pending = self.pending(cx);
        if cx.protocol.history && newest.history & pending != 0 {
            return self.acknowledged(cx, self.snapshot);
        }
        self.denied(cx, newest.file)
    }

    /// Says that others were faster.
    pub(super) fn denied(&mut self, cx: &Context, file: u8) -> Event {
        self.finish();
        Event::Denied(file, self.pending(cx))
    }

    /// The layer that shows the target again. It stands on what the target stood on; its history,
    /// the tag and what merges gave up are those of now.
    pub(super) fn restored(&self, cx: &Context, number: u8) -> Layer {
        let newest = cx.layers.get(self.snapshot);
        let bit = self.pending(cx);
        Layer {
            number,
            maker: cx.me,
            nonce: 0,
            base: cx.layers.base_of(self.tagged),
            refers: cx.layers.beneath_next(self.tagged),
            content: cx.layers.get(self.tagged).content,
            history: newest.history | bit,
            before: cx.layers.before_next(self.snapshot),
            twice: newest.twice || newest.history & bit != 0,
            merged: false,
            ..*newest
        }
    }
}
