//! Cheap checks between two syncs: Apple's versions first, then its counts and what was added, then only the assets that
//! differ. Also settles the doubts that notifications leave.

use super::{
    Engine,
    lookup::{AssetsByKey, Listing, as_stored, key_of, ours},
    tokens::Connection,
    worker::millis,
};
use apple::{AssetFilter, AssignmentFilter};
use contract::{AssetId, Code, Fault, live::LiveEvent};
use std::{collections::HashMap, time::Duration};
use store::{
    checks::{Doubt, Stock, Versions},
    locations::{Fence, Location},
    sync::{AppleAsset, AssetKey},
};

/// Doubts settled before others get their turn.
const AT_ONCE: u32 = 50;
/// Beyond these a full sync is cheaper.
const MOST_DOUBTS: usize = 100;
const MOST_PAGES: u32 = 50;
/// Doubts that could not be settled wait so long.
const TRY_AGAIN: Duration = Duration::from_secs(60);

/// What a check found.
#[derive(Default)]
struct Found {
    doubts: Vec<Doubt>,
    /// Something that only a sync can put right.
    sync: bool,
    /// Counts were left as they are, because Apple is at work on them.
    left: bool,
    /// Counts that were put right.
    changed: Vec<AssetId>,
}

impl Found {
    fn doubt(&mut self, key: &AssetKey, holders: bool) {
        self.doubts.push(Doubt {
            key: key.clone(),
            holders,
        });
    }
}

impl Engine {
    /// Looks whether anything changed at Apple, if that is due. A failed check is no fault: the next one or a sync finds
    /// the same.
    pub(super) async fn check(&self, fence: &Fence, location: &Location) -> Result<(), Fault> {
        let watch = self.db.watch(&location.id).await?;
        if watch.check_at.is_none_or(|at| at > self.clock.now()) {
            return Ok(());
        }
        let done = async {
            let connection = self.connect(location).await?;
            let (_, seen) = self.look(fence, location, &connection).await?;
            self.subscribe(fence, location, &connection, &seen).await?;
            self.compare(fence, &connection, watch.versions).await?;
            self.compare_users(fence, &connection).await
        };
        if let Err(fault) = done.await {
            tracing::info!(uid = location.uid, %fault, "a check failed");
            let next = self.clock.now() + millis(self.settings.check);
            self.db.check_later(fence, next).await?;
        }
        Ok(())
    }

    /// Who joined, or was retired by others, unless Apple told it already.
    async fn compare_users(&self, fence: &Fence, connection: &Connection) -> Result<(), Fault> {
        if self.db.has_users(&fence.location).await? {
            let read = self.read_users(fence, connection, &[]).await;
            self.apple_answered(connection, read.map(drop)).await?;
        }
        Ok(())
    }

    async fn compare(&self, fence: &Fence, connection: &Connection, before: Versions) -> Result<(), Fault> {
        let stocks = self.db.stocks(fence).await?;
        let mut found = Found::default();
        let mut versions = before.clone();
        let mut counts_from = None;
        let current = connection.client.assets_version().await;
        let current = self.apple_answered(connection, current).await?.body;
        if current.is_none() || current != before.assets {
            let listing = self.list_assets(connection).await;
            let listing = self.apple_answered(connection, listing).await?;
            self.compare_counts(fence, &stocks, &listing, &mut found).await?;
            versions.assets = listing.version.filter(|_| !found.left);
            counts_from = (!found.left).then_some(listing.began);
        }
        if let Some(since) = &before.assignments {
            versions.assignments = self
                .compare_added(fence, connection, &stocks, since, &mut found)
                .await?;
        }
        if found.sync || found.doubts.len() > MOST_DOUBTS {
            self.db.queue_sync(&connection.token.id, self.clock.now()).await?;
        } else {
            self.db.add_doubts(fence, &found.doubts, self.clock.now()).await?;
        }
        let next = self.clock.now() + millis(self.settings.check);
        self.db.keep_watch(fence, &versions, counts_from, next).await?;
        self.show_counts(&found.changed).await
    }

