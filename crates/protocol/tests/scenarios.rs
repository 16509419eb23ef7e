//! The protocol as it is: no interleaving breaks a promise.
//!
//! `PROTOCOL_SOAK=1` adds larger scenarios, of minutes and some gigabytes.

use array_format_protocol::{Look, Numbers, Placed, Protocol, Role, Scenario, explore};

const fn writer(first: u8, commits: u8) -> Role {
    Role::Writer {
        first,
        commits,
        tags: false,
    }
}
const TAGGER: Role = Role::Writer {
    first: 5,
    commits: 1,
    tags: true,
};
const COMPACTOR: Role = Role::Merger { from: 0 };
const SIDECARS: Role = Role::Merger { from: 2 };
const TWICE: Role = Role::Reader { rounds: 2 };
const ONCE: Role = Role::Reader { rounds: 1 };
const PAGE: Protocol = Protocol::PAGE;

fn holds(scenario: Scenario) {
    match explore(&scenario) {
        Ok(report) => {
            println!(
                "{:<30} {:>9} worlds, {:>5} ends, depth {}",
                scenario.name, report.worlds, report.ends, report.depth
            );
            assert!(report.ends > 0, "{}: nobody comes to an end", scenario.name);
        }
        Err(violation) => panic!("{}: {violation}", scenario.name),
    }
}

fn with<'a>(name: &'a str, layers: u8, roles: &'a [Role]) -> Scenario<'a> {
    Scenario {
        layers,
        ..Scenario::new(name, PAGE, roles)
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

#[test]
fn writers() {
    let roles = [writer(0, 2), writer(2, 2), TWICE];
    holds(with("two writers", 0, &roles));
    holds(faulty(with("two writers, lost answers", 0, &roles)));
    let roles = [writer(0, 2), writer(2, 1), writer(4, 1), ONCE];
    holds(with("three writers", 0, &roles));
    if soak() {
        holds(faulty(with("three writers, lost answers", 0, &roles)));
    }
}

#[test]
fn compaction() {
    let roles = [writer(0, 1), writer(2, 1), COMPACTOR, ONCE];
    holds(with("compaction", 1, &roles));
    if soak() {
        let roles = [writer(0, 2), writer(2, 2), COMPACTOR, TWICE];
        holds(with("compaction, more commits", 0, &roles));
        let roles = [writer(0, 1), writer(2, 1), writer(4, 1), COMPACTOR];
        holds(faulty(with("compaction, three writers", 1, &roles)));
    }
}

#[test]
fn two_compactors() {
    let roles = [writer(0, 1), COMPACTOR, COMPACTOR, ONCE];
    holds(with("two compactors", 1, &roles));
    let roles = [writer(0, 1), COMPACTOR, SIDECARS, ONCE];
    holds(with("compactor and merger", 2, &roles));
    if soak() {
        let roles = [writer(0, 2), writer(2, 1), COMPACTOR, COMPACTOR];
        holds(with("two compactors, two writers", 2, &roles));
    }
}

#[test]
fn lost_answers() {
    let roles = [writer(0, 1), writer(2, 1), COMPACTOR];
    holds(faulty(with("compaction, lost answers", 1, &roles)));
    let roles = [writer(0, 1), COMPACTOR, SIDECARS];
    holds(faulty(with("mergers, lost answers", 2, &roles)));
    let roles = [writer(0, 1), COMPACTOR, COMPACTOR];
    holds(faulty(with("compactors, lost answers", 1, &roles)));
}

#[test]
fn taken_numbers() {
    let placed = [(2, Placed::Foreign), (4, Placed::Torn)];
    let roles = [writer(0, 1), writer(2, 1), COMPACTOR, ONCE];
    for layers in [0, 1] {
        let scenario = with("taken numbers", layers, &roles);
        holds(Scenario {
            placed: &placed,
            ..scenario
        });
    }
    let scenario = with("taken numbers, lost answers", 1, &roles[..3]);
    holds(Scenario {
        placed: &placed,
        ..faulty(scenario)
    });
}

#[test]
fn without_lists() {
    let protocol = Protocol {
        look: Look::Probe(1),
        ..PAGE
    };
    for roles in [
        [writer(0, 1), writer(2, 1), COMPACTOR, ONCE],
        [writer(0, 1), COMPACTOR, SIDECARS, ONCE],
    ] {
        let scenario = with("asking for numbers", 1, &roles);
        holds(Scenario {
            protocol,
            ..scenario
        });
    }
    if soak() {
        let roles = [writer(0, 2), COMPACTOR, SIDECARS, TWICE];
        let scenario = with("asking for numbers, longer", 2, &roles);
        holds(Scenario {
            protocol,
            ..scenario
        });
    }
}

#[test]
fn lists_in_parts() {
    const ODD: Numbers = 0xaaaa;
    const PARTS: [&[(bool, Numbers)]; 3] = [
        &[(true, 0), (false, ODD), (false, !ODD)],
        &[(false, !ODD), (false, ODD), (true, 0)],
        &[(false, ODD), (true, 0), (false, !ODD)],
    ];
    for parts in PARTS {
        let protocol = Protocol {
            look: Look::List(parts),
            ..PAGE
        };
        for roles in [
            [writer(0, 1), COMPACTOR, ONCE],
            [writer(0, 1), SIDECARS, ONCE],
        ] {
            let scenario = with("list in parts", 2, &roles);
            holds(Scenario {
                protocol,
                ..scenario
            });
        }
        if soak() {
            let roles = [writer(0, 1), COMPACTOR, SIDECARS, ONCE];
            let scenario = with("list in parts, two mergers", 2, &roles);
            holds(Scenario {
                protocol,
                ..scenario
            });
        }
    }
}

#[test]
fn tags() {
    let roles = [writer(0, 1), TAGGER, COMPACTOR];
    holds(faulty(with("tag", 1, &roles)));
    let roles = [writer(0, 1), TAGGER, COMPACTOR, COMPACTOR];
    holds(with("tag and two compactors", 1, &roles));
    let roles = [TAGGER, COMPACTOR, SIDECARS, ONCE];
    holds(with("tag and merger", 2, &roles));
}

#[test]
fn create_over_a_live_file() {
    let roles = [writer(0, 1), COMPACTOR, Role::Creator, ONCE];
    holds(with("create", 1, &roles));
    let roles = [writer(0, 1), writer(2, 1), Role::Creator];
    holds(faulty(with("create, lost answers", 1, &roles)));
    let roles = [writer(0, 1), Role::Creator, Role::Creator, ONCE];
    holds(with("two creates", 1, &roles));
    if soak() {
        let roles = [writer(0, 1), writer(2, 1), Role::Creator, COMPACTOR];
        holds(with("create, two writers, compactor", 1, &roles));
    }
}
