//! Batches as large as Apple allows: holders that need the same set of assets go into one call, so that 25,000 pairs
//! can be one.

use super::planning::Actor;
use crate::clock::new_id;
use contract::{AssetId, LocationId, OperationId, UnixMillis, activity::OperationKind};
use std::{collections::HashMap, hash::Hash};
use store::operations::{NewBatch, NewOperation, Pair};

/// How large a call may be, from Apple's `service/config`.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    pub assets: usize,
    pub holders: usize,
}

impl Limits {
    /// For calls that name devices alone.
    pub fn of_devices(limits: &apple::Limits) -> Self {
        Self {
            assets: limits.max_assets as usize,
            holders: limits.max_serial_numbers as usize,
        }
    }
}

impl From<&apple::Limits> for Limits {
    /// For calls that name devices and users.
    fn from(limits: &apple::Limits) -> Self {
        Self {
            assets: limits.max_assets as usize,
            holders: limits.max_serial_numbers.min(limits.max_client_user_ids) as usize,
        }
    }
}

/// Assets and holders of one call: every asset with every holder.
pub type Product<H> = (Vec<AssetId>, Vec<H>);

/// The calls that these licences need.
pub fn calls(pairs: impl IntoIterator<Item = Pair>, limits: Limits) -> Vec<NewBatch> {
    let groups = group(pairs, limits).into_iter();
    groups
        .map(|(assets, holders)| NewBatch { assets, holders })
        .collect()
}

/// What gives these licences of one location, or takes them back, at once.
pub fn operation(
    kind: OperationKind,
    location: &LocationId,
    actor: &Actor,
    reason: String,
    pairs: impl IntoIterator<Item = Pair>,
    limits: Limits,
    now: UnixMillis,
) -> NewOperation {
    NewOperation {
        id: OperationId(new_id(now)),
        location: location.clone(),
        kind,
        account: actor.account.clone(),
        by: actor.name.clone(),
        reason,
        created_at: now,
        held_until: None,
        undoes: None,
        batches: calls(pairs, limits),
        waiting: Vec::new(),
    }
}

/// Groups holders by the set of assets that each needs. Each pair is in exactly one batch; the order of first mention is
/// kept; the same pair given twice counts once.
pub fn group<H: Clone + Eq + Hash>(
    pairs: impl IntoIterator<Item = (AssetId, H)>,
    limits: Limits,
) -> Vec<Product<H>> {
    let mut order: Vec<(H, Vec<AssetId>)> = Vec::new();
    let mut position: HashMap<H, usize> = HashMap::new();
    for (asset, holder) in pairs {
        let at = *position.entry(holder.clone()).or_insert_with(|| {
            order.push((holder, Vec::new()));
            order.len() - 1
        });
        if let Some((_, assets)) = order.get_mut(at) {
            assets.push(asset);
        }
    }
    let mut sets: Vec<Product<H>> = Vec::new();
    let mut set_of: HashMap<Vec<AssetId>, usize> = HashMap::new();
    for (holder, mut assets) in order {
        assets.sort_unstable();
        assets.dedup();
        let at = *set_of.entry(assets).or_insert_with_key(|assets| {
            sets.push((assets.clone(), Vec::new()));
            sets.len() - 1
        });
        if let Some((_, holders)) = sets.get_mut(at) {
            holders.push(holder);
        }
    }
    sets.into_iter().flat_map(|set| split(set, limits)).collect()
}

fn split<H: Clone>((assets, holders): Product<H>, limits: Limits) -> Vec<Product<H>> {
    let (most_assets, most_holders) = (limits.assets.max(1), limits.holders.max(1));
    holders
        .chunks(most_holders)
        .flat_map(|holders| {
            assets
                .chunks(most_assets)
                .map(|assets| (assets.to_vec(), holders.to_vec()))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    const APPLE: Limits = Limits {
        assets: 25,
        holders: 1000,
    };

    #[test]
    fn twenty_five_thousand_pairs_are_one_call() {
        let pairs = (0..1000_u32).flat_map(|holder| (0..25).map(move |asset| (AssetId(asset), holder)));
        assert_eq!(group(pairs, APPLE).len(), 1);
    }

    #[test]
    fn another_holder_or_asset_makes_another_call() {
        let pairs = |assets: i64, holders: u32| {
            (0..holders).flat_map(move |holder| (0..assets).map(move |asset| (AssetId(asset), holder)))
        };
        assert_eq!(group(pairs(25, 1001), APPLE).len(), 2);
        assert_eq!(group(pairs(26, 1000), APPLE).len(), 2);
    }

    proptest! {
        #[test]
        fn each_pair_is_in_exactly_one_batch_within_the_limits(
            pairs in prop::collection::vec((0..8_i64, 0..30_u32), 0..200),
            assets in 1..4_usize,
            holders in 1..7_usize,
        ) {
            let pairs: Vec<_> = pairs.into_iter().map(|(asset, holder)| (AssetId(asset), holder)).collect();
            let batches = group(pairs.clone(), Limits { assets, holders });
            let mut sent = Vec::new();
            for (batch_assets, batch_holders) in &batches {
                prop_assert!((1..=assets).contains(&batch_assets.len()));
                prop_assert!((1..=holders).contains(&batch_holders.len()));
                for asset in batch_assets {
                    sent.extend(batch_holders.iter().map(|holder| (*asset, *holder)));
                }
            }
            let distinct: BTreeSet<_> = sent.iter().copied().collect();
            prop_assert_eq!(distinct.len(), sent.len());
            prop_assert_eq!(distinct, pairs.into_iter().collect::<BTreeSet<_>>());
        }
    }
}
