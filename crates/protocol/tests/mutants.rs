//! The protocol with a step left out, or done in another order: each is found out, by the promise
//! that it breaks. At the end, the steps that may be left out.

use array_format_protocol::{
    BaseLook, Invariant, Look, ParentLook, Promotion, Protocol, Role, Scenario, Vacancy, explore,
};

const fn writer(first: u8, commits: u8) -> Role {
    Role::Writer {
        first,
        commits,
        tags: false,
    }
}
const A: Role = writer(0, 1);
const B: Role = writer(2, 1);
const TAGGER: Role = Role::Writer {
    first: 5,
    commits: 1,
    tags: true,
};
const COMPACTOR: Role = Role::Merger { from: 0 };
const ONCE: Role = Role::Reader { rounds: 1 };
const PAGE: Protocol = Protocol::PAGE;
/// Numbers above the base's are freed where the number before is free, and writers look at what
/// they stand on.
const FREEING: Protocol = Protocol {
    vacancy: Vacancy::AfterFreed,
    parent: ParentLook::Number,
    stepped_over: true,
    ..PAGE
};

/// A scenario in which vacant numbers count as no harm, only what comes of them.
fn with<'a>(protocol: Protocol, layers: u8, roles: &'a [Role]) -> Scenario<'a> {
    Scenario {
        layers,
        check_vacancy: false,
        ..Scenario::new("mutant", protocol, roles)
    }
}

fn breaks(expected: Invariant, scenario: Scenario) {
    let violation = explore(&scenario).expect_err("the mutant is found out");
    println!("{violation}");
    assert_eq!(violation.invariant, expected, "{violation}");
}

fn holds(scenario: Scenario) {
    if let Err(violation) = explore(&scenario) {
        panic!("{violation}");
    }
}

#[test]
fn no_look_at_the_base() {
    let protocol = Protocol {
        base: BaseLook::None,
        ..PAGE
    };
    breaks(Invariant::Lost, with(protocol, 0, &[A, B, COMPACTOR]));
}

/// The looks fail, though the layer counts: a compaction has it already.
#[test]
fn no_look_for_ones_own_commit_in_the_history() {
    let protocol = Protocol {
        history: false,
        ..PAGE
    };
    breaks(Invariant::Twice, with(protocol, 1, &[A, COMPACTOR]));
}

#[test]
fn neither_ids_nor_history_after_a_lost_answer() {
    let protocol = Protocol {
        own_ids: false,
        history: false,
        ..PAGE
    };
    let scenario = with(protocol, 0, &[A]);
    breaks(
        Invariant::Twice,
        Scenario {
            faults: 1,
            ..scenario
        },
    );
}

/// The number was taken, and a compaction has vacated it when the writer looks: it is no foreign one.
#[test]
fn a_vacated_number_is_stepped_over() {
    let protocol = Protocol {
        follow_vacated: false,
        ..PAGE
    };
    breaks(Invariant::Lost, with(protocol, 1, &[A, COMPACTOR]));
}

/// Other writers have stepped over the layer of a file that is gone: its number must stay taken.
#[test]
fn a_layer_that_fails_the_looks_is_removed() {
    let protocol = Protocol {
        withdraw: true,
        ..PAGE
    };
    breaks(
        Invariant::WentBack,
        with(protocol, 1, &[A, B, Role::Creator]),
    );
}

/// A tag may already keep it.
#[test]
fn a_layer_that_fails_the_looks_is_removed_though_tagged() {
    let protocol = Protocol {
        withdraw: true,
        ..PAGE
    };
    let roles = [A, TAGGER, COMPACTOR, COMPACTOR];
    breaks(Invariant::TagUnreadable, with(protocol, 1, &roles));
}

#[test]
fn layers_removed_without_tombstones() {
    let protocol = Protocol {
        vacancy: Vacancy::Bare,
        ..FREEING
    };
    let roles = [A, COMPACTOR, Role::Merger { from: 3 }];
    breaks(Invariant::WentBack, with(protocol, 2, &roles));
}

#[test]
fn numbers_freed_and_no_look_at_the_parent() {
    let protocol = Protocol {
        parent: ParentLook::None,
        ..FREEING
    };
    let roles = [A, COMPACTOR, Role::Merger { from: 2 }];
    breaks(Invariant::WentBack, with(protocol, 2, &roles));
}

#[test]
fn numbers_freed_from_the_greatest_down() {
    let protocol = Protocol {
        falling: true,
        ..FREEING
    };
    let roles = [A, COMPACTOR, Role::Merger { from: 3 }];
    breaks(Invariant::WentBack, with(protocol, 2, &roles));
}

/// A slow compactor puts its layer in the base's place when another has merged and freed it: the
/// tombstone that led on is now beneath the base, and who probes stops at the gap after it.
#[test]
fn numbers_freed_and_a_late_promotion() {
    let protocol = Protocol {
        look: Look::Probe(1),
        ..FREEING
    };
    let scenario = with(protocol, 1, &[A, COMPACTOR, COMPACTOR, ONCE]);
    breaks(
        Invariant::Stale,
        Scenario {
            faults: 1,
            ..scenario
        },
    );
}

/// The same, and a writer whose parent is the late compactor's layer, vacant under its number and
/// found in the base's place.
#[test]
fn numbers_freed_and_a_parent_in_the_base() {
    let protocol = Protocol {
        parent: ParentLook::NumberOrBase,
        ..FREEING
    };
    let scenario = with(protocol, 1, &[A, B, COMPACTOR, COMPACTOR]);
    breaks(
        Invariant::Lost,
        Scenario {
            faults: 1,
            ..scenario
        },
    );
}

