//! What must hold in every world.

use crate::layers::{Commits, LayerId, Layers};
use crate::process::Event;
use crate::protocol::Vacancy;
use crate::scenario::Scenario;
use crate::store::{Slot, Store};
use crate::world::{Done, World};

/// A promise that was broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Invariant {
    /// An acknowledged commit is not in the newest state.
    Lost,
    /// A commit is in a state twice.
    Twice,
    /// The newest state lacks a commit that was visible before.
    WentBack,
    /// The base was replaced by an older one.
    BaseWentBack,
    /// A layer of the newest snapshot is gone.
    Unreadable,
    /// A layer of a tagged snapshot is gone.
    TagUnreadable,
    /// A number is vacant that must not be.
    Vacancy,
    /// An open gave a state that was out of date when the open began.
    Stale,
    /// An open gave a state that the file was never in.
    NeverWas,
    /// A reader took another layer for one of its snapshot's.
    Mixed,
    /// A process that is left alone never ends.
    Stuck,
}

impl World {
    /// Notes what an action did, and whether everything still holds.
    pub fn check(
        &mut self,
        scenario: &Scenario,
        layers: &Layers,
        before: &World,
        done: &Done,
    ) -> Result<(), Invariant> {
        let newest_id = self.store.newest(layers);
        let newest = layers.get(newest_id);
        let was = layers.get(before.store.newest(layers));
        let (base, base_was) = (layers.get(self.store.base), layers.get(before.store.base));
        if (base.file, base.number) < (base_was.file, base_was.number) {
            return Err(Invariant::BaseWentBack);
        }
        if newest.file != was.file {
            (self.acked, self.states) = (0, 0);
        } else if !includes(newest.content, was.content) {
            return Err(if includes(newest.content, self.acked) {
                Invariant::WentBack
            } else {
                Invariant::Lost
            });
        }
        self.states |= 1 << newest.content;
        if newest.twice {
            return Err(Invariant::Twice);
        }
        match done.event {
            Event::Acked(file, commit) if file == newest.file => self.acked |= commit,
            Event::Mixed => return Err(Invariant::Mixed),
            Event::Opened(found) => self.check_opened(layers, found, newest.file)?,
            Event::Acked(..) | Event::None => {}
        }
        if !includes(newest.content, self.acked) {
            return Err(Invariant::Lost);
        }
        if !self.store.readable(newest_id, layers) {
            return Err(Invariant::Unreadable);
        }
        if newest.tag != LayerId::NONE && !self.store.readable(newest.tag, layers) {
            return Err(Invariant::TagUnreadable);
        }
        if scenario.check_vacancy
            && !vacant_as_allowed(
                &self.store,
                scenario.protocol.vacancy,
                base.number,
                newest.number,
            )
        {
            return Err(Invariant::Vacancy);
        }
        Ok(())
    }

    /// Whether a reader's open gave a state that was the newest while it ran.
    fn check_opened(&mut self, layers: &Layers, found: LayerId, now: u8) -> Result<(), Invariant> {
        let found = layers.get(found);
        for process in self.processes.iter_mut().flatten() {
            // The only one that has a floor and is not opening is the one that has just opened.
            if process.is_opening() {
                continue;
            }
            let Some((file, commits)) = process.floor.take() else {
                continue;
            };
            if found.file < file || found.file == file && !includes(found.content, commits) {
                return Err(Invariant::Stale);
            }
            if found.file == now && self.states >> found.content & 1 == 0 {
                return Err(Invariant::NeverWas);
            }
        }
        Ok(())
    }
}

/// Whether every vacant number between the base's and the newest may be so.
fn vacant_as_allowed(store: &Store, vacancy: Vacancy, base: u8, newest: u8) -> bool {
    let mut after_tombstone = false;
    (base + 1..newest).all(|number| match store.slots[usize::from(number)] {
        Slot::Vacant => after_tombstone && vacancy != Vacancy::Never,
        slot => {
            after_tombstone = matches!(slot, Slot::Tombstone { .. });
            true
        }
    })
}

fn includes(set: Commits, part: Commits) -> bool {
    set & part == part
}
