//! What is pending survives a flush that fails or is dropped.

use array_format::ArrayFile;
use futures::poll;

use crate::stores::{FailingPut, Gated, Yielding};
use crate::support::*;

/// A file with four chunks of ones committed, and twos pending on half of them.
async fn half_done(place: &Place) -> ArrayFile {
    let mut file = place.create().await;
    define::<i32>(&mut file, "a", &[8], &[2], None);
    write(&mut file, "a", &[0], &[8], [1; 8]).await;
    file.flush().await.unwrap();
    write(&mut file, "a", &[3], &[4], [2; 4]).await;
    define::<u8>(&mut file, "b", &[1], &[], None);
    file
}

const DONE: [i32; 8] = [1, 1, 1, 2, 2, 2, 2, 1];

async fn fail_each_put(done_all_the_same: bool) {
    for which in 0.. {
        let inner = new_store();
        let (store, gate) =
            Gated::around(inner.clone(), FailingPut::unarmed(which, done_all_the_same));
        let place = Place::at(store, "x.af");
        let mut file = half_done(&place).await;
        gate.arm();

        let first = file.flush().await;
        if !gate.has_failed() {
            assert!(which > 0, "a flush without a put");
            return;
        }
        // A lost acknowledgement may be made good in the same call, a put not done may not.
        assert!(first.is_err() || done_all_the_same, "put {which}");
        assert_eq!(all::<i32>(&file, "a").await, DONE, "pending, put {which}");
        assert_eq!(names(&file), ["a", "b"]);

        file.flush().await.unwrap();
        let reopened = Place::at(inner, "x.af").open().await;
        assert_eq!(
            all::<i32>(&reopened, "a").await,
            DONE,
            "reopened, put {which}"
        );
        assert_eq!(names(&reopened), ["a", "b"]);
        assert_eq!(stats(&reopened, "a").null_count, 0);
    }
}

#[tokio::test]
async fn trap_a_failed_flush_keeps_pending_and_a_retry_works() {
    fail_each_put(false).await;
}

#[tokio::test]
async fn trap_a_flush_whose_acknowledgement_got_lost_is_not_applied_twice() {
    fail_each_put(true).await;
}

#[tokio::test]
async fn trap_a_dropped_flush_keeps_pending_and_a_retry_works() {
    for polls in 0..200 {
        let inner = new_store();
        let (store, _) = Gated::around(inner.clone(), Yielding);
        let place = Place::at(store, "x.af");
        let mut file = half_done(&place).await;

        let mut finished = false;
        {
            let mut flush = std::pin::pin!(file.flush());
            for _ in 0..polls {
                if poll!(flush.as_mut()).is_ready() {
                    finished = true;
                    break;
                }
                tokio::task::yield_now().await;
            }
        }
        assert_eq!(all::<i32>(&file, "a").await, DONE, "after {polls} polls");
        file.flush().await.unwrap();
        let reopened = Place::at(inner, "x.af").open().await;
        assert_eq!(
            all::<i32>(&reopened, "a").await,
            DONE,
            "after {polls} polls"
        );
        assert_eq!(names(&reopened), ["a", "b"]);
        if finished {
            break;
        }
    }
}

#[tokio::test]
async fn a_failed_compaction_leaves_the_state_as_it_was() {
    for which in 0.. {
        let inner = new_store();
        let (store, gate) = Gated::around(inner.clone(), FailingPut::unarmed(which, false));
        let place = Place::at(store, "x.af");
        let mut file = half_done(&place).await;
        gate.arm();
        let first = file.compact().await;
        let failed = gate.has_failed();
        assert_eq!(all::<i32>(&file, "a").await, DONE, "put {which}");
        if first.is_err() {
            Place::at(inner.clone(), "x.af").open().await;
            file.compact().await.unwrap();
        }
        let reopened = Place::at(inner, "x.af").open().await;
        assert_eq!(all::<i32>(&reopened, "a").await, DONE, "put {which}");
        if !failed {
            break;
        }
    }
}
