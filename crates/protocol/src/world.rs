//! A store and its processes at one moment, and the actions that lead to the next.

use std::fmt;

use crate::layers::{Commits, LayerId, Layers};
use crate::process::{Context, Event, Process, Role};
use crate::scenario::Scenario;
use crate::store::{Answer, Request, Slot, Store, taken};

/// The most processes of a scenario.
pub const PROCESSES: usize = 4;

/// Everything at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct World {
    pub store: Store,
    pub processes: [Option<Process>; PROCESSES],
    /// Requests whose answers were given up, and that may still arrive.
    pub late: [Option<Request>; 2],
    /// How many answers may still be lost.
    pub faults: u8,
    /// What was acknowledged in the file that is there now.
    pub acked: Commits,
    /// Commits to it of which it was said that they are not made.
    pub denied: Commits,
    /// Every history that this file had, as a set of sets of commits.
    pub states: u64,
    /// What it showed, by how many commits were in its history.
    pub shown: [Commits; 8],
}

/// What becomes of a request and its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It is done and answered.
    Answered,
    /// It is done; the answer is lost.
    Unheard,
    /// It is not done; the answer is lost.
    Undone,
    /// It is done; a client that did not hear of it asks again on its own, and meets itself.
    MetItself,
    /// The answer is lost; it is done at any time from now on, or never.
    Late,
}

/// One step of the world.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// A process asks for what it wants next.
    Step(u8, Fate),
    /// A late request arrives.
    Arrive(u8),
}

/// What an action did.
#[derive(Debug, Clone, Copy)]
pub struct Done {
    pub request: Request,
    pub answer: Answer,
    pub event: Event,
}

impl World {
    /// Every action that is possible.
    pub fn actions(&self, scenario: &Scenario, layers: &Layers) -> Vec<Action> {
        let mut actions = Vec::with_capacity(8);
        for (me, process) in (0..).zip(&self.processes) {
            let Some(process) = process.filter(|process| !process.is_done()) else {
                continue;
            };
            actions.push(Action::Step(me, Fate::Answered));
            let cx = context(scenario, me, layers);
            let request = process.request(&cx, LayerId::NONE);
            if self.faults > 0 && request.is_some_and(Request::is_conditional) {
                actions.push(Action::Step(me, Fate::MetItself));
            }
            if self.faults > 0 && request.is_some_and(Request::changes) {
                actions.push(Action::Step(me, Fate::Unheard));
                actions.push(Action::Step(me, Fate::Undone));
                if scenario.late && self.late.contains(&None) {
                    actions.push(Action::Step(me, Fate::Late));
                }
            }
        }
        let late = (0..).zip(&self.late).filter(|(_, late)| late.is_some());
        actions.extend(late.map(|(i, _)| Action::Arrive(i)));
        actions
    }

    /// Does one action.
    pub fn act(&mut self, scenario: &Scenario, layers: &mut Layers, action: Action) -> Done {
        match action {
            Action::Arrive(i) => {
                let request = self.late[usize::from(i)].take();
                let request = request.expect("only what is under way arrives");
                Done {
                    request,
                    answer: self.store.ask(request, layers),
                    event: Event::None,
                }
            }
            Action::Step(me, fate) => self.step(scenario, layers, me, fate),
        }
    }

