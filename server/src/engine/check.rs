//! Cheap checks between two syncs: Apple's versions first, then its counts and what was added, then only the assets that
//! differ. Also settles the doubts that notifications leave.

use super::{
    Engine,
    lookup::{AssetsByKey, Listing, as_stored, key_of, ours},
    tokens::{Connection, Unanswered},
    worker::millis,
};
use apple::{AssetFilter, AssignmentFilter, FaultKind};
use contract::{AssetId, Fault, live::LiveEvent};
use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};
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
/// A doubt that could not be settled waits so long at first; it doubles with each try.
const TRY_AGAIN: Duration = Duration::from_secs(60);
const LONGEST_PAUSE: Duration = Duration::from_secs(60 * 60);
/// After so many in a row that fail for the moment, the others are not tried either.
const IN_A_ROW: u32 = 2;

/// What a check found.
#[derive(Default)]
struct Found {
    /// Assets to read again, and whether their holders, too.
    doubts: BTreeMap<AssetKey, bool>,
    /// Something that only a sync can put right.
    sync: bool,
    /// Counts were left as they are, because Apple is at work on them.
    left: bool,
    /// Counts that were put right.
    changed: Vec<AssetId>,
}

/// What became of assets in doubt.
#[derive(Default)]
struct Settled {
    /// Those that were read.
    changed: Vec<AssetId>,
    /// Some were not known here.
    new: bool,
}

