//! Restores of kept snapshots, some of which stand on a merged layer whose number is below the
//! base's; and the steps that these need.
//!
//! `PROTOCOL_SOAK=1` adds larger scenarios, of a minute or two.

use array_format_protocol::{
    Invariant, Look, Past, Protocol, Role, Scenario, Target, Validity, explore,
};

const fn writer(first: u8, commits: u8) -> Role {
    Role::Writer {
        first,
        commits,
        tags: false,
    }
}
const A: Role = writer(0, 1);
const TAGGER: Role = Role::Writer {
    first: 5,
    commits: 1,
    tags: true,
};
const TO_TAGGED: Role = Role::Restorer {
    commit: 4,
    to: Target::Tagged,
};
const TO_OPENED: Role = Role::Restorer {
    commit: 3,
    to: Target::Opened,
};
const COMPACTOR: Role = Role::Merger { from: 0 };
const SIDECARS: Role = Role::Merger { from: 2 };
const ONCE: Role = Role::Reader { rounds: 1 };
const TWICE: Role = Role::Reader { rounds: 2 };
const PAGE: Protocol = Protocol::PAGE;
/// Pasts in which a tag keeps something that a restorer can choose.
const PASTS: [Past; 3] = [Past::TaggedBase, Past::TaggedMerged, Past::Promoted];
/// The reading rule as it was: a restore onto a merged layer below the base's number is passed over.
const OLD_RULE: Protocol = Protocol {
    validity: Validity::OwnBase,
    ..PAGE
};

fn with<'a>(past: Past, protocol: Protocol, roles: &'a [Role]) -> Scenario<'a> {
    Scenario {
        past,
        ..Scenario::new("restore", protocol, roles)
    }
}

/// One answer lost, and the request perhaps late; two in a soak.
fn faulty(scenario: Scenario) -> Scenario {
    Scenario {
        faults: 1 + u8::from(soak()),
        late: true,
        ..scenario
    }
}

fn soak() -> bool {
    std::env::var_os("PROTOCOL_SOAK").is_some()
}

fn holds(scenario: Scenario) {
    match explore(&scenario) {
        Ok(report) => println!(
            "{:?}, {} processes, {} faults: {} worlds, {} ends, depth {}",
            scenario.past,
            scenario.roles.len(),
            scenario.faults,
            report.worlds,
            report.ends,
            report.depth
        ),
        Err(violation) => panic!("{:?}: {violation}", scenario.past),
    }
}

fn breaks(expected: Invariant, scenario: Scenario) {
    let violation = explore(&scenario).expect_err("the mutant is found out");
    println!("{violation}");
    assert_eq!(violation.invariant, expected, "{violation}");
}

#[test]
fn a_restore_races_a_promotion() {
    for past in PASTS {
        holds(with(past, PAGE, &[TO_TAGGED, COMPACTOR, A, ONCE]));
        holds(faulty(with(past, PAGE, &[TO_TAGGED, COMPACTOR, A])));
        if soak() {
            let roles = [TO_TAGGED, COMPACTOR, COMPACTOR, A];
            holds(with(past, PAGE, &roles));
            let roles = [TO_TAGGED, COMPACTOR, writer(0, 2), TWICE];
            holds(with(past, PAGE, &roles));
        }
    }
}

#[test]
fn commits_by_others_follow_a_restore() {
    for past in PASTS {
        let roles = [TO_TAGGED, writer(0, 2), writer(2, 1), ONCE];
        holds(with(past, PAGE, &roles));
        holds(with(past, PAGE, &[TO_TAGGED, SIDECARS, A, ONCE]));
    }
    let roles = [TO_TAGGED, COMPACTOR, SIDECARS, A];
    holds(with(Past::Promoted, PAGE, &roles));
    if soak() {
        holds(with(Past::TaggedMerged, PAGE, &roles));
    }
}

