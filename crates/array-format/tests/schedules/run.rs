//! One run: a plan that a seed determines, carried out, checked, and made smaller if it fails.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::task::{Context, Wake, Waker};
use std::time::Duration;

use array_format::merge::VacuumOptions;
use array_format::{ArrayFile, DeltaCache, FileConfig, NoCompression};
use ndarray::{ArrayD, IxDyn};

use crate::actors::{Actor, CHUNKS, Role, path};
use crate::history::{Change, History, Tried};
use crate::random::{Random, Strategy};
use crate::world::{Defect, Verdict, World};

/// Operations after which a run is thought to go on for ever.
const MOST: u64 = 20_000;
/// The actor that makes the file, and the one that looks at it in the end.
const FIRST: usize = 100;
const LAST: usize = 101;

#[derive(Debug, Clone)]
pub struct Plan {
    /// What each actor is, its rounds, and its own seed; its place is its id.
    pub actors: Vec<(usize, Role, usize, u64)>,
    /// Chooses who goes next, and what fails.
    pub seed: u64,
    /// Faults at most.
    pub faults: usize,
    /// Whether the store is one that the library tries out before it commits.
    pub unknown_store: bool,
    pub shared_cache: bool,
    pub defect: Defect,
}

#[derive(Debug, Default)]
pub struct Report {
    pub failure: Option<String>,
    pub trace: Vec<String>,
    pub operations: u64,
    pub faults: BTreeMap<&'static str, u64>,
    pub counts: BTreeMap<&'static str, u64>,
}

impl Report {
    /// The failure without its numbers, so that shrinking does not go over to another one.
    fn kind(&self) -> String {
        let words = self.failure.iter().flat_map(|f| f.split_whitespace());
        let words = words.filter(|word| word.chars().all(char::is_alphabetic));
        words.take(4).collect()
    }
}

impl Plan {
    /// The plan of a seed. Unless `all`, nobody removes layers while others tag or restore.
    pub fn new(seed: u64, defect: Defect, all: bool) -> Self {
        use Role::{
            Compactor, Counter, Definer, Merger, PolicyWriter, Reader, Restorer, StaleWriter,
            Tagger, Vacuumer, Writer,
        };
        const ROLES: [Role; 14] = [
            Writer,
            Writer,
            PolicyWriter,
            PolicyWriter,
            StaleWriter,
            Counter,
            Definer,
            Compactor,
            Compactor,
            Merger,
            Vacuumer,
            Tagger,
            Restorer,
            Reader,
        ];
        let mut random = Random(seed);
        let number = 2 + random.below(4);
        let mut actors: Vec<(usize, Role, usize, u64)> = (0..number)
            .map(|id| {
                let role = ROLES[random.below(ROLES.len())];
                let most = if role == Reader { 6 } else { 3 };
                (id, role, 1 + random.below(most), random.next())
            })
            .collect();
        let goes_back = |role: Role| matches!(role, Tagger | Restorer);
        if !all && actors.iter().any(|actor| goes_back(actor.1)) {
            for (_, role, ..) in &mut actors {
                *role = match *role {
                    PolicyWriter => Writer,
                    Compactor => Counter,
                    Merger => Definer,
                    Vacuumer => Reader,
                    other => other,
                };
            }
        }
        Self {
            actors,
            seed: random.next(),
            faults: if random.one_in(3) {
                0
            } else {
                1 + random.below(3)
            },
            unknown_store: random.one_in(8),
            shared_cache: random.one_in(2),
            defect,
        }
    }

    /// Plans with a little less.
    fn smaller(&self) -> Vec<Self> {
        let mut plans = Vec::new();
        for i in 0..self.actors.len() {
            let mut less = self.clone();
            less.actors.remove(i);
            plans.push(less);
        }
        for faults in 0..self.faults {
            plans.push(Self {
                faults,
                ..self.clone()
            });
        }
        if self.unknown_store {
            plans.push(Self {
                unknown_store: false,
                ..self.clone()
            });
        }
        for i in 0..self.actors.len() {
            if self.actors[i].2 > 1 {
                let mut less = self.clone();
                less.actors[i].2 -= 1;
                plans.push(less);
            }
        }
        plans
    }

