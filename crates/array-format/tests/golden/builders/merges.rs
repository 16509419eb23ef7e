//! Merges that leave something behind: tombstones, kept snapshots, a base that is not replaced.

use array_format::{Retention, Scope};

use super::history::{change, changes};
use crate::past::Merge;
use crate::script::{Script, def};

/// The newest sidecars alone, twice: a tombstone stays for each.
pub async fn merged_newest(s: &mut Script) {
    changes(s, 4).await;
    s.merge(
        Scope::Newest(2),
        Retention::default(),
        Merge {
            layers: &[0, 1, 2, 5],
            given_up: &[3, 4],
            tombstones: &[(3, 5), (4, 5)],
            base: 0,
        },
    )
    .await;
    change(s, 6).await;
    s.merge(
        Scope::Newest(2),
        Retention::default(),
        Merge {
            layers: &[0, 1, 2, 7],
            given_up: &[3, 4, 5, 6],
            tombstones: &[(3, 5), (4, 5), (5, 7), (6, 7)],
            base: 0,
        },
    )
    .await;
    change(s, 8).await;
}

/// A tag keeps some of what the merge took in.
pub async fn merged_newest_kept(s: &mut Script) {
    changes(s, 4).await;
    s.tag("before", 3).await;
    s.commit("tagged").await;
    s.merge(
        Scope::Newest(4),
        Retention::default(),
        Merge {
            layers: &[0, 1, 6],
            given_up: &[4, 5],
            tombstones: &[(4, 6), (5, 6)],
            base: 0,
        },
    )
    .await;
    change(s, 7).await;
}

/// All layers are merged, but a tag needs the old base: the merged layer stays a sidecar.
pub async fn kept_by_tag(s: &mut Script) {
    changes(s, 2).await;
    s.tag("v1", 1).await;
    s.commit("tagged").await;
    s.merge(
        Scope::All,
        Retention::default(),
        Merge {
            layers: &[4],
            given_up: &[2, 3],
            tombstones: &[(2, 4), (3, 4)],
            base: 0,
        },
    )
    .await;
    change(s, 5).await;
}

/// The same by the retention that the file was opened with. The newest commit is given up all the
/// same: the merged layer shows its state.
pub async fn kept_by_retention(s: &mut Script) {
    s.retain(Retention::commits(2)).await;
    changes(s, 3).await;
    s.compact_keeping(Merge {
        layers: &[4],
        given_up: &[3],
        tombstones: &[(3, 4)],
        base: 0,
    })
    .await;
    change(s, 5).await;
}

/// A base is replaced over a merged layer that stays for a kept snapshot, below the base's number.
pub async fn promoted_later(s: &mut Script) {
    kept_by_retention(s).await;
    change(s, 6).await;
    change(s, 7).await;
    s.compact_keeping(Merge {
        layers: &[8],
        given_up: &[0, 1, 2, 3, 7],
        tombstones: &[],
        base: 8,
    })
    .await;
    change(s, 9).await;
}

/// A state of before a merge comes back: the newest layer stands on what the merge left behind.
pub async fn restored_over_merge(s: &mut Script) {
    kept_by_tag(s).await;
    s.restore(1).await;
    change(s, 7).await;
}

/// A kept state comes back whose layers all have numbers below the base's.
pub async fn restored_below_base(s: &mut Script) {
    promoted_later(s).await;
    s.restore(6).await;
    change(s, 11).await;
}

/// A log of several leaf pages, some of them from before the last merge.
pub async fn long_log(s: &mut Script) {
    s.keep_past();
    s.define("x", def::<u8>(&[]));
    for n in 1..=40u8 {
        s.fill("x", vec![n]).await;
        let message = format!("change {n}, ").repeat(200);
        s.commit(&message).await;
        if n.is_multiple_of(10) {
            let merged = s.newest() + 1;
            let given_up: Vec<u64> = (0..merged).collect();
            let expected = Merge {
                layers: &[merged],
                given_up: &given_up,
                tombstones: &[],
                base: merged,
            };
            s.merge(Scope::All, Retention::default(), expected).await;
        }
    }
}