    async fn compare_counts(
        &self,
        fence: &Fence,
        stocks: &[Stock],
        listing: &Listing,
        found: &mut Found,
    ) -> Result<(), Fault> {
        let deleted = self.db.deleted_assets(&fence.location).await?;
        let mut known: HashMap<&AssetKey, &Stock> =
            stocks.iter().map(|stock| (&stock.asset.key, stock)).collect();
        for asset in &listing.assets {
            match known.remove(&asset.key) {
                // C4: deleted here, and without licences still.
                None if asset.is_empty() && deleted.contains(&asset.key) => {}
                None => found.doubt(&asset.key, true),
                Some(stock) if stock.asset == *asset => {}
                Some(stock) if stock.in_flight => found.left = true,
                Some(stock) if self.db.digest(stock.id).await?.count != asset.assigned => {
                    found.doubt(&asset.key, true);
                }
                Some(stock) => {
                    let now = self.clock.now();
                    self.db
                        .refresh_asset(fence, stock.id, asset, None, listing.began, now)
                        .await?;
                    found.changed.push(stock.id);
                }
            }
        }
        // What Apple no longer lists goes by a sync.
        found.sync |= !known.is_empty();
        Ok(())
    }

    /// Reads what was added since; answers the version of that. What was taken back is told by the counts alone, so each
    /// exchange of holders is seen here.
    async fn compare_added(
        &self,
        fence: &Fence,
        connection: &Connection,
        stocks: &[Stock],
        since: &str,
        found: &mut Found,
    ) -> Result<Option<String>, Fault> {
        let mut by_key = AssetsByKey::default();
        let keys: HashMap<AssetId, &AssetKey> =
            stocks.iter().map(|stock| (stock.id, &stock.asset.key)).collect();
        stocks
            .iter()
            .for_each(|stock| by_key.insert(&stock.asset.key, stock.id));
        let filter = AssignmentFilter {
            since_version: Some(since.to_owned()),
            ..AssignmentFilter::default()
        };
        let mut walk = connection.client.assignments(&filter);
        while let Some(page) = walk.next().await {
            let page = match page {
                Err(fault) if fault.number == Some(apple::number::VERSION_INVALID) => {
                    found.sync = true;
                    return Ok(None);
                }
                page => self.apple_answered(connection, page).await?.body,
            };
            let mut pairs = Vec::new();
            for assignment in &page.items {
                let key = key_of(&assignment.asset);
                match by_key.find(&key.adam_id, &key.pricing_param) {
                    Some(id) => pairs.push((id, ours(&assignment.holder))),
                    None => found.doubt(&key, true),
                }
            }
            for id in self.db.assets_lacking(fence, &pairs).await? {
                if let Some(key) = keys.get(&id) {
                    found.doubt(key, true);
                }
            }
            if page.total_pages.is_some_and(|pages| pages > MOST_PAGES) || self.stop.is_cancelled() {
                found.sync = true;
                return Ok(None);
            }
        }
        Ok(walk.end().and_then(|end| end.first_version.clone()))
    }

    /// Reads the assets again that are in doubt, as far as Apple is not at work on them. One that Apple does not answer for
    /// stands in no other's way.
    pub(super) async fn reread(&self, fence: &Fence, location: &Location) -> Result<(), Fault> {
        let doubts = self.db.doubts(fence, self.clock.now(), AT_ONCE).await?;
        if doubts.is_empty() {
            return Ok(());
        }
        let done = async {
            let connection = self.connect(location).await?;
            let stocks = self.db.stocks(fence).await?;
            let known: HashMap<&AssetKey, AssetId> =
                stocks.iter().map(|stock| (&stock.asset.key, stock.id)).collect();
            let (mut changed, mut new) = (Vec::new(), false);
            for doubt in &doubts {
                if self.stop.is_cancelled() {
                    break;
                }
                let settled = match known.get(&doubt.key) {
                    Some(id) => self
                        .refresh(fence, &connection, doubt, *id)
                        .await
                        .map(|id| changed.extend(id)),
                    None => self
                        .add(fence, &connection, doubt)
                        .await
                        .map(|added| new |= added),
                };
                if let Err(fault) = settled {
                    let known = known.contains_key(&doubt.key);
                    self.left_in_doubt(fence, doubt, known, fault).await?;
                }
            }
            self.show_counts(&changed).await?;
            if new {
                self.describe(fence, &connection, location, None).await?;
                self.show_sync(&location.id).await?;
            }
            Ok::<_, Fault>(())
        };
        if let Err(fault) = done.await {
            tracing::info!(uid = location.uid, %fault, "assets in doubt could not be read");
            let later = self.clock.now() + millis(TRY_AGAIN);
            self.db.doubt_later(fence, None, later).await?;
        }
        Ok(())
    }

