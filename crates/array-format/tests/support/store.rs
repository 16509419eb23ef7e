//! The store that tests run on: memory, or a place of its own in the one that the environment names.
//!
//! | variable | meaning |
//! |---|---|
//! | `AF_TEST_STORE` | a URL, as for `array_format::storage::resolve` |
//! | `AF_TEST_STORE_OPTIONS` | its options, `key=value;key=value` |

use std::sync::Arc;

use array_format::object_store::ObjectStore;
use array_format::object_store::memory::InMemory;
use array_format::object_store::prefix::PrefixStore;
use array_format::storage::resolve;

/// A store with nothing in it.
///
/// A real store has a client of its own each time, since connections end with the runtime of the test
/// that made them.
pub fn new_store() -> Arc<dyn ObjectStore> {
    let Ok(url) = std::env::var("AF_TEST_STORE") else {
        return Arc::new(InMemory::new());
    };
    let options = std::env::var("AF_TEST_STORE_OPTIONS").unwrap_or_default();
    let pairs = options.split(';').filter_map(|pair| pair.split_once('='));
    let pairs = pairs.map(|(key, value)| (key.to_owned(), value.to_owned()));
    let own = getrandom::u64().expect("random numbers");
    let url = format!("{}/{own:016x}", url.trim_end_matches('/'));
    let (store, path) = resolve(&url, pairs).unwrap_or_else(|error| panic!("{url}: {error}"));
    Arc::new(PrefixStore::new(store, path))
}
