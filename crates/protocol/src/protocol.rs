//! The steps of the protocol as switches, so that a test can leave one out.

use crate::layers::Numbers;

/// How the newest layer is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// By a list, whose parts are answered one after another: the numbers, and whether the base.
    List(&'static [(bool, Numbers)]),
    /// By asking for numbers until so many are vacant.
    Probe(u8),
}

/// A list that is answered at once.
pub const AT_ONCE: Look = Look::List(&[(true, Numbers::MAX)]);

/// Which layers above the base's number are the file's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Validity {
    /// Those whose history holds the layer in the base, or whose own base has a greater number.
    History,
    /// Those whose own base is the layer in the base, or has a greater number.
    OwnBase,
    /// All of this file.
    Any,
}

/// What step 4 of a commit accepts as base.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BaseLook {
    /// One of the same file with a number below the new layer's.
    Below,
    /// The one that was seen, or that of the snapshot.
    Same,
    /// No look.
    None,
}

/// Where step 4 of a commit may look for the parent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParentLook {
    /// No look.
    None,
    /// At its number, if it was there.
    Number,
    /// Also in the base's place.
    NumberOrBase,
}

/// What takes the place of a removed layer with a number above the base's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Vacancy {
    /// Always a tombstone.
    Never,
    /// Nothing, if the number before is above the base's and vacant or a tombstone.
    AfterFreed,
    /// Always nothing.
    Bare,
}

/// How a merged layer is put in the base's place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Promotion {
    /// By one conditional put.
    Swap,
    /// By looking at the base and then overwriting it.
    CheckThenPut,
    /// Not at all.
    None,
}

/// Which steps are done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Protocol {
    /// Which layers a reader takes for the newest.
    pub validity: Validity,
    /// How the newest layer is found.
    pub look: Look,
    /// The base's version in the list is compared with the base that was read.
    pub compare_listed: bool,
    /// What is read at a number must have the version that was listed; else finding starts again.
    pub compare_versions: bool,
    /// Finding ends with another look at the base, and at the last object before vacant numbers.
    pub look_again: bool,
    /// Finding starts again if an object is gone, or a tombstone's layer was not listed.
    pub start_again: bool,
    /// A reader compares the ids of the layers that it reads.
    pub compare_ids: bool,
    /// After a create: the look at the base.
    pub base: BaseLook,
    /// After a create: the look at the parent.
    pub parent: ParentLook,
    /// After a create: the look at the numbers that were stepped over.
    pub stepped_over: bool,
    /// The looks after a create are answered last to first.
    pub backwards: bool,
    /// A writer knows its own layer at a taken number by its id.
    pub own_ids: bool,
    /// A writer looks for its own commit in the history of a newer snapshot that it follows.
    pub history: bool,
    /// So does a restorer whose number is taken: its answer may have been lost.
    pub restorer_history: bool,
    /// One whose number was taken, and is vacant when it looks, finds the newest snapshot; else it
    /// steps over the number.
    pub follow_vacated: bool,
    /// A writer removes its layer when the looks fail.
    pub withdraw: bool,
    /// What is left of removed layers.
    pub vacancy: Vacancy,
    /// Layers are removed from the greatest number down.
    pub falling: bool,
    /// Layers are removed before the base is replaced.
    pub remove_first: bool,
    /// How a merged layer becomes the base.
    pub promotion: Promotion,
    /// The base is not replaced while a tag needs it.
    pub wait_for_tags: bool,
    /// A snapshot that a merge has given up can be neither tagged nor restored.
    pub refuse_dropped: bool,
    /// `create` takes a number above all that it sees.
    pub create_above: bool,
    /// `create` replaces only the base that it has seen.
    pub create_by_swap: bool,
}

impl Protocol {
    /// The protocol of `docs/commit-protocol.md`.
    pub const PAGE: Protocol = Protocol {
        validity: Validity::History,
        look: AT_ONCE,
        compare_listed: true,
        compare_versions: true,
        look_again: true,
        start_again: true,
        compare_ids: true,
        base: BaseLook::Below,
        parent: ParentLook::None,
        stepped_over: false,
        backwards: false,
        own_ids: true,
        history: true,
        restorer_history: true,
        follow_vacated: true,
        withdraw: false,
        vacancy: Vacancy::Never,
        falling: false,
        remove_first: false,
        promotion: Promotion::Swap,
        wait_for_tags: true,
        refuse_dropped: true,
        create_above: true,
        create_by_swap: true,
    };
}