    /// A small plan that fails, and its report: tries schedules of its own for each smaller plan.
    pub fn shrink(self, report: Report, tries: u64) -> (Self, Report) {
        let wanted = report.kind();
        let fails = |report: &Report| report.failure.is_some() && report.kind() == wanted;
        let (mut best, mut best_report) = (self, report);
        'smaller: loop {
            for plan in best.smaller() {
                let mut random = Random(plan.seed);
                for n in 0..tries {
                    let seed = if n == 0 { plan.seed } else { random.next() };
                    let plan = Self {
                        seed,
                        ..plan.clone()
                    };
                    let report = plan.run();
                    if fails(&report) {
                        (best, best_report) = (plan, report);
                        continue 'smaller;
                    }
                }
            }
            break;
        }
        // The same plan by other schedules, for the shortest trace.
        let mut random = Random(best.seed);
        for _ in 0..tries {
            let plan = Self {
                seed: random.next(),
                ..best.clone()
            };
            let report = plan.run();
            if fails(&report) && report.trace.len() < best_report.trace.len() {
                (best, best_report) = (plan, report);
            }
        }
        (best, best_report)
    }

    pub fn run(&self) -> Report {
        let world = World::new(self.defect);
        let history = Arc::new(Mutex::new(History::default()));
        let mut faults = BTreeMap::new();
        let ended = catch_unwind(AssertUnwindSafe(|| {
            self.carry_out(&world, &history, &mut faults)
        }));
        let failure = match ended {
            Ok(Ok(())) => None,
            Ok(Err(failure)) => Some(failure),
            Err(panic) => {
                let text = panic.downcast_ref::<String>().cloned();
                let text = text.or(panic.downcast_ref::<&str>().map(|s| (*s).to_owned()));
                Some(format!("panicked: {}", text.unwrap_or_default()))
            }
        };
        let mut state = world.state();
        let counts = history.lock().map(|h| h.counts.clone()).unwrap_or_default();
        Report {
            failure,
            trace: std::mem::take(&mut state.trace),
            operations: state.operations,
            faults,
            counts,
        }
    }

    fn carry_out(
        &self,
        world: &World,
        history: &Arc<Mutex<History>>,
        faults: &mut BTreeMap<&'static str, u64>,
    ) -> Result<(), String> {
        let name = if self.unknown_store {
            "Scheduled"
        } else {
            "InMemory"
        };
        let mut random = Random(self.seed);
        let cache = self
            .shared_cache
            .then(|| Arc::new(DeltaCache::new(1 << 20, 1 << 20)));
        let restores = self.actors.iter().any(|a| a.1 == Role::Restorer);
        let actor = |id, role, rounds, seed| Actor {
            id,
            role,
            rounds,
            random: Random(seed),
            world: world.clone(),
            history: Arc::clone(history),
            store: world.store(id, name),
            cache: cache.clone(),
            restores,
        };
        let mut quiet = Drive {
            world,
            strategy: Strategy::Uniform,
            random: Random(0),
            faults_left: 0,
            faults: &mut BTreeMap::new(),
        };
        let before = random.below(3);
        quiet.run(vec![(FIRST, Box::pin(begin(world, history, name, before)))])?;

        let actors = self.actors.iter().map(|&(id, role, rounds, seed)| {
            let work = actor(id, role, rounds, seed).work();
            (id, Box::pin(work) as Work<'_>)
        });
        let actors = actors.collect();
        let strategy = Strategy::new(&mut random, self.actors.len());
        let mut drive = Drive {
            world,
            strategy,
            random,
            faults_left: self.faults,
            faults,
        };
        drive.run(actors)?;
        let wrong = history.lock().unwrap().wrong.first().cloned();
        if let Some(wrong) = wrong {
            return Err(wrong);
        }
        let failure = Mutex::new(None);
        let last = actor(LAST, Role::Reader, 0, 0);
        let end = async {
            if let Err(text) = end(world, history, last).await {
                *failure.lock().unwrap() = Some(text);
            }
        };
        let mut quiet = Drive {
            world,
            strategy: Strategy::Uniform,
            random: Random(0),
            faults_left: 0,
            faults: &mut BTreeMap::new(),
        };
        quiet.run(vec![(LAST, Box::pin(end))])?;
        let failure = failure.into_inner().unwrap();
        failure.map_or(Ok(()), Err)
    }
}

