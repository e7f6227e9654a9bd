//! Who holds licences of an asset: an ordered set in which the n-th holder is found without walking there.

/// A device or a user, by its number within the location.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Holder {
    /// Index of the serial number.
    Device(u32),
    /// Index of the user record.
    User(u32),
}

/// A chunk is split in two when it would grow beyond twice this.
const CHUNK: usize = 512;

/// Sorted chunks of sorted holders. Chunks are never empty.
#[derive(Debug, Default)]
pub(crate) struct HolderSet {
    chunks: Vec<Vec<Holder>>,
    len: usize,
}

impl HolderSet {
    /// How many hold a licence.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// The chunk that holds or would hold the holder.
    fn chunk_of(&self, holder: Holder) -> usize {
        let after = self
            .chunks
            .partition_point(|chunk| chunk.first().is_some_and(|first| *first <= holder));
        after.saturating_sub(1)
    }

    /// Whether this holder has a licence.
    pub(crate) fn contains(&self, holder: Holder) -> bool {
        let chunk = self.chunks.get(self.chunk_of(holder));
        chunk.is_some_and(|chunk| chunk.binary_search(&holder).is_ok())
    }

    /// Adds a holder; false if it was there.
    pub(crate) fn insert(&mut self, holder: Holder) -> bool {
        let at = self.chunk_of(holder);
        let Some(chunk) = self.chunks.get_mut(at) else {
            self.chunks.push(vec![holder]);
            self.len = 1;
            return true;
        };
        let Err(position) = chunk.binary_search(&holder) else {
            return false;
        };
        chunk.insert(position, holder);
        self.len += 1;
        if chunk.len() > 2 * CHUNK {
            let upper = chunk.split_off(CHUNK);
            self.chunks.insert(at + 1, upper);
        }
        true
    }

    /// Removes a holder; false if it was not there.
    pub(crate) fn remove(&mut self, holder: Holder) -> bool {
        let at = self.chunk_of(holder);
        let Some(chunk) = self.chunks.get_mut(at) else {
            return false;
        };
        let Ok(position) = chunk.binary_search(&holder) else {
            return false;
        };
        chunk.remove(position);
        if chunk.is_empty() {
            self.chunks.remove(at);
        }
        self.len -= 1;
        true
    }

    /// The holders in order, beginning with the n-th.
    pub(crate) fn iter_from(&self, rank: usize) -> impl Iterator<Item = Holder> {
        let (mut skip, mut start) = (rank, 0);
        for chunk in &self.chunks {
            if skip < chunk.len() {
                break;
            }
            skip -= chunk.len();
            start += 1;
        }
        self.chunks.iter().skip(start).flatten().skip(skip).copied()
    }

    /// All holders in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Holder> {
        self.chunks.iter().flatten().copied()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::{Holder, HolderSet};

    proptest! {
        #[test]
        fn behaves_like_an_ordered_set(steps in prop::collection::vec((any::<bool>(), 0u32..3000), 1..4000), rank in 0usize..3000) {
            let (mut set, mut model) = (HolderSet::default(), BTreeSet::new());
            for (add, number) in steps {
                let holder = if number % 3 == 0 { Holder::User(number) } else { Holder::Device(number) };
                if add {
                    prop_assert_eq!(set.insert(holder), model.insert(holder));
                } else {
                    prop_assert_eq!(set.remove(holder), model.remove(&holder));
                }
            }
            prop_assert_eq!(set.len(), model.len());
            prop_assert!(set.iter().eq(model.iter().copied()));
            prop_assert!(set.iter_from(rank).eq(model.iter().copied().skip(rank)));
            prop_assert!(model.iter().all(|holder| set.contains(*holder)));
        }
    }

    #[test]
    fn a_million_holders_are_reached_by_rank() {
        let mut set = HolderSet::default();
        for number in 0..1_000_000 {
            set.insert(Holder::Device(number));
        }
        assert_eq!(set.iter_from(777_777).next(), Some(Holder::Device(777_777)));
        assert_eq!(set.iter_from(1_000_000).next(), None);
    }
}
