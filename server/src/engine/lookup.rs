//! Reading at Apple who has what.

use super::{Engine, request::apple_asset, tokens::Connection};
use apple::{AssetFilter, AssignmentFilter, Licenses};
use contract::{AssetId, Serial, UnixMillis, catalog::ProductType, licenses::Holder};
use std::collections::{BTreeMap, BTreeSet, HashSet};
use store::{
    operations::{Batch, Pair},
    sync::{AppleAsset, AssetKey},
};

/// Up to so many holders are asked for one by one; more are found in the assets' whole lists.
const ONE_BY_ONE: usize = 20;
/// A list that changes while it is read is read again, so often at most.
const TRIES: u32 = 3;

/// All assets as Apple lists them.
pub(super) struct Listing {
    /// By key.
    pub assets: Vec<AppleAsset>,
    /// None if the list changed each time it was read.
    pub version: Option<String>,
    pub pages: i64,
    /// When reading it began.
    pub began: UnixMillis,
}

/// Who has an asset at Apple.
pub(super) struct Holders {
    /// In order, each once.
    pub seen: Vec<Holder>,
    /// The list changed each time it was read: whoever was seen in any of the tries is in it, and somebody may not have been
    /// seen.
    pub torn: bool,
}

impl Engine {
    /// The pairs of a batch that Apple has. Nobody is taken for one who has nothing because a list shifted under the
    /// reader: whom a list that would not stand still did not show is asked for by name.
    pub(super) async fn read_pairs(
        &self,
        connection: &Connection,
        batch: &Batch,
    ) -> Result<HashSet<Pair>, apple::Fault> {
        let mut there = HashSet::new();
        let mut unseen: BTreeSet<&Holder> = batch.holders.iter().collect();
        if batch.holders.len() > ONE_BY_ONE {
            let wanted = std::mem::take(&mut unseen);
            for (asset, key) in &batch.assets {
                let holders = self
                    .holders_of(connection, key, |holder| wanted.contains(holder))
                    .await?;
                there.extend(holders.seen.into_iter().map(|holder| (*asset, holder)));
                if holders.torn {
                    let missing = |holder: &&Holder| !there.contains(&(*asset, (*holder).clone()));
                    unseen.extend(batch.holders.iter().filter(missing));
                }
            }
        }
        for holder in unseen {
            let filter = AssignmentFilter {
                holder: Some(apple_holder(holder)?),
                ..AssignmentFilter::default()
            };
            let mut walk = connection.client.assignments(&filter);
            while let Some(page) = walk.next().await {
                for assignment in page?.body.items {
                    // Whatever Apple makes of the filter.
                    if ours(&assignment.holder) == *holder {
                        let asset = batch.assets.iter().find(|(_, key)| is(key, &assignment.asset));
                        there.extend(asset.map(|(asset, _)| (*asset, holder.clone())));
                    }
                }
            }
        }
        Ok(there)
    }

    /// Reads the list until no change came between its pages, a few times at most. If there always was one, what was seen
    /// in any of the tries is in it: no asset is taken for gone because the list shifted under the reader.
    pub(super) async fn list_assets(&self, connection: &Connection) -> Result<Listing, apple::Fault> {
        let mut torn: BTreeMap<AssetKey, AppleAsset> = BTreeMap::new();
        let mut tries = 0;
        loop {
            tries += 1;
            let began = self.clock.now();
            let mut seen = BTreeMap::new();
            let mut walk = connection.client.assets(&AssetFilter::default());
            while let Some(page) = walk.next().await {
                let page = page?.body.items;
                seen.extend(page.iter().map(as_stored).map(|asset| (asset.key.clone(), asset)));
            }
            let steady = walk.end().filter(|end| end.is_consistent());
            if steady.is_none() {
                torn.append(&mut seen);
            }
            if steady.is_some() || tries == TRIES {
                let assets = if steady.is_some() { seen } else { torn };
                return Ok(Listing {
                    version: steady.and_then(|end| end.first_version.clone()),
                    pages: walk.end().map_or(0, |end| end.pages.into()),
                    assets: assets.into_values().collect(),
                    began,
                });
            }
        }
    }

    /// Everybody who has the asset at Apple.
    pub(super) async fn read_holders(
        &self,
        connection: &Connection,
        key: &AssetKey,
    ) -> Result<Holders, apple::Fault> {
        self.holders_of(connection, key, |_| true).await
    }

