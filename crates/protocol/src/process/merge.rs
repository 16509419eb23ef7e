//! A merge: a commit of copies, then the base's replacement, then the removal of what was merged.

use super::{Context, Process, Stage};
use crate::layers::{Layer, LayerId, Layers, NUMBERS, Numbers};
use crate::protocol::{Promotion, Vacancy};
use crate::store::{Answer, Request, Slot};

/// Removing what a merged layer replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Freeing {
    /// The merged layer.
    pub(super) merged: LayerId,
    /// The number that is looked at.
    number: u8,
    /// The base's number, as far as is known.
    base: u8,
    /// Whether the number before is above the base's and has no layer.
    freed: bool,
    step: Step,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Step {
    Look,
    Delete,
    Bury,
}

impl Freeing {
    pub(super) fn request(self, cx: &Context) -> Request {
        match self.step {
            Step::Look => Request::Get(self.number),
            Step::Delete => Request::Delete(self.number),
            Step::Bury => Request::Bury(self.number, self.tombstone(cx)),
        }
    }

    /// What is left in a layer's place: where it went.
    fn tombstone(self, cx: &Context) -> Slot {
        let merged = cx.layers.get(self.merged);
        Slot::Tombstone {
            file: merged.file,
            next: merged.number,
        }
    }
}

impl Process {
    /// Merges, if there is something to merge.
    pub(super) fn start_merge(&self, cx: &Context, from: u8) -> Stage {
        let newest = cx.layers.get(self.snapshot);
        let whole = newest.base == LayerId::NONE;
        if whole && self.snapshot != self.base {
            // Another's merge holds all: what is left to do is to put it in the base's place.
            return self.merge_counts(cx, self.snapshot);
        }
        if whole || newest.number < from {
            return Stage::Done;
        }
        Stage::Create {
            number: newest.number + 1,
            stepped: 0,
        }
    }

    /// The layer that holds copies of all layers from a number on.
    pub(super) fn merged(&self, cx: &Context, number: u8, from: u8) -> Layer {
        let parent = cx.layers.get(self.snapshot);
        let base = cx.layers.base_of(self.snapshot);
        let mut refers = parent.refers;
        for merged in &mut refers[usize::from(from)..] {
            *merged = LayerId::NONE;
        }
        let whole = from <= cx.layers.get(base).number;
        Layer {
            number,
            maker: cx.me,
            nonce: 0,
            base: if whole { LayerId::NONE } else { base },
            refers: if whole {
                [LayerId::NONE; NUMBERS]
            } else {
                refers
            },
            before: cx.layers.before_next(self.snapshot),
            merged: true,
            dropped_below: number,
            kept: parent.tag,
            ..*parent
        }
    }

    /// The merged layer counts: goes on to the base.
    pub(super) fn merge_counts(&self, cx: &Context, merged: LayerId) -> Stage {
        let protocol = cx.protocol;
        let layer = cx.layers.get(merged);
        let base_tagged = layer.tag != LayerId::NONE && cx.layers.base_of(layer.tag) == self.base;
        let promote = layer.base == LayerId::NONE && !(protocol.wait_for_tags && base_tagged);
        if !promote || protocol.promotion == Promotion::None {
            return self.free(cx, merged, cx.layers.get(self.base).number);
        }
        if protocol.remove_first {
            return self.free(cx, merged, layer.number);
        }
        replace(protocol.promotion, merged)
    }

    pub(super) fn merge_answer(&self, cx: &Context, answer: Answer) -> Stage {
        match self.stage {
            Stage::Swap { whole } | Stage::Put { whole } => match answer {
                Answer::Done if cx.protocol.remove_first => Stage::Done,
                Answer::Done => self.free(cx, whole, cx.layers.get(whole).number),
                _ => Stage::AfterSwap { whole },
            },
            Stage::AfterSwap { whole } => {
                let Answer::Base(base) = answer else {
                    unreachable!("the base was asked for");
                };
                let now = cx.layers.get(base);
                if now.file != cx.layers.get(whole).file {
                    return Stage::Done;
                }
                self.free(cx, whole, now.number)
            }
            Stage::Check { whole } => {
                if answer == Answer::Base(self.base) {
                    Stage::Put { whole }
                } else {
                    Stage::AfterSwap { whole }
                }
            }
            Stage::Free(freeing) => self.freed(cx, freeing, answer),
            _ => unreachable!("not a stage of merging"),
        }
    }