    /// What only concerns the one asset waits by itself; what Apple does not take for one of its assets is none; anything else
    /// is passed on.
    async fn left_in_doubt(
        &self,
        fence: &Fence,
        doubt: &Doubt,
        known: bool,
        fault: Fault,
    ) -> Result<(), Fault> {
        tracing::info!(asset = doubt.key.adam_id, %fault, "an asset in doubt could not be read");
        match fault.code {
            Code::AppleUnclear | Code::AppleRefused if !known => {
                Ok(self.db.drop_doubt(fence, &doubt.key).await?)
            }
            Code::AppleUnclear | Code::AppleRefused => {
                let later = self.clock.now() + millis(TRY_AGAIN);
                Ok(self.db.doubt_later(fence, Some(&doubt.key), later).await?)
            }
            _ => Err(fault),
        }
    }

    /// One that is shown; answers whether it changed.
    async fn refresh(
        &self,
        fence: &Fence,
        connection: &Connection,
        doubt: &Doubt,
        id: AssetId,
    ) -> Result<Option<AssetId>, Fault> {
        let began = self.clock.now();
        let Some(asset) = self.read_asset(connection, &doubt.key).await? else {
            self.db.drop_doubt(fence, &doubt.key).await?;
            self.db.queue_sync(&connection.token.id, began).await?;
            return Ok(None);
        };
        let holders = if doubt.holders || self.db.digest(id).await?.count != asset.assigned {
            let read = self.read_holders(connection, &doubt.key).await;
            Some(self.apple_answered(connection, read).await?)
        } else {
            None
        };
        let now = self.clock.now();
        self.db
            .refresh_asset(fence, id, &asset, holders.as_deref(), began, now)
            .await?;
        Ok(Some(id))
    }

    /// One that is not known here; answers whether it is now.
    async fn add(&self, fence: &Fence, connection: &Connection, doubt: &Doubt) -> Result<bool, Fault> {
        let began = self.clock.now();
        let deleted = self.db.deleted_assets(&fence.location).await?;
        let read = self.read_asset(connection, &doubt.key).await?;
        let Some(asset) = read.filter(|asset| !asset.is_empty() || !deleted.contains(&asset.key)) else {
            self.db.drop_doubt(fence, &doubt.key).await?;
            return Ok(false);
        };
        let holders = if asset.assigned > 0 {
            let read = self.read_holders(connection, &doubt.key).await;
            self.apple_answered(connection, read).await?
        } else {
            Vec::new()
        };
        let now = self.clock.now();
        self.db.add_asset(fence, &asset, &holders, began, now).await?;
        Ok(true)
    }

    /// None if Apple does not list it.
    pub(super) async fn read_asset(
        &self,
        connection: &Connection,
        key: &AssetKey,
    ) -> Result<Option<AppleAsset>, Fault> {
        let asset = super::request::apple_asset(key).map_err(|_| Fault::new(Code::AppleUnclear))?;
        let filter = AssetFilter {
            adam_id: Some(asset.adam_id),
            pricing: Some(asset.pricing),
            ..AssetFilter::default()
        };
        let mut walk = connection.client.assets(&filter);
        while let Some(page) = walk.next().await {
            let page = self.apple_answered(connection, page).await?.body;
            let found = page.items.iter().map(as_stored).find(|asset| asset.key == *key);
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }

    /// Tells open pages the counts of these assets.
    pub(super) async fn show_counts(&self, assets: &[AssetId]) -> Result<(), Fault> {
        for asset in self.db.assets(assets).await? {
            self.live.send(LiveEvent::Counts {
                asset: asset.id,
                counts: asset.counts,
            });
        }
        Ok(())
    }

    /// Passes an answer on; who owns the location is kept, a fault is put in the contract's words, and the token's state
    /// kept.
    pub(super) async fn apple_answered<T>(
        &self,
        connection: &Connection,
        answer: Result<T, apple::Fault>,
    ) -> Result<T, Fault> {
        match answer {
            Ok(answer) => {
                self.heed(connection).await?;
                Ok(answer)
            }
            Err(fault) => Err(self.token_fault(&connection.token, &fault).await?),
        }
    }
}
