//! All worlds that a scenario leads to, breadth first.
//!
//! Worlds that were seen are kept as 64-bit hashes, as other checkers do it: two of ten million
//! meet by chance once in some hundred thousand runs.

use std::collections::HashMap;
use std::collections::VecDeque;
use std::collections::hash_map::Entry;
use std::fmt;
use std::hash::{BuildHasherDefault, DefaultHasher, Hash, Hasher};

use crate::invariants::Invariant;
use crate::layers::Layers;
use crate::scenario::Scenario;
use crate::world::{Action, Fate, PROCESSES, Told, World};

/// How large an exploration was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Report {
    /// Different worlds.
    pub worlds: usize,
    /// Worlds in which every process has come to its end.
    pub ends: usize,
    /// The greatest number of actions on a shortest way to a world.
    pub depth: u32,
}

/// A promise that was broken, and how.
#[derive(Debug, Clone)]
pub struct Violation {
    /// Which one.
    pub invariant: Invariant,
    /// The actions that lead there.
    pub trace: Vec<String>,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:?} after {} steps:", self.invariant, self.trace.len())?;
        self.trace
            .iter()
            .try_for_each(|line| writeln!(f, "  {line}"))
    }
}

/// One world that was seen: how it was reached, and where each process alone goes from it.
struct Seen {
    from: u32,
    by: Action,
    depth: u32,
    alone: [u32; PROCESSES],
}

const NOWHERE: u32 = u32::MAX;

/// Explores a scenario.
///
/// # Errors
/// The first violation, by a shortest trace.
pub fn explore(scenario: &Scenario) -> Result<Report, Violation> {
    let mut layers = Layers::new(scenario.protocol.validity);
    let start = scenario.start(&mut layers);
    let mut index: HashMap<u64, u32, BuildHasherDefault<Folded>> = HashMap::default();
    index.insert(hash(&start), 0);
    let mut seen = vec![Seen {
        from: NOWHERE,
        by: Action::Arrive(0),
        depth: 0,
        alone: [NOWHERE; PROCESSES],
    }];
    let mut frontier = VecDeque::from([(0u32, start)]);
    let mut ends = 0;
    while let Some((at, world)) = frontier.pop_front() {
        let actions = world.actions(scenario, &layers);
        let mut ended = true;
        for action in actions {
            ended &= matches!(action, Action::Arrive(_));
            let mut next = world;
            let done = next.act(scenario, &mut layers, action);
            let checked = next.check(scenario, &layers, &world, &done);
            let new = u32::try_from(seen.len()).expect("fewer than 2^32 worlds");
            let depth = seen[at as usize].depth + 1;
            let to = match index.entry(hash(&next)) {
                Entry::Occupied(known) => *known.get(),
                Entry::Vacant(place) => {
                    place.insert(new);
                    seen.push(Seen {
                        from: at,
                        by: action,
                        depth,
                        alone: [NOWHERE; PROCESSES],
                    });
                    frontier.push_back((new, next));
                    new
                }
            };
            if let Err(invariant) = checked {
                let mut actions = way_to(&seen, at);
                actions.push(action);
                return Err(violation(scenario, invariant, &actions));
            }
            if let Action::Step(me, Fate::Answered) = action {
                seen[at as usize].alone[usize::from(me)] = to;
            }
        }
        ends += usize::from(ended);
    }
    if let Some(at) = (0..scenario.roles.len()).find_map(|me| circle(&seen, me)) {
        return Err(violation(scenario, Invariant::Stuck, &way_to(&seen, at)));
    }
    Ok(Report {
        worlds: seen.len(),
        ends,
        depth: seen.last().map_or(0, |last| last.depth),
    })
}

/// A world from which a process goes round in a circle when it is left alone.
fn circle(seen: &[Seen], me: usize) -> Option<u32> {
    // Numbers of walks: a walk that meets itself is a circle, one that meets an earlier one ends.
    let mut walked = vec![0u32; seen.len()];
    for start in 0..seen.len() {
        let walk = start as u32 + 1;
        let mut at = start as u32;
        while at != NOWHERE && walked[at as usize] == 0 {
            walked[at as usize] = walk;
            at = seen[at as usize].alone[me];
        }
        if at != NOWHERE && walked[at as usize] == walk {
            return Some(at);
        }
    }
    None
}

/// The actions that led to a world.
fn way_to(seen: &[Seen], mut at: u32) -> Vec<Action> {
    let mut actions = Vec::new();
    while seen[at as usize].from != NOWHERE {
        actions.push(seen[at as usize].by);
        at = seen[at as usize].from;
    }
    actions.reverse();
    actions
}

/// Tells what happened, by doing it again.
fn violation(scenario: &Scenario, invariant: Invariant, actions: &[Action]) -> Violation {
    let mut layers = Layers::new(scenario.protocol.validity);
    let mut world = scenario.start(&mut layers);
    let tell = |&action: &Action| {
        let done = world.act(scenario, &mut layers, action);
        let layers = &layers;
        let told = Told {
            action,
            done,
            layers,
            scenario,
        };
        told.to_string()
    };
    Violation {
        invariant,
        trace: actions.iter().map(tell).collect(),
    }
}

fn hash(world: &World) -> u64 {
    let mut hasher = DefaultHasher::new();
    world.hash(&mut hasher);
    hasher.finish()
}

/// The index is keyed by hashes already.
#[derive(Default)]
struct Folded(u64);

impl Hasher for Folded {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, _: &[u8]) {
        unreachable!("keys are u64");
    }

    fn write_u64(&mut self, key: u64) {
        self.0 = key;
    }
}