    fn step(&mut self, scenario: &Scenario, layers: &mut Layers, me: u8, fate: Fate) -> Done {
        let place = usize::from(me);
        let mut process = self.processes[place].expect("only processes that are there step");
        let draft = process.draft(&context(scenario, me, layers));
        let new = draft.map_or(LayerId::NONE, |mut layer| {
            // A random id is one that nobody else knows of.
            let known = self.reachable(layers);
            let taken = |nonce| {
                let mut known = known.iter().map(|id| layers.get(*id));
                known.any(|other| other.maker == me && other.nonce == nonce)
            };
            layer.nonce = (0..u8::MAX).find(|&n| !taken(n)).expect("few layers");
            layers.add(layer)
        });
        let cx = context(scenario, me, layers);
        if matches!(cx.role, Role::Reader { .. }) && process.is_opening() && process.floor.is_none()
        {
            let newest = layers.get(self.store.newest(layers));
            process.floor = Some((newest.file, newest.history));
        }
        let request = process.request(&cx, new).expect("it has something to do");
        let answer = match fate {
            Fate::Answered => self.store.ask(request, layers),
            Fate::Unheard => {
                self.store.ask(request, layers);
                Answer::Lost
            }
            Fate::Undone => Answer::Lost,
            Fate::MetItself => {
                self.store.ask(request, layers);
                Answer::Refused
            }
            Fate::Late => {
                let place = self.late.iter_mut().find(|late| late.is_none());
                *place.expect("there is room") = Some(request);
                self.late.sort_by_key(Option::is_none);
                Answer::Lost
            }
        };
        if fate != Fate::Answered {
            self.faults -= 1;
        }
        let event = process.answer(&cx, request, answer);
        self.processes[place] = Some(process);
        Done {
            request,
            answer,
            event,
        }
    }
}

fn context<'a>(scenario: &'a Scenario, me: u8, layers: &'a Layers) -> Context<'a> {
    Context {
        me,
        role: scenario.roles[usize::from(me)],
        protocol: &scenario.protocol,
        layers,
    }
}

/// An action and what it did, for traces.
pub struct Told<'a> {
    pub action: Action,
    pub done: Done,
    pub layers: &'a Layers,
    pub scenario: &'a Scenario<'a>,
}

impl fmt::Display for Told<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let show = |id| self.layers.show(id);
        let slot = |slot: Slot| match slot {
            Slot::Layer(id) => show(id).to_string(),
            Slot::Tombstone { next, .. } => format!("tombstone: gone to {next}"),
            other => format!("{other:?}").to_lowercase(),
        };
        match self.action {
            Action::Step(me, _) => {
                let role = format!("{:?}", self.scenario.roles[usize::from(me)]);
                let role = role.split(' ').next().unwrap_or_default().to_lowercase();
                write!(f, "p{me} {role:<8}")?;
            }
            Action::Arrive(_) => write!(f, "arrives late")?,
        }
        match self.done.request {
            Request::GetBase => write!(f, " get base")?,
            Request::Get(number) => write!(f, " get {number}")?,
            Request::List { .. } => write!(f, " list")?,
            Request::Create(id) => write!(f, " create {}", show(id))?,
            Request::Swap(seen, id) => write!(f, " swap base {} for {}", show(seen), show(id))?,
            Request::Replace(id) => write!(f, " put base {}", show(id))?,
            Request::Bury(number, tomb) => write!(f, " put {number}: {}", slot(tomb))?,
            Request::Delete(number) => write!(f, " delete {number}")?,
        }
        match self.done.answer {
            Answer::Base(id) => write!(f, " -> {}", show(id))?,
            Answer::Slot(at) => write!(f, " -> {}", slot(at))?,
            Answer::List(_, listed) => {
                let listed = taken(&listed);
                let numbers: Vec<u8> = (0..16).filter(|n| listed >> n & 1 == 1).collect();
                write!(f, " -> {numbers:?}")?;
            }
            Answer::Done => write!(f, " -> done")?,
            Answer::Refused => write!(f, " -> refused")?,
            Answer::Lost => write!(f, " -> answer lost")?,
        }
        if let Action::Step(
            _,
            fate @ (Fate::Unheard | Fate::Undone | Fate::MetItself | Fate::Late),
        ) = self.action
        {
            write!(f, " ({fate:?})")?;
        }
        match self.done.event {
            Event::None => Ok(()),
            Event::Acked(_, commit) => {
                write!(f, ", ACKNOWLEDGES {}", crate::layers::commits(commit))
            }
            Event::Denied(_, commit) => {
                write!(f, ", SAYS CONFLICT OF {}", crate::layers::commits(commit))
            }
            Event::Opened(id) => write!(f, ", HAS OPENED {}", show(id)),
            Event::Mixed => write!(f, ", READS ANOTHER LAYER'S BYTES"),
        }
    }
}
