//! When a flush merges layers on its own, and which.

use array_format_core::wire::tables::LayerRow;

use super::{CompactOptions, Scope};
use crate::ArrayFile;
use crate::error::Result;

/// How many sidecars a file may have before a flush merges some.
///
/// Merging takes the newest sidecars, and goes on to older ones as long as they are not larger than
/// what is merged already: so each byte is copied a number of times that grows with the logarithm of
/// the file's size. Once that reaches the base, all is compacted.
///
/// ```
/// use array_format::{CompactionPolicy, FileConfig, Lz4Codec};
///
/// let mut config = FileConfig::new(Lz4Codec);
/// config.compaction = Some(CompactionPolicy { sidecars: 16 });
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CompactionPolicy {
    /// Sidecars that a flush leaves as they are; with one more it merges.
    pub sidecars: usize,
}

impl CompactionPolicy {
    /// What to merge of layers with these sizes, base first.
    fn scope(self, sizes: &[u64]) -> Option<Scope> {
        let sidecars = sizes.len().saturating_sub(1);
        if sidecars <= self.sidecars.max(1) {
            return None;
        }
        // At least two are merged, so that there is one less.
        let mut taken = 2;
        let mut bytes: u64 = sizes.iter().rev().take(taken).sum();
        for &size in sizes.iter().rev().skip(taken) {
            if size > bytes {
                break;
            }
            bytes += size;
            taken += 1;
        }
        if taken == sizes.len() {
            Some(Scope::All)
        } else {
            Some(Scope::Newest(taken))
        }
    }
}

impl ArrayFile {
    /// Merges layers if the configuration wants it. The commit before it is done, whatever happens.
    pub(crate) async fn merge_by_policy(&mut self) {
        let Some(policy) = self.settings.compaction else {
            return;
        };
        let merged = match self.scope_of(policy) {
            Ok(None) => return,
            Ok(Some(scope)) => {
                let options = CompactOptions {
                    scope,
                    ..CompactOptions::default()
                };
                // A flush calls this, and a compaction flushes.
                Box::pin(self.compact_with(options)).await.map(|_| ())
            }
            Err(error) => Err(error),
        };
        if let Err(error) = merged {
            tracing::warn!(path = %self.place.path(), %error, "layers could not be merged after a commit");
        }
    }

    fn scope_of(&self, policy: CompactionPolicy) -> Result<Option<Scope>> {
        let layers = self.snapshot.whole_layers()?;
        let sizes: Vec<u64> = layers.iter().map(LayerRow::stored).collect();
        Ok(policy.scope(&sizes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_byte_is_copied_a_few_times() {
        let policy = CompactionPolicy { sidecars: 8 };
        let mut sizes: Vec<u64> = vec![100];
        let mut copied = 0;
        for _ in 0..10_000 {
            sizes.push(100);
            if let Some(scope) = policy.scope(&sizes) {
                let taken = match scope {
                    Scope::All => sizes.len(),
                    Scope::Newest(n) => n,
                };
                let merged: u64 = sizes.drain(sizes.len() - taken..).sum();
                copied += merged;
                sizes.push(merged);
            }
            assert!(sizes.len() <= 9, "{sizes:?}");
        }
        let total: u64 = sizes.iter().sum();
        assert_eq!(total, 100 * 10_001);
        assert!(copied < 12 * total, "{copied} of {total}");
    }
}