/// What was opened is restored: kept as nothing was merged since, or by the tag that moves.
#[test]
fn an_opened_snapshot_is_restored() {
    let scenario = with(Past::Commits, PAGE, &[TO_OPENED, COMPACTOR, A, ONCE]);
    holds(Scenario {
        layers: 1,
        ..scenario
    });
    for past in PASTS {
        holds(faulty(with(past, PAGE, &[TO_OPENED, COMPACTOR, A])));
    }
    let roles = [TO_OPENED, A, TAGGER, COMPACTOR];
    holds(with(Past::TaggedBase, PAGE, &roles));
    holds(with(Past::Promoted, PAGE, &roles));
    if soak() {
        for past in PASTS {
            holds(with(past, PAGE, &[TO_OPENED, TO_TAGGED, TAGGER, COMPACTOR]));
            holds(with(past, PAGE, &[TO_OPENED, TAGGER, COMPACTOR, COMPACTOR]));
            holds(with(past, PAGE, &[TO_OPENED, TAGGER, COMPACTOR, SIDECARS]));
        }
        let scenario = with(Past::TaggedBase, PAGE, &roles);
        holds(Scenario {
            faults: 1,
            ..scenario
        });
        let roles = [TO_OPENED, TAGGER, COMPACTOR, COMPACTOR];
        let scenario = with(Past::Commits, PAGE, &roles);
        holds(Scenario {
            layers: 1,
            ..scenario
        });
    }
}

#[test]
fn two_restorers() {
    let roles = [TO_TAGGED, TO_OPENED, COMPACTOR, A];
    holds(with(Past::TaggedMerged, PAGE, &roles));
    holds(faulty(with(Past::Promoted, PAGE, &roles[..3])));
}

#[test]
fn other_ways_to_look() {
    const PARTS: Look = Look::List(&[(false, 0xaaaa), (true, 0), (false, 0x5555)]);
    for look in [Look::Probe(1), PARTS] {
        let protocol = Protocol { look, ..PAGE };
        for past in PASTS {
            holds(with(past, protocol, &[TO_TAGGED, COMPACTOR, ONCE]));
        }
        if soak() {
            let roles = [TO_TAGGED, COMPACTOR, A, ONCE];
            holds(with(Past::TaggedMerged, protocol, &roles));
        }
    }
}

#[test]
fn create_over_a_file_that_is_restored() {
    let roles = [TO_TAGGED, A, Role::Creator, ONCE];
    holds(with(Past::Promoted, PAGE, &roles));
    holds(faulty(with(Past::TaggedMerged, PAGE, &roles[..3])));
}

/// The restore is acknowledged, and nobody ever sees it.
#[test]
fn the_old_rule_loses_a_restore() {
    breaks(
        Invariant::Lost,
        with(Past::Promoted, OLD_RULE, &[TO_TAGGED]),
    );
}

/// It was seen until a late promotion.
#[test]
fn the_old_rule_and_a_promotion_after_a_restore() {
    let roles = [TO_TAGGED, COMPACTOR];
    breaks(
        Invariant::WentBack,
        with(Past::TaggedMerged, OLD_RULE, &roles),
    );
    // From a tag that moves, a merge and a promotion on.
    let roles = [TO_OPENED, A, TAGGER, COMPACTOR];
    breaks(
        Invariant::WentBack,
        with(Past::TaggedBase, OLD_RULE, &roles),
    );
}

/// Its layers are being removed.
#[test]
fn a_dropped_snapshot_is_restored() {
    let protocol = Protocol {
        refuse_dropped: false,
        ..PAGE
    };
    let scenario = with(Past::Commits, protocol, &[TO_OPENED, COMPACTOR]);
    breaks(
        Invariant::Unreadable,
        Scenario {
            layers: 1,
            ..scenario
        },
    );
}

/// The base has passed the layer when its maker looks, as it is merged already: that is no conflict.
#[test]
fn a_restorer_does_not_look_in_the_history() {
    let protocol = Protocol {
        history: false,
        ..PAGE
    };
    breaks(
        Invariant::Denied,
        with(Past::TaggedMerged, protocol, &[TO_TAGGED, COMPACTOR]),
    );
}

/// Nor is it one if the answer was lost, and a tombstone is at the number.
#[test]
fn a_restorer_looks_in_the_history_only_after_an_answer() {
    let protocol = Protocol {
        restorer_history: false,
        ..PAGE
    };
    let scenario = with(Past::TaggedBase, protocol, &[TO_TAGGED, SIDECARS]);
    breaks(
        Invariant::Denied,
        Scenario {
            faults: 1,
            ..scenario
        },
    );
}

/// As no number above the base's is ever free, every layer that is there counts.
#[test]
fn readers_need_not_look_in_the_history() {
    let protocol = Protocol {
        validity: Validity::Any,
        ..PAGE
    };
    for past in PASTS {
        holds(with(past, protocol, &[TO_TAGGED, COMPACTOR, A, ONCE]));
        holds(faulty(with(past, protocol, &[TO_TAGGED, COMPACTOR, A])));
    }
}