type Work<'a> = Pin<Box<dyn Future<Output = ()> + 'a>>;

/// Whether an actor was woken.
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, SeqCst);
    }
}

/// Polls actors and grants their operations, one at a time.
struct Drive<'a> {
    world: &'a World,
    strategy: Strategy,
    random: Random,
    faults_left: usize,
    faults: &'a mut BTreeMap<&'static str, u64>,
}

impl Drive<'_> {
    fn run(&mut self, actors: Vec<(usize, Work<'_>)>) -> Result<(), String> {
        let mut actors: BTreeMap<usize, Work<'_>> = actors.into_iter().collect();
        // The number after the last is for operations that arrive late.
        let late = actors.keys().max().map_or(0, |last| last + 1);
        for id in actors.keys().copied().collect::<Vec<_>>() {
            self.poll(id, &mut actors)?;
        }
        loop {
            let mut ready: Vec<usize> = actors.keys().copied().collect();
            if self.world.late() > 0 {
                ready.push(late);
            }
            if ready.is_empty() {
                return Ok(());
            }
            let step = self.world.state().operations;
            if step > MOST {
                return Err("it does not come to an end".into());
            }
            let next = self.strategy.choose(&ready, step, &mut self.random);
            if next == late {
                self.world.let_arrive(self.random.below(self.world.late()));
                continue;
            }
            let (place, changes, kind) = {
                let state = self.world.state();
                let waiting = state.waiting.iter().enumerate();
                let own: Vec<usize> = waiting
                    .filter(|(_, w)| w.actor == next)
                    .map(|(i, _)| i)
                    .collect();
                let place = own[self.random.below(own.len())];
                let waiting = &state.waiting[place];
                (place, waiting.changes(), waiting.kind)
            };
            let verdict = self.verdict(changes, kind);
            self.world.grant(place, verdict);
            if verdict == Verdict::DiesBefore {
                actors.remove(&next);
                continue;
            }
            self.poll(next, &mut actors)?;
            if matches!(verdict, Verdict::DiesAfter | Verdict::DiesLate) {
                actors.remove(&next);
            }
        }
    }

    fn verdict(&mut self, changes: bool, kind: &'static str) -> Verdict {
        // What changes the store is what faults are about.
        let rate = if changes { 8 } else { 60 };
        if self.faults_left == 0 || !self.random.one_in(rate) {
            return Verdict::Done;
        }
        use Verdict::{AnswerLost, DiesAfter, DiesBefore, DiesLate, Fails, Late, Repeated};
        const CHANGES: [Verdict; 7] = [
            Fails, AnswerLost, Late, Repeated, DiesBefore, DiesAfter, DiesLate,
        ];
        let verdict = match (changes, kind) {
            (true, _) => CHANGES[self.random.below(CHANGES.len())],
            (false, _) => [Fails, DiesBefore][self.random.below(2)],
        };
        self.faults_left -= 1;
        let name = match verdict {
            Verdict::Done => "none",
            Fails => "failed",
            AnswerLost => "answer lost",
            Late => "late",
            Repeated => "repeated",
            DiesBefore => "died before",
            DiesAfter => "died after",
            DiesLate => "died, late",
        };
        *self.faults.entry(name).or_default() += 1;
        verdict
    }

    /// Polls an actor until it waits for an operation or is done.
    fn poll(&self, id: usize, actors: &mut BTreeMap<usize, Work<'_>>) -> Result<(), String> {
        let Some(actor) = actors.get_mut(&id) else {
            return Ok(());
        };
        let woken = Arc::new(Woken(AtomicBool::new(true)));
        let waker = Waker::from(Arc::clone(&woken));
        let mut context = Context::from_waker(&waker);
        while woken.0.swap(false, SeqCst) {
            if actor.as_mut().poll(&mut context).is_ready() {
                actors.remove(&id);
                return Ok(());
            }
        }
        Ok(())
    }
}

