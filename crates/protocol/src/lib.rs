//! `docs/commit-protocol.md` as a state machine, explored in every interleaving.
//!
//! A *world* is a store, the processes that share it, requests that are still under way, and what
//! was promised to whom. An action is one request of one process, or the late arrival of one whose
//! answer was lost. The explorer goes through all worlds that actions lead to, breadth first, so
//! that the trace of a violation is a shortest one.
//!
//! A process that is killed is one that is never stepped again. As every world is checked by itself,
//! and every process must come to an end alone from every world, kills need no action of their own.

mod explorer;
mod invariants;
mod layers;
mod process;
mod protocol;
mod scenario;
mod store;
mod world;

pub use explorer::{Report, Violation, explore};
pub use invariants::Invariant;
pub use layers::Numbers;
pub use process::{Role, Target};
pub use protocol::{AT_ONCE, BaseLook, Look, ParentLook, Promotion, Protocol, Vacancy, Validity};
pub use scenario::{Past, Placed, Scenario};
