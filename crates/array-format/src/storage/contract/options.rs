//! How much is tried.

use bytes::Bytes;
use object_store::path::Path;

use crate::error::{Error, Result};

/// An object that is there, for stores to which nothing can be put.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sample {
    /// Its path in the store.
    pub path: Path,
    /// Its bytes: a thousand or more tell most.
    pub bytes: Bytes,
}

/// How much a [`check`](super::check) tries.
///
/// ```
/// let mut soak = array_format::storage::contract::ContractOptions::default();
/// soak.rounds = 200;
/// soak.long_list = true;
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ContractOptions {
    /// Clients that race each other. By default 16.
    pub clients: usize,
    /// Rounds of every race, and times that other things are repeated. By default 20.
    pub rounds: usize,
    /// Bytes of an object that is read while it is replaced. By default 256 KiB.
    pub object_bytes: usize,
    /// Bytes of a part of an upload. By default 5 MiB, less than which S3 does not take.
    pub part_bytes: usize,
    /// Whether more objects are listed and removed than stores do in one answer, which takes 2,200
    /// puts. By default not.
    pub long_list: bool,
    /// What is read where nothing can be put. By default nothing.
    pub sample: Option<Sample>,
}

impl Default for ContractOptions {
    fn default() -> Self {
        Self {
            clients: 16,
            rounds: 20,
            object_bytes: 256 << 10,
            part_bytes: 5 << 20,
            long_list: false,
            sample: None,
        }
    }
}

impl ContractOptions {
    pub(super) fn validate(&self) -> Result<()> {
        let least = [
            (self.clients, 2, "clients"),
            (self.rounds, 1, "rounds"),
            (self.object_bytes, 1000, "object_bytes"),
            (self.part_bytes, 1, "part_bytes"),
        ];
        match least.into_iter().find(|(value, least, _)| value < least) {
            Some((value, least, name)) => Err(Error::invalid(format!(
                "`{name}` is {value}, and has to be {least} or more"
            ))),
            None => Ok(()),
        }
    }
}
