//! Real processes that are ended by SIGKILL at every step of every verb, and at any moment.

mod support;

use std::os::unix::process::ExitStatusExt;
use std::time::Duration;

use array_format::ArrayFile;
use array_format_reliability::servers::skipped;
use array_format_reliability::state::State;
use array_format_reliability::torture;
use support::{Ground, Place, number};

const KILL: i32 = 9;

/// Verbs, and whether they leave the state as it is. Data of large layers go into an annex.
const VERBS: [(&str, bool); 12] = [
    ("create", false),
    ("flush", false),
    ("delete", false),
    ("compact", true),
    ("merge", true),
    ("restore", false),
    ("tag", false),
    ("vacuum", true),
    ("flush of an old handle", false),
    ("flush of a large layer", false),
    ("compact to a large layer", true),
    ("merge to a large layer", true),
];

/// A file with a base, five sidecars, and a merge among them.
async fn template(ground: &Ground) -> Place {
    let place = ground.place();
    let mut file = place.create().await;
    torture::define(&mut file).unwrap();
    for serial in 1..=4 {
        torture::step(&mut file, 1, serial).await.unwrap();
        file.flush().await.unwrap();
    }
    let mut options = array_format::CompactOptions::default();
    options.scope = array_format::Scope::Newest(2);
    options.retention = Some(array_format::Retention::commits(10));
    file.compact_with(options).await.unwrap();
    torture::step(&mut file, 2, 1).await.unwrap();
    file.flush().await.unwrap();
    place
}

/// All data go into an annex.
fn large() -> String {
    "largest-put=0".to_owned()
}

async fn state(place: &Place) -> State {
    let file: ArrayFile = place.open().await.unwrap();
    State::of(&file).await.unwrap()
}

/// Runs a verb to its end, or to the kill at a moment; what it said, and whether it was killed.
async fn run(place: &Place, verb: &str, moment: Option<u64>) -> (String, bool) {
    let mut arguments: Vec<String> = Vec::new();
    arguments.extend(moment.map(|moment| format!("moment={moment}")));
    arguments.extend(verb.contains("large").then(large));
    let verb = verb.split(' ').next().unwrap();
    let child = place.torture(verb, &arguments);
    let output = child.wait_with_output().await.unwrap();
    let killed = output.status.signal() == Some(KILL);
    assert!(
        killed || output.status.success(),
        "{verb}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    (String::from_utf8(output.stdout).unwrap(), killed)
}

async fn kills_at_every_step(ground: Ground) -> u64 {
    let template = template(&ground).await;
    let before = state(&template).await;
    let mut kills = 0;
    for (verb, is_same) in VERBS {
        let whole = ground.place();
        template.copy_to(&whole).await;
        let (said, killed) = run(&whole, verb, None).await;
        assert!(!killed && said.contains("done"), "{verb}: {said}");
        let after = state(&whole).await;
        assert_eq!(before == after, is_same, "{verb}");
        for moment in 0.. {
            let place = ground.place();
            template.copy_to(&place).await;
            let (said, killed) = run(&place, verb, Some(moment)).await;
            if !killed {
                assert!(
                    said.contains("done") && moment > 3,
                    "{verb}, {moment}: {said}"
                );
                break;
            }
            kills += 1;
            let found = state(&place).await;
            let what = format!("{verb} on {}, killed at moment {moment}", ground.name());
            assert!(found == before || found == after, "{what}: {found:?}");
            // Whoever comes next goes on where it ended.
            run(&place, verb, None).await;
            let found = state(&place).await;
            assert!(found == after, "{what}, again: {found:?}\n{after:?}");
            let mut file = place.open().await.unwrap();
            file.compact().await.unwrap();
            assert!(state(&place).await == after, "{what}, compacted");
        }
    }
    kills
}

/// A process that commits as fast as it can, killed at any moment, again and again.
async fn kills_at_any_moment(ground: Ground, rounds: u64) -> (u64, u64) {
    let place = ground.place();
    let mut file = place.create().await;
    torture::define(&mut file).unwrap();
    file.flush().await.unwrap();
    let (mut last, mut commits) = ([0u64; 2], 0);
    for round in 0..rounds {
        let mut children = Vec::new();
        for (writer, serial) in last.iter().enumerate() {
            let mut arguments = vec![format!("writer={writer}"), format!("from={}", serial + 1)];
            arguments.extend((round % 4 == 1).then(large));
            children.push(place.torture("write", &arguments));
        }
        let arguments: Vec<String> = (round % 4 > 1).then(large).into_iter().collect();
        let mut compactor = place.torture("compactor", &arguments);
        // From before it has opened the file to some commits on.
        let wait = (round * 7919 % 97) * 2 + 3;
        tokio::time::sleep(Duration::from_millis(wait)).await;
        for child in &mut children {
            child.start_kill().unwrap();
        }
        compactor.start_kill().unwrap();
        let _ = compactor.wait().await;
        let mut acknowledged = last;
        for child in children {
            let output = child.wait_with_output().await.unwrap();
            let errors = String::from_utf8_lossy(&output.stderr);
            assert_eq!(
                output.status.signal(),
                Some(KILL),
                "round {round}: {errors}"
            );
            for line in String::from_utf8(output.stdout).unwrap().lines() {
                let words: Vec<&str> = line.split(' ').collect();
                // The last line may be cut.
                if let ["ack", writer, serial, _] = words[..] {
                    acknowledged[writer.parse::<usize>().unwrap()] = serial.parse().unwrap();
                    commits += 1;
                }
            }
        }
        let serials = torture::serials(&place.open().await.unwrap())
            .await
            .unwrap();
        for writer in 0..2 {
            let (found, sure) = (serials[writer], acknowledged[writer]);
            assert!(
                found == sure || found == sure + 1,
                "round {round} on {}: writer {writer} was told of {sure}, the file has {found}",
                ground.name()
            );
            last[writer] = found;
        }
    }
    let mut file = place.open().await.unwrap();
    file.compact().await.unwrap();
    let mut options = array_format::merge::VacuumOptions::default();
    options.grace = Duration::ZERO;
    file.vacuum(&options).await.unwrap();
    let serials = torture::serials(&place.open().await.unwrap())
        .await
        .unwrap();
    assert_eq!(serials[..2], last);
    assert_eq!(
        place.objects().await.len(),
        1,
        "{:?}",
        place.objects().await
    );
    (rounds * 3, commits)
}

#[tokio::test(flavor = "multi_thread")]
async fn at_every_step_on_the_local_disk() {
    let kills = kills_at_every_step(Ground::local()).await;
    println!("local disk: {kills} kills, one at every step of every verb");
    assert!(kills > 100);
}

#[tokio::test(flavor = "multi_thread")]
async fn at_every_step_on_s3() {
    if skipped("kills on S3") {
        return;
    }
    let kills = kills_at_every_step(Ground::s3().await).await;
    println!("S3: {kills} kills, one at every step of every verb");
    assert!(kills > 100);
}

#[tokio::test(flavor = "multi_thread")]
async fn at_any_moment_on_the_local_disk() {
    let (kills, commits) = kills_at_any_moment(Ground::local(), number("KILLS", 20)).await;
    println!("local disk: {kills} kills at any moment, {commits} acknowledged commits, none lost");
}

#[tokio::test(flavor = "multi_thread")]
async fn at_any_moment_on_s3() {
    if skipped("kills on S3") {
        return;
    }
    let (kills, commits) = kills_at_any_moment(Ground::s3().await, number("KILLS", 20)).await;
    println!("S3: {kills} kills at any moment, {commits} acknowledged commits, none lost");
}
