//! Reading a snapshot, layer by layer.

use super::find::Find;
use super::{Context, Event, Process, Role, Stage};
use crate::layers::{LayerId, Numbers};
use crate::store::{Answer, Request, Slot};

impl Process {
    pub(super) fn read_request(&self, cx: &Context, left: Numbers) -> Request {
        let number = left.trailing_zeros() as u8;
        if number == cx.layers.get(self.base).number {
            Request::GetBase
        } else {
            Request::Get(number)
        }
    }

    pub(super) fn read_answer(&mut self, cx: &Context, left: Numbers, answer: Answer) -> Event {
        let number = left.trailing_zeros() as u8;
        let mut layers = cx.layers.snapshot(self.snapshot);
        let wanted = layers.find(|(of, _)| *of == number).map(|(_, id)| id);
        let got = match answer {
            Answer::Base(id) | Answer::Slot(Slot::Layer(id)) => Some(id),
            _ => None,
        };
        let rest = left & !(1 << number);
        if wanted != got {
            // Gone, or another: the snapshot has expired.
            let mixed = got.is_some() && !cx.protocol.compare_ids;
            self.again(cx);
            return if mixed { Event::Mixed } else { Event::None };
        }
        if rest == 0 {
            self.again(cx);
        } else {
            self.stage = Stage::Read { left: rest };
        }
        Event::None
    }

    /// Opens once more, or stops.
    fn again(&mut self, cx: &Context) {
        let Role::Reader { rounds } = cx.role else {
            unreachable!("only readers read");
        };
        self.behind += 1;
        (self.snapshot, self.base) = (LayerId::NONE, LayerId::NONE);
        self.stage = if self.behind == rounds {
            Stage::Done
        } else {
            Stage::Find(Find::Base)
        };
    }
}
