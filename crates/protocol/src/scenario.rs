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

/// A file, the processes that share it, and how much may go wrong.
#[derive(Debug, Clone, Copy)]
pub struct Scenario<'a> {
    /// What it shows.
    pub name: &'a str,
    /// The steps that are done.
    pub protocol: Protocol,
    /// The processes.
    pub roles: &'a [Role],
    /// Layers without commits that are there from the beginning, from number 1 on.
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
            layers: 0,
            placed: &[],
            faults: 0,
            late: false,
            check_vacancy: true,
        }
    }

    /// The world before the first step.
    pub(crate) fn start(&self, layers: &mut Layers) -> World {
        // Nobody's process made what is there.
        let mut newest = Layer {
            file: 1,
            maker: u8::MAX,
            ..Layer::default()
        };
        let mut id = layers.add(newest);
        let mut store = Store {
            base: id,
            ..Store::default()
        };
        let base = id;
        for number in 1..=self.layers {
            newest.refers[usize::from(newest.number)] = id;
            newest = Layer {
                number,
                base,
                ..newest
            };
            id = layers.add(newest);
            store.slots[usize::from(number)] = Slot::Layer(id);
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
            states: 1,
        }
    }
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
            open.extend([layer.base, layer.tag]);
        }
        found
    }
}