    /// Those of the wanted who have the asset at Apple, read until the pages show one state of it, a few times at most.
    async fn holders_of(
        &self,
        connection: &Connection,
        key: &AssetKey,
        wanted: impl Fn(&Holder) -> bool + Send,
    ) -> Result<Holders, apple::Fault> {
        let asset = apple_asset(key)?;
        let filter = AssignmentFilter {
            adam_id: Some(asset.adam_id),
            pricing: Some(asset.pricing),
            ..AssignmentFilter::default()
        };
        let mut torn = Vec::new();
        for _ in 0..TRIES {
            let mut seen = Vec::new();
            let mut walk = connection.client.assignments(&filter);
            while let Some(page) = walk.next().await {
                let of_asset = page?.body.items.into_iter();
                let of_asset = of_asset.filter(|assignment| is(key, &assignment.asset));
                seen.extend(
                    of_asset
                        .map(|assignment| ours(&assignment.holder))
                        .filter(&wanted),
                );
            }
            if walk.end().is_some_and(apple::WalkEnd::is_consistent) {
                return Ok(Holders::of(seen, false));
            }
            torn.append(&mut seen);
        }
        Ok(Holders::of(torn, true))
    }
}

impl Holders {
    fn of(mut seen: Vec<Holder>, torn: bool) -> Self {
        seen.sort_unstable();
        seen.dedup();
        Self { seen, torn }
    }
}

/// Apple's holder in the contract's type.
pub(super) fn ours(holder: &apple::Holder) -> Holder {
    match holder {
        apple::Holder::Device(serial) => Holder::Device(Serial::known(serial.as_str())),
        apple::Holder::User(id) => Holder::User(id.as_str().to_owned()),
    }
}

fn apple_holder(holder: &Holder) -> Result<apple::Holder, apple::Fault> {
    Ok(match holder {
        Holder::Device(serial) => apple::Holder::Device(apple::Serial::new(serial.as_str())?),
        Holder::User(id) => apple::Holder::User(apple::ClientUserId::new(id)?),
    })
}

/// An asset as it is stored.
pub(super) fn as_stored(asset: &apple::Asset) -> AppleAsset {
    let (assigned, available, retired, total, unlimited) = match asset.licenses {
        Licenses::Counted {
            assigned,
            available,
            retired,
            total,
        } => (
            i64::from(assigned),
            i64::from(available),
            i64::from(retired),
            i64::from(total),
            false,
        ),
        Licenses::Unlimited { assigned } => (i64::from(assigned), 0, 0, 0, true),
    };
    AppleAsset {
        key: key_of(&asset.id),
        product: match asset.product_type {
            apple::ProductType::Book => ProductType::Book,
            _ => ProductType::App,
        },
        assigned,
        available,
        retired,
        total,
        unlimited,
        device_assignable: asset.device_assignable,
        revocable: asset.revocable,
        platforms: asset
            .platforms
            .iter()
            .map(|platform| platform.as_str().to_owned())
            .collect(),
    }
}

/// The key under which an asset is stored.
pub(super) fn key_of(asset: &apple::AssetId) -> AssetKey {
    AssetKey {
        adam_id: asset.adam_id.to_string(),
        pricing_param: asset.pricing.as_str().to_owned(),
    }
}

fn is(key: &AssetKey, asset: &apple::AssetId) -> bool {
    key.adam_id == asset.adam_id.as_str() && key.pricing_param == asset.pricing.as_str()
}

/// Assets by their identity at Apple, without a new text for each of a million look-ups.
#[derive(Default)]
pub(super) struct AssetsByKey(std::collections::HashMap<String, Vec<(String, AssetId)>>);

impl AssetsByKey {
    pub fn insert(&mut self, key: &AssetKey, id: AssetId) {
        self.0
            .entry(key.adam_id.clone())
            .or_default()
            .push((key.pricing_param.clone(), id));
    }

    pub fn find(&self, adam_id: &str, pricing_param: &str) -> Option<AssetId> {
        let pricings = self.0.get(adam_id)?;
        pricings
            .iter()
            .find(|(pricing, _)| pricing == pricing_param)
            .map(|(_, id)| *id)
    }
}