    /// Begins to remove.
    fn free(&self, cx: &Context, merged: LayerId, base: u8) -> Stage {
        let greatest = greatest(cx.layers.get(merged).number, base);
        let freeing = Freeing {
            merged,
            number: if cx.protocol.falling { greatest } else { 1 },
            base,
            freed: false,
            step: Step::Look,
        };
        self.next_to_free(cx, freeing)
    }

    /// Stops if there is nothing left to remove.
    fn next_to_free(&self, cx: &Context, freeing: Freeing) -> Stage {
        let merged = cx.layers.get(freeing.merged);
        if (1..=greatest(merged.number, freeing.base)).contains(&freeing.number) {
            return Stage::Free(freeing);
        }
        if cx.protocol.remove_first && merged.base == LayerId::NONE {
            return replace(cx.protocol.promotion, freeing.merged);
        }
        Stage::Done
    }

    fn freed(&self, cx: &Context, mut freeing: Freeing, answer: Answer) -> Stage {
        let file = cx.layers.get(freeing.merged).file;
        let above = freeing.number > freeing.base;
        match (freeing.step, answer) {
            (Step::Look, Answer::Slot(Slot::Layer(id))) => {
                let kept = needed(cx.layers, freeing.merged) >> freeing.number & 1 == 1;
                if cx.layers.get(id).file != file || kept {
                    return self.pass(cx, freeing, false);
                }
                freeing.step = match cx.protocol.vacancy {
                    Vacancy::Never if above => Step::Bury,
                    Vacancy::AfterFreed if above && !self.is_after_freed(cx, freeing) => Step::Bury,
                    _ => Step::Delete,
                };
            }
            (Step::Look, Answer::Slot(Slot::Tombstone { file: of, .. })) if of == file => {
                if above {
                    return self.pass(cx, freeing, true);
                }
                freeing.step = Step::Delete;
            }
            (Step::Look, Answer::Slot(slot)) => {
                return self.pass(cx, freeing, above && slot == Slot::Vacant);
            }
            (Step::Delete | Step::Bury, _) => {
                return self.pass(cx, freeing, above && answer == Answer::Done);
            }
            (step, answer) => unreachable!("{step:?} did not ask for {answer:?}"),
        }
        Stage::Free(freeing)
    }

    /// Whether the rule of vacancy lets a number be without an object. One who goes down expects
    /// that of those beneath.
    fn is_after_freed(&self, cx: &Context, freeing: Freeing) -> bool {
        if cx.protocol.falling {
            freeing.number > freeing.base + 1
        } else {
            freeing.freed
        }
    }

    /// Goes on to the next number.
    fn pass(&self, cx: &Context, freeing: Freeing, freed: bool) -> Stage {
        let number = if cx.protocol.falling {
            freeing.number - 1
        } else {
            freeing.number + 1
        };
        let next = Freeing {
            number,
            freed,
            step: Step::Look,
            ..freeing
        };
        self.next_to_free(cx, next)
    }
}

/// The greatest number to remove: that of the merged layer itself if it is in the base's place.
/// Beneath another base a tag may keep it, which came after it.
fn greatest(merged: u8, base: u8) -> u8 {
    if base == merged { merged } else { merged - 1 }
}

fn replace(promotion: Promotion, whole: LayerId) -> Stage {
    match promotion {
        Promotion::CheckThenPut => Stage::Check { whole },
        _ => Stage::Swap { whole },
    }
}

/// The numbers that a merged layer's snapshot and its tag need, beside its own.
fn needed(layers: &Layers, merged: LayerId) -> Numbers {
    let layer = layers.get(merged);
    let tagged = (layer.tag != LayerId::NONE).then(|| layers.snapshot(layer.tag));
    let all = layers.snapshot(merged).chain(tagged.into_iter().flatten());
    all.fold(0, |set, (number, _)| set | 1 << number) & !(1 << layer.number)
}