impl Found {
    fn doubt(&mut self, key: &AssetKey, holders: bool) {
        *self.doubts.entry(key.clone()).or_default() |= holders;
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
            let doubts: Vec<_> = found
                .doubts
                .into_iter()
                .map(|(key, holders)| Doubt { key, holders })
                .collect();
            self.db.add_doubts(fence, &doubts, self.clock.now()).await?;
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

    /// Reads the assets again that are in doubt, as far as Apple is not at work on them.
    pub(super) async fn reread(&self, fence: &Fence, location: &Location) -> Result<(), Fault> {
        let doubts = self.db.doubts(fence, self.clock.now(), AT_ONCE).await?;
        if doubts.is_empty() {
            return Ok(());
        }
        let done = async {
            let connection = self.connect(location).await?;
            let mut settled = Settled::default();
            let read = self.read_doubts(fence, &connection, doubts, &mut settled).await;
            self.show_counts(&settled.changed).await?;
            if settled.new {
                self.describe_rest(fence, &connection, location).await?;
                self.show_sync(&location.id).await?;
            }
            read
        };
        match done.await {
            Err(fault) if !fault.code.is_storage() => {
                tracing::info!(uid = location.uid, %fault, "assets in doubt could not be read");
                let later = self.clock.now() + millis(TRY_AGAIN);
                Ok(self.db.doubt_later(fence, None, later).await?)
            }
            done => done,
        }
    }

    /// One that cannot be read waits by itself, so that it stands in no other's way; what Apple does not take for one of its
    /// assets is none. Nothing more is read once the token is refused, where one after the other fails, or while storage
    /// fails, for which no asset is to wait.
    async fn read_doubts(
        &self,
        fence: &Fence,
        connection: &Connection,
        doubts: Vec<(Doubt, i64)>,
        settled: &mut Settled,
    ) -> Result<(), Fault> {
        let stocks = self.db.stocks(fence).await?;
        let known: HashMap<&AssetKey, AssetId> =
            stocks.iter().map(|stock| (&stock.asset.key, stock.id)).collect();
        let mut in_a_row = 0;
        for (doubt, tries) in &doubts {
            if self.stop.is_cancelled() {
                break;
            }
            let id = known.get(&doubt.key).copied();
            let read = match id {
                Some(id) => self
                    .refresh(fence, connection, doubt, id)
                    .await
                    .map(|id| settled.changed.extend(id)),
                None => self
                    .add(fence, connection, doubt)
                    .await
                    .map(|added| settled.new |= added),
            };
            let Err(Unanswered { told, apple }) = read else {
                in_a_row = 0;
                continue;
            };
            let Some(apple) = apple else { return Err(told) };
            tracing::info!(asset = doubt.key.adam_id, fault = %told, "an asset in doubt could not be read");
            if id.is_none() && is_no_asset(&apple) {
                self.db.drop_doubt(fence, &doubt.key).await?;
                continue;
            }
            if matches!(apple.kind, FaultKind::Token | FaultKind::Elsewhere) {
                return Err(told);
            }
            let tries = u32::try_from(*tries).unwrap_or(u32::MAX).min(6);
            let pause = (TRY_AGAIN * 2_u32.pow(tries)).min(LONGEST_PAUSE);
            let later = self.clock.now() + millis(pause);
            self.db.doubt_later(fence, Some(&doubt.key), later).await?;
            in_a_row = if apple.kind.is_temporary() {
                in_a_row + 1
            } else {
                0
            };
            if in_a_row == IN_A_ROW {
                return Err(told);
            }
        }
        Ok(())
    }

    /// One that is shown; answers whether it changed.
    async fn refresh(
        &self,
        fence: &Fence,
        connection: &Connection,
        doubt: &Doubt,
        id: AssetId,
    ) -> Result<Option<AssetId>, Unanswered> {
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
        let seen = holders.as_ref().map(|holders| holders.seen.as_slice());
        self.db.refresh_asset(fence, id, &asset, seen, began, now).await?;
        if holders.is_some_and(|holders| holders.torn) {
            self.doubt_again(fence, doubt.key.clone()).await?;
        }
        Ok(Some(id))
    }

    /// One that is not known here; answers whether it is now.
    async fn add(&self, fence: &Fence, connection: &Connection, doubt: &Doubt) -> Result<bool, Unanswered> {
        let began = self.clock.now();
        let deleted = self.db.deleted_assets(&fence.location).await?;
        let read = self.read_asset(connection, &doubt.key).await?;
        let Some(asset) = read.filter(|asset| !asset.is_empty() || !deleted.contains(&asset.key)) else {
            self.db.drop_doubt(fence, &doubt.key).await?;
            return Ok(false);
        };
        let holders = if asset.assigned > 0 {
            let read = self.read_holders(connection, &doubt.key).await;
            Some(self.apple_answered(connection, read).await?)
        } else {
            None
        };
        let now = self.clock.now();
        let seen = holders.as_ref().map_or(&[][..], |holders| &holders.seen);
        self.db.add_asset(fence, &asset, seen, began, now).await?;
        if holders.is_some_and(|holders| holders.torn) {
            self.doubt_again(fence, doubt.key.clone()).await?;
        }
        Ok(true)
    }

    /// Its holders would not stand still: they are read again a little later.
    pub(super) async fn doubt_again(&self, fence: &Fence, key: AssetKey) -> Result<(), store::StoreError> {
        let again = Doubt { key, holders: true };
        let later = self.clock.now() + millis(TRY_AGAIN);
        self.db.add_doubts(fence, &[again], later).await
    }

    /// None if Apple does not list it.
    pub(super) async fn read_asset(
        &self,
        connection: &Connection,
        key: &AssetKey,
    ) -> Result<Option<AppleAsset>, Unanswered> {
        let asset = self
            .apple_answered(connection, super::request::apple_asset(key))
            .await?;
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
    ) -> Result<T, Unanswered> {
        match answer {
            Ok(answer) => {
                self.heed(connection).await?;
                Ok(answer)
            }
            Err(fault) => Err(self.unanswered(connection, fault).await),
        }
    }
}

/// What Apple would take for none of its assets, by its own words or because of how it is written. What has no number may be
/// anybody's answer, such as a proxy's.
fn is_no_asset(fault: &apple::Fault) -> bool {
    fault.kind == FaultKind::Argument && fault.number.is_some()
}
