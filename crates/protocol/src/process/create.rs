//! `create` over a live file.

use super::Context;
use crate::layers::{Layer, LayerId, Numbers};
use crate::store::{Answer, Request, Slot, taken};

/// How far it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Creation {
    /// Read the header of what is there.
    Base,
    /// List the numbers beside it.
    List { old: LayerId },
    /// Put the new base.
    Put { old: LayerId, taken: Numbers },
    /// See whose a number is.
    Look { old: LayerId, left: Numbers },
    /// Remove the old file's.
    Delete { old: LayerId, left: Numbers },
}

impl Creation {
    pub(super) fn base(self) -> LayerId {
        match self {
            Creation::Base => LayerId::NONE,
            Creation::List { old }
            | Creation::Put { old, .. }
            | Creation::Look { old, .. }
            | Creation::Delete { old, .. } => old,
        }
    }

    pub(super) fn draft(self, cx: &Context) -> Option<Layer> {
        let Creation::Put { old, taken } = self else {
            return None;
        };
        let listed = (Numbers::BITS - taken.leading_zeros()) as u8;
        let above = listed.max(cx.layers.get(old).number + 1);
        Some(Layer {
            number: if cx.protocol.create_above { above } else { 0 },
            file: cx.layers.get(old).file + 1,
            maker: cx.me,
            ..Layer::default()
        })
    }

    pub(super) fn request(self, cx: &Context, new: LayerId) -> Request {
        match self {
            Creation::Base => Request::GetBase,
            Creation::List { .. } => Request::List {
                base: false,
                part: Numbers::MAX,
            },
            Creation::Put { old, .. } if cx.protocol.create_by_swap => Request::Swap(old, new),
            Creation::Put { .. } => Request::Replace(new),
            Creation::Look { left, .. } => Request::Get(left.trailing_zeros() as u8),
            Creation::Delete { left, .. } => Request::Delete(left.trailing_zeros() as u8),
        }
    }

    /// How it goes on, if at all.
    pub(super) fn answer(self, cx: &Context, answer: Answer) -> Option<Creation> {
        let on = |old, left: Numbers| (left != 0).then_some(Creation::Look { old, left });
        match (self, answer) {
            (Creation::Base, Answer::Base(old)) => Some(Creation::List { old }),
            (Creation::List { old }, Answer::List(_, listed)) => Some(Creation::Put {
                old,
                taken: taken(&listed),
            }),
            (Creation::Put { .. }, Answer::Refused) => Some(Creation::Base),
            // It may be done later: its caller gets an error.
            (Creation::Put { .. }, Answer::Lost) => None,
            (Creation::Put { old, taken }, _) => on(old, taken),
            (Creation::Look { old, left }, Answer::Slot(slot)) => {
                let file = cx.layers.get(old).file;
                let ours = match slot {
                    Slot::Layer(id) => cx.layers.get(id).file == file,
                    Slot::Tombstone { file: of, .. } => of == file,
                    _ => false,
                };
                if ours {
                    Some(Creation::Delete { old, left })
                } else {
                    on(old, left & (left - 1))
                }
            }
            (Creation::Delete { old, left }, _) => on(old, left & (left - 1)),
            (creation, answer) => unreachable!("{creation:?} did not ask for {answer:?}"),
        }
    }
}