/// Who lists, and looks for the parent at its number alone, loses nothing where numbers are freed.
#[test]
fn numbers_freed_and_lists() {
    let roles = [A, B, COMPACTOR, COMPACTOR];
    holds(Scenario {
        faults: 1,
        ..with(FREEING, 1, &roles)
    });
    holds(with(FREEING, 1, &[A, B, COMPACTOR, ONCE]));
    holds(with(
        FREEING,
        2,
        &[A, COMPACTOR, Role::Merger { from: 2 }, ONCE],
    ));
}

/// A tombstone leads to a merged layer that was freed in its turn.
#[test]
fn numbers_freed_and_no_lists() {
    let protocol = Protocol {
        look: Look::Probe(1),
        ..FREEING
    };
    let roles = [A, Role::Merger { from: 1 }, Role::Merger { from: 3 }, ONCE];
    breaks(Invariant::Stale, with(protocol, 2, &roles));
}

#[test]
fn layers_removed_before_the_swap() {
    let protocol = Protocol {
        remove_first: true,
        ..PAGE
    };
    breaks(Invariant::Unreadable, with(protocol, 1, &[A, B, COMPACTOR]));
}

#[test]
fn check_and_overwrite_instead_of_swap() {
    let protocol = Protocol {
        promotion: Promotion::CheckThenPut,
        ..PAGE
    };
    breaks(
        Invariant::BaseWentBack,
        with(protocol, 2, &[A, COMPACTOR, COMPACTOR]),
    );
}

/// The number that was listed is freed by a compaction and taken by a stale writer.
#[test]
fn a_reader_does_not_compare_versions() {
    let protocol = Protocol {
        compare_versions: false,
        ..PAGE
    };
    breaks(
        Invariant::NeverWas,
        with(protocol, 1, &[A, B, COMPACTOR, ONCE]),
    );
}

#[test]
fn a_reader_does_not_start_again() {
    let protocol = Protocol {
        compare_versions: false,
        start_again: false,
        ..PAGE
    };
    breaks(
        Invariant::NeverWas,
        with(protocol, 1, &[A, COMPACTOR, ONCE]),
    );
}

#[test]
fn a_reader_does_not_compare_the_listed_base() {
    let protocol = Protocol {
        compare_listed: false,
        ..PAGE
    };
    let roles = [A, COMPACTOR, Role::Creator, ONCE];
    breaks(Invariant::Stale, with(protocol, 1, &roles));
}

#[test]
fn one_who_lists_in_parts_does_not_look_at_the_base_again() {
    let protocol = Protocol {
        look: Look::List(&[(true, 0), (false, u16::MAX)]),
        look_again: false,
        ..PAGE
    };
    breaks(
        Invariant::NeverWas,
        with(protocol, 1, &[A, COMPACTOR, ONCE]),
    );
}

#[test]
fn one_who_probes_does_not_look_at_the_base_again() {
    let protocol = Protocol {
        look: Look::Probe(2),
        look_again: false,
        ..PAGE
    };
    breaks(
        Invariant::NeverWas,
        with(protocol, 1, &[A, COMPACTOR, ONCE]),
    );
}

#[test]
fn a_reader_does_not_compare_ids() {
    let protocol = Protocol {
        compare_ids: false,
        ..PAGE
    };
    breaks(Invariant::Mixed, with(protocol, 1, &[A, COMPACTOR, ONCE]));
}

#[test]
fn promotion_does_not_wait_for_a_tag() {
    let protocol = Protocol {
        wait_for_tags: false,
        ..PAGE
    };
    breaks(
        Invariant::TagUnreadable,
        with(protocol, 1, &[TAGGER, COMPACTOR]),
    );
}

/// The tag comes when the merge has counted, and before it removes.
#[test]
fn a_dropped_snapshot_is_tagged() {
    let protocol = Protocol {
        refuse_dropped: false,
        ..PAGE
    };
    breaks(
        Invariant::TagUnreadable,
        with(protocol, 1, &[TAGGER, COMPACTOR]),
    );
}

#[test]
fn create_starts_again_from_zero() {
    let protocol = Protocol {
        create_above: false,
        ..PAGE
    };
    breaks(
        Invariant::WentBack,
        with(protocol, 1, &[A, B, Role::Creator]),
    );
}

#[test]
fn create_overwrites_a_base_that_it_has_not_seen() {
    let protocol = Protocol {
        create_by_swap: false,
        ..PAGE
    };
    let roles = [A, B, Role::Creator, COMPACTOR];
    breaks(Invariant::WentBack, with(protocol, 1, &roles));
}

/// As no number above the base's is ever free, these steps may be left out, or done otherwise.
#[test]
fn steps_that_may_be_left_out() {
    let ids = Protocol {
        own_ids: false,
        ..PAGE
    };
    let same_base = Protocol {
        base: BaseLook::Same,
        ..PAGE
    };
    let start_again = Protocol {
        start_again: false,
        ..PAGE
    };
    let falling = Protocol {
        falling: true,
        ..PAGE
    };
    let more_looks = Protocol {
        parent: ParentLook::Number,
        stepped_over: true,
        ..PAGE
    };
    for protocol in [ids, same_base, start_again, falling, more_looks] {
        holds(with(protocol, 1, &[A, B, COMPACTOR, ONCE]));
        holds(with(
            protocol,
            2,
            &[A, COMPACTOR, Role::Merger { from: 2 }, ONCE],
        ));
        let faults = with(protocol, 1, &[A, B, COMPACTOR]);
        holds(Scenario {
            faults: 1,
            late: true,
            ..faults
        });
    }
}
