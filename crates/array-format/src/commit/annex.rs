//! Data that are too much for one put: they are uploaded before their layer, as an object of its own.
//!
//! | stopped after | a reader sees |
//! |---|---|
//! | a part of the upload | the state before |
//! | the upload | the state before; `vacuum` finds an annex that no layer names |
//! | the layer | the state after |

use std::time::Duration;

use array_format_core::wire::HEADER_BYTES;
use array_format_core::wire::header::{Header, Id};
use array_format_core::wire::tables::Annex;
use bytes::Bytes;

use crate::error::Result;
use crate::open::random_id;
use crate::spool::Spool;
use crate::storage::ObjectStoreBackend;

/// How long an annex serves further attempts. `vacuum` must not take it away before a layer names it,
/// and goes by the age of objects.
const REUSED_WITHIN: Duration = Duration::from_secs(3600);

/// Sees to it that no more of a spool than `largest` is left to be put with its layer.
///
/// An attempt that was overtaken has uploaded most of it already: then only what came since is left.
pub(crate) async fn upload(
    place: &ObjectStoreBackend,
    file: Id,
    largest: u64,
    spool: &mut Spool,
) -> Result<()> {
    let own = |spool: &Spool| spool.own_end() - HEADER_BYTES as u64;
    if spool.annex().is_some() {
        let kept = spool.annex_within(REUSED_WITHIN);
        if kept.is_some() && own(spool) <= largest {
            return Ok(());
        }
        spool.set_annex(None);
    }
    if own(spool) <= largest {
        return Ok(());
    }
    let annex = Annex {
        id: random_id()?,
        length: spool.end(),
    };
    let header = Header {
        file,
        layer: annex.id,
        sequence: 0,
    };
    let mut bytes = vec![Bytes::copy_from_slice(&header.encode())];
    bytes.extend(spool.contents()?);
    place.put_in_parts(&place.annex(annex.id), bytes).await?;
    spool.set_annex(Some(annex));
    Ok(())
}
