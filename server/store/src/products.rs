//! Batches are products: every asset with every holder. When single pairs fall out of one, what is left is grouped
//! into products again.

use crate::operations::{NewBatch, Pair};
use contract::{AssetId, licenses::Holder};
use std::collections::{BTreeMap, BTreeSet};

/// As few batches as grouping holders by equal sets of assets gives; each pair is in exactly one.
pub fn products(pairs: impl IntoIterator<Item = Pair>) -> Vec<NewBatch> {
    let mut assets_of: BTreeMap<Holder, BTreeSet<AssetId>> = BTreeMap::new();
    for (asset, holder) in pairs {
        assets_of.entry(holder).or_default().insert(asset);
    }
    let mut holders_of: BTreeMap<BTreeSet<AssetId>, Vec<Holder>> = BTreeMap::new();
    for (holder, assets) in assets_of {
        holders_of.entry(assets).or_default().push(holder);
    }
    holders_of
        .into_iter()
        .map(|(assets, holders)| NewBatch {
            assets: assets.into_iter().collect(),
            holders,
        })
        .collect()
}

/// `given` if its products are exactly `pairs`, else `pairs` grouped anew.
pub fn exactly(pairs: BTreeSet<Pair>, given: &[NewBatch]) -> Vec<NewBatch> {
    let mut left = pairs.clone();
    let fits = given
        .iter()
        .flat_map(NewBatch::pairs)
        .all(|pair| left.remove(&pair));
    if fits && left.is_empty() {
        given.to_vec()
    } else {
        products(pairs)
    }
}

impl NewBatch {
    pub fn pairs(&self) -> impl Iterator<Item = Pair> {
        let holders = &self.holders;
        self.assets
            .iter()
            .flat_map(move |asset| holders.iter().map(move |holder| (*asset, holder.clone())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::Serial;
    use proptest::prelude::*;

    fn pairs() -> impl Strategy<Value = BTreeSet<Pair>> {
        let holder = (any::<bool>(), 0..6).prop_map(|(user, n)| match user {
            true => Holder::User(format!("user-{n}")),
            false => Holder::Device(Serial::known(format!("SERIAL{n:04}"))),
        });
        proptest::collection::btree_set(
            (0i64..5, holder).prop_map(|(asset, holder)| (AssetId(asset), holder)),
            0..40,
        )
    }

    proptest! {
        #[test]
        fn each_pair_is_in_exactly_one_batch(pairs in pairs()) {
            let batches = products(pairs.clone());
            let all: Vec<_> = batches.iter().flat_map(NewBatch::pairs).collect();
            prop_assert_eq!(all.len(), pairs.len());
            prop_assert_eq!(all.into_iter().collect::<BTreeSet<_>>(), pairs);
            for batch in &batches {
                prop_assert!(!batch.assets.is_empty() && !batch.holders.is_empty());
            }
        }

        #[test]
        fn a_product_stays_one_batch(assets in 1i64..5, holders in 1i64..9) {
            let batch = NewBatch {
                assets: (0..assets).map(AssetId).collect(),
                holders: (0..holders).map(|n| Holder::Device(Serial::known(format!("SERIAL{n:04}")))).collect(),
            };
            prop_assert_eq!(products(batch.pairs()), vec![batch.clone()]);
        }

        #[test]
        fn given_batches_stay_only_if_they_are_right(pairs in pairs(), less in 0usize..3) {
            let mut given = products(pairs.clone());
            given.reverse();
            given.truncate(given.len().saturating_sub(less));
            let batches = exactly(pairs.clone(), &given);
            prop_assert_eq!(batches.iter().flat_map(NewBatch::pairs).collect::<BTreeSet<_>>(), pairs);
        }
    }
}