/// Makes the file, with some layers.
async fn begin(world: &World, history: &Mutex<History>, name: &'static str, layers: usize) {
    let store = world.store(FIRST, name);
    let config = FileConfig::new(NoCompression);
    let mut file = ArrayFile::create(store, path(), config).await.unwrap();
    for layer in 0..=layers {
        let message = format!("first.{layer}");
        let mut changes = Vec::new();
        if layer == 0 {
            for (array, length) in [("shared", CHUNKS), ("counters", 2)] {
                file.define_array::<i64>(array, vec![], vec![length], Some(vec![1]), None)
                    .unwrap();
                let data = ArrayD::from_elem(IxDyn(&[length]), 0i64);
                file.write_array(array, vec![0], data.view()).await.unwrap();
                let values = vec![0; length];
                changes.push(Change::Define { array, values });
            }
        } else {
            let data = ArrayD::from_elem(IxDyn(&[1]), layer as i64);
            file.write_array("shared", vec![CHUNKS - 1], data.view())
                .await
                .unwrap();
            changes.push(Change::Write {
                array: "shared",
                at: CHUNKS - 1,
                value: layer as i64,
                before: None,
            });
        }
        let began = world.now();
        file.commit(message.as_str()).await.unwrap();
        world.note(
            FIRST,
            format!("{message} acknowledged, at {}", file.sequence()),
        );
        history.lock().unwrap().tried.push(Tried {
            message,
            changes,
            began,
            done: Some(world.now()),
            refused: false,
        });
    }
}

/// When all is quiet: everything is explained, and compaction and vacuum leave it so.
async fn end(world: &World, history: &Mutex<History>, actor: Actor) -> Result<(), String> {
    let wrong = || match history.lock().unwrap().wrong.first() {
        Some(wrong) => Err(wrong.clone()),
        None => Ok(()),
    };
    let failed = |call: &'static str| move |error| format!("in the end, {call}: {error}");
    let mut file = actor.open().await.ok_or("in the end it cannot be opened")?;
    actor.observe(&file).await;
    actor.observe_tags(&file).await;
    wrong()?;
    let explain = async |file: &ArrayFile| {
        let log = file.log().await.map_err(failed("log"))?;
        history.lock().unwrap().explain(&log)
    };
    let before = explain(&file).await?;
    let seen = history.lock().unwrap().seen.len();
    file.compact().await.map_err(failed("compact"))?;
    actor.observe(&file).await;
    let mut options = VacuumOptions::default();
    options.grace = Duration::ZERO;
    file.vacuum(&options).await.map_err(failed("vacuum"))?;
    actor.observe(&file).await;
    let fresh = actor.open().await.ok_or("in the end it cannot be opened")?;
    actor.observe(&fresh).await;
    actor.observe_tags(&fresh).await;
    wrong()?;
    let after = explain(&fresh).await?;
    if before != after {
        return Err(format!("compaction made\n  {after:?}\nof\n  {before:?}"));
    }
    if history.lock().unwrap().seen.len() < seen + 3 {
        return Err("in the end a state cannot be read".into());
    }
    if after.tags.is_empty() {
        let objects = world.objects();
        if objects != ["run.af"] {
            return Err(format!("in the end there are {objects:?}"));
        }
    }
    Ok(())
}
