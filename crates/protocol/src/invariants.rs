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
    /// An acknowledged commit is not in the history of the newest state.
    Lost,
    /// A commit is in a history twice.
    Twice,
    /// The history of the newest state lacks a commit that it had, or it shows something else
    /// without one.
    WentBack,
    /// A commit is in the history of which it was said that others were faster.
    Denied,
    /// The base was replaced by an older one.
    BaseWentBack,
    /// A layer of the newest snapshot is gone.
    Unreadable,
    /// A layer of a snapshot is gone that is tagged, or was when layers were last merged.
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
            (self.acked, self.denied, self.states) = (0, 0, 0);
            self.shown = [0; 8];
        } else if !includes(newest.history, was.history) {
            return Err(if includes(newest.history, self.acked) {
                Invariant::WentBack
            } else {
                Invariant::Lost
            });
        } else if newest.history == was.history && newest.content != was.content {
            return Err(Invariant::WentBack);
        }
        self.states |= 1 << newest.history;
        self.shown[newest.history.count_ones() as usize] = newest.content;
        if newest.twice {
            return Err(Invariant::Twice);
        }
        match done.event {
            Event::Acked(file, commit) if file == newest.file => self.acked |= commit,
            Event::Denied(file, commit) if file == newest.file => self.denied |= commit,
            Event::Mixed => return Err(Invariant::Mixed),
            Event::Opened(found) => self.check_opened(layers, found, newest.file)?,
            Event::Acked(..) | Event::Denied(..) | Event::None => {}
        }
        if !includes(newest.history, self.acked) {
            return Err(Invariant::Lost);
        }
        if newest.history & self.denied != 0 {
            return Err(Invariant::Denied);
        }
        if !self.store.readable(newest_id, layers) {
            return Err(Invariant::Unreadable);
        }
        let mut kept = [newest.tag, newest.kept].into_iter();
        if kept.any(|id| id != LayerId::NONE && !self.store.readable(id, layers)) {
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
            if found.file < file || found.file == file && !includes(found.history, commits) {
                return Err(Invariant::Stale);
            }
            let was = self.states >> found.history & 1 == 1;
            let showed = self.shown[found.history.count_ones() as usize];
            if found.file == now && !(was && showed == found.content) {
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
