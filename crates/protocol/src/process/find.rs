//! Finding the newest layer, as readers and everyone else do it.

use super::Context;
use crate::layers::{LayerId, NUMBERS, Numbers};
use crate::protocol::Look;
use crate::store::{Answer, Listed, Request, Slot, taken};

/// How far a search is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Find {
    /// Read the end of the base.
    #[default]
    Base,
    /// List the folder, part by part.
    List {
        base: LayerId,
        part: u8,
        listed: Listed,
    },
    /// Look at the base again.
    BaseAgain { base: LayerId, listed: Listed },
    /// Read the end of the greatest number that is left.
    Down {
        base: LayerId,
        listed: Listed,
        left: Numbers,
    },
    /// Ask for one number after another.
    Probe {
        base: LayerId,
        best: LayerId,
        number: u8,
        vacant: u8,
        /// The last number with an object, and what it was; 0 for none.
        last: (u8, Slot),
    },
    /// Look again at the last object, then at the base.
    LastAgain {
        base: LayerId,
        best: LayerId,
        last: (u8, Slot),
    },
    /// The last look of one who probes.
    ProbedBase { base: LayerId, best: LayerId },
}

/// What was found: the base object, and the newest layer.
#[derive(Debug, Clone, Copy)]
pub struct Found {
    pub base: LayerId,
    pub newest: LayerId,
}

impl Find {
    /// The layers that it holds.
    pub fn knows(&self) -> Vec<LayerId> {
        let of = |slot: &Slot| match slot {
            Slot::Layer(id) => Some(*id),
            _ => None,
        };
        match self {
            Find::Base => Vec::new(),
            Find::List { base, listed, .. }
            | Find::BaseAgain { base, listed }
            | Find::Down { base, listed, .. } => {
                listed.iter().filter_map(of).chain([*base]).collect()
            }
            Find::ProbedBase { base, best } => vec![*base, *best],
            Find::Probe {
                base, best, last, ..
            }
            | Find::LastAgain { base, best, last } => {
                of(&last.1).into_iter().chain([*base, *best]).collect()
            }
        }
    }

    pub fn request(self, cx: &Context) -> Request {
        match self {
            Find::Base | Find::BaseAgain { .. } | Find::ProbedBase { .. } => Request::GetBase,
            Find::List { part, .. } => {
                let Look::List(parts) = cx.protocol.look else {
                    unreachable!("only those who list come here");
                };
                let (base, part) = parts[usize::from(part)];
                Request::List { base, part }
            }
            Find::Down { left, .. } => Request::Get(greatest(left)),
            Find::Probe { number, .. } => Request::Get(number),
            Find::LastAgain { last, .. } => Request::Get(last.0),
        }
    }

    /// Takes in an answer; the end of the search, or how it goes on.
    pub fn answer(self, cx: &Context, answer: Answer) -> Result<Found, Find> {
        match (self, answer) {
            (Find::Base, Answer::Base(base)) => Err(match cx.protocol.look {
                Look::List(_) => Find::List {
                    base,
                    part: 0,
                    listed: Listed::default(),
                },
                Look::Probe(_) => Find::Probe {
                    base,
                    best: base,
                    number: cx.layers.get(base).number + 1,
                    vacant: 0,
                    last: (0, Slot::Vacant),
                },
            }),
            (Find::List { base, part, listed }, Answer::List(version, more)) => {
                if cx.protocol.compare_listed && version != LayerId::NONE && version != base {
                    return Err(Find::Base);
                }
                let mut listed = listed;
                for (slot, more) in listed.iter_mut().zip(more) {
                    if more != Slot::Vacant {
                        *slot = more;
                    }
                }
                let Look::List(parts) = cx.protocol.look else {
                    unreachable!("only those who list come here");
                };
                if usize::from(part) + 1 < parts.len() {
                    return Err(Find::List {
                        base,
                        part: part + 1,
                        listed,
                    });
                }
                // A list that is answered at once with the base's version needs no second look.
                if cx.protocol.look_again && parts.len() > 1 {
                    return Err(Find::BaseAgain { base, listed });
                }
                down(cx, base, listed, taken(&listed))
            }
            (Find::BaseAgain { base, listed }, Answer::Base(now)) => {
                if now != base {
                    return Err(Find::Base);
                }
                down(cx, base, listed, taken(&listed))
            }
            (Find::Down { base, listed, left }, Answer::Slot(slot)) => {
                let number = greatest(left);
                let lower = left & !(1 << number);
                if cx.protocol.compare_versions && slot != listed[usize::from(number)] {
                    return Err(Find::Base);
                }
                match slot {
                    Slot::Layer(id) if cx.layers.valid(id, base) => Ok(Found { base, newest: id }),
                    Slot::Vacant if cx.protocol.start_again => Err(Find::Base),
                    Slot::Tombstone { file, next }
                        if cx.protocol.start_again
                            && file == cx.layers.get(base).file
                            && listed[usize::from(next)] == Slot::Vacant =>
                    {
                        Err(Find::Base)
                    }
                    _ => down(cx, base, listed, lower),
                }
            }
            (
                Find::Probe {
                    base,
                    best,
                    number,
                    vacant,
                    last,
                },
                Answer::Slot(slot),
            ) => {
                let Look::Probe(width) = cx.protocol.look else {
                    unreachable!("only those who probe come here");
                };
                let mut best = best;
                let mut to = number + 1;
                let (vacant, last) = match slot {
                    Slot::Vacant => (vacant + 1, last),
                    Slot::Layer(id) if cx.layers.valid(id, base) => {
                        best = id;
                        (0, (number, slot))
                    }
                    Slot::Tombstone { file, next } if file == cx.layers.get(base).file => {
                        to = to.max(next);
                        (0, (number, slot))
                    }
                    _ => (0, (number, slot)),
                };
                if vacant < width && usize::from(to) < NUMBERS {
                    return Err(Find::Probe {
                        base,
                        best,
                        number: to,
                        vacant,
                        last,
                    });
                }
                if !cx.protocol.look_again {
                    return Ok(Found { base, newest: best });
                }
                Err(match last.0 {
                    0 => Find::ProbedBase { base, best },
                    _ => Find::LastAgain { base, best, last },
                })
            }
            (Find::LastAgain { base, best, last }, Answer::Slot(now)) => Err(if now == last.1 {
                Find::ProbedBase { base, best }
            } else {
                Find::Base
            }),
            (Find::ProbedBase { base, best }, Answer::Base(now)) => {
                if now == base {
                    Ok(Found { base, newest: best })
                } else {
                    Err(Find::Base)
                }
            }
            (find, answer) => unreachable!("{find:?} did not ask for {answer:?}"),
        }
    }
}

/// Goes on with the numbers that are left, or ends with the base.
fn down(cx: &Context, base: LayerId, listed: Listed, left: Numbers) -> Result<Found, Find> {
    let above = Numbers::MAX << (cx.layers.get(base).number + 1);
    match left & above {
        0 => Ok(Found { base, newest: base }),
        left => {
            // Nobody reads the others.
            let mut listed = listed;
            listed[..=usize::from(cx.layers.get(base).number)].fill(Slot::Vacant);
            Err(Find::Down { base, listed, left })
        }
    }
}

fn greatest(numbers: Numbers) -> u8 {
    (Numbers::BITS - 1 - numbers.leading_zeros()) as u8
}
