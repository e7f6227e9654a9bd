//! A full sync (S1, S2).
//!
//! One walk over all assignments serves two ends. Licences of assets that are new here are stored as they are read, out
//! of sight. Licences of known assets are only summed up in a digest per asset; an asset whose digest is what is stored
//! has not changed and is not touched. Where digests differ, and where Apple's data changed during the walk, the
//! one asset is read again by itself and put right in one transaction. At the end everything is published at once.
//!
//! What Apple tells meanwhile is taken up between two answers, so that it shows at once (S4). Of the assets that it
//! concerns the walk says nothing then: they are read again, too.

use super::{
    Engine,
    arrivals::Arrivals,
    lookup::{AssetsByKey, ours},
    notifications::Heard,
    tokens::Connection,
    worker::millis,
};
use apple::AssignmentFilter;
use contract::{
    AssetId, Code, Fault, UnixMillis,
    tokens::{SyncProgress, SyncStage},
};
use std::{
    collections::{BTreeSet, HashMap, HashSet},
    time::Duration,
};
use store::{
    checks::{Doubt, Versions},
    licenses::{Digest, HolderRef},
    locations::{Fence, Location},
    sync::{AppleAsset, AssetKey, Publish},
};

/// A failed sync is tried again after this.
const TRY_AGAIN: Duration = Duration::from_secs(5 * 60);

/// An asset during a sync.
struct Read {
    asset: AppleAsset,
    /// Not yet visible here.
    new: bool,
    /// Of the licences that Apple has.
    digest: Digest,
    /// Of those stored, if they are known to be in step with Apple.
    stored: Option<Digest>,
}

/// A sync under way.
pub(super) struct Run<'a> {
    pub(super) fence: &'a Fence,
    pub(super) connection: &'a Connection,
    by_key: AssetsByKey,
    assets: HashMap<AssetId, Read>,
    progress: SyncProgress,
    began: UnixMillis,
    /// When the reading of assignments began.
    reads_from: UnixMillis,
    added: i64,
    removed: i64,
    versions: Versions,
    /// When the listing began that the counts are from.
    counts_from: UnixMillis,
    /// What Apple told by itself since then. Its assets are those that were not read again since.
    heard: Heard,
}

impl Engine {
    /// Reads the whole location and publishes it; a fault is kept as the run's result.
    pub(super) async fn sync(&self, fence: &Fence, location: &Location) -> Result<(), Fault> {
        let began = self.clock.now();
        let known = self.db.begin_sync(fence, began).await?;
        self.show_sync(&location.id).await?;
        let done = async {
            let connection = self.connect(location).await?;
            let (location, seen) = &self.look(fence, location, &connection).await?;
            self.subscribe(fence, location, &connection, seen).await?;
            let mut run = Run::new(fence, &connection, began);
            self.read_assets(&mut run, known).await?;
            let steady = self.read_assignments(&mut run).await?;
            self.correct(&mut run, steady).await?;
            self.stage(&mut run, SyncStage::Metadata).await?;
            let first = self.describe(fence, &connection, location, FIRST_DESCRIBED);
            // A store that answers slowly holds up no list.
            let first = tokio::time::timeout(FIRST_WITHIN, first).await;
            let errors = first.map_or(Ok(0), |asked| asked.map(|asked| asked.errors))?;
            self.publish(&mut run, errors).await?;
            self.show_sync(&location.id).await?;
            self.describe_rest(fence, &connection, location).await
        }
        .await;
        match done {
            Ok(_) => {}
            Err(fault) if self.stop.is_cancelled() => {
                tracing::info!(%fault, "a sync ends with the server and begins anew with it");
            }
            Err(fault) => {
                let what = format!("a sync of {} failed", location.uid);
                self.storage.failed_with(&what, &fault, &self.db).await;
                let now = self.clock.now();
                self.db
                    .fail_sync(fence, &fault, now, now + millis(TRY_AGAIN))
                    .await?;
            }
        }
        self.show_sync(&location.id).await
    }

    async fn read_assets(&self, run: &mut Run<'_>, known: Vec<store::sync::KnownAsset>) -> Result<(), Fault> {
        self.stage(run, SyncStage::Assets).await?;
        let deleted = self.db.deleted_assets(&run.fence.location).await?;
        let mut listed = self.list(run).await?;
        listed.retain(|asset| !asset.is_empty() || !deleted.contains(&asset.key));
        let known: HashMap<AssetKey, _> = known
            .into_iter()
            .map(|known| (known.key, (known.id, known.digest)))
            .collect();
        self.ask_for_missing(run, &mut listed, &known).await?;
        let mut new = Vec::new();
        for asset in listed {
            match known.get(&asset.key) {
                Some((id, stored)) => {
                    run.by_key.insert(&asset.key, *id);
                    let read = Read {
                        asset,
                        new: false,
                        digest: Digest::default(),
                        stored: *stored,
                    };
                    run.assets.insert(*id, read);
                }
                None => new.push(asset),
            }
        }
        let ids = self.db.insert_assets(run.fence, &new, self.clock.now()).await?;
        for (id, asset) in ids.into_iter().zip(new) {
            run.by_key.insert(&asset.key, id);
            run.assets.insert(
                id,
                Read {
                    asset,
                    new: true,
                    digest: Digest::default(),
                    stored: None,
                },
            );
        }
        Ok(())
    }

    /// A list may leave out what is there, and an asset that goes takes its licences, its assignments and whoever waits with it:
    /// each known one that is not listed is asked for by itself, and goes only if it has no licences by that answer either.
    async fn ask_for_missing<K>(
        &self,
        run: &mut Run<'_>,
        listed: &mut Vec<AppleAsset>,
        known: &HashMap<AssetKey, K>,
    ) -> Result<(), Fault> {
        let there: HashSet<&AssetKey> = listed.iter().map(|asset| &asset.key).collect();
        let missing: Vec<&AssetKey> = known.keys().filter(|key| !there.contains(key)).collect();
        let mut left_out = Vec::new();
        for key in missing {
            let asset = self.read_asset(run.connection, key).await?;
            if let Some(asset) = asset.filter(|asset| !asset.is_empty()) {
                tracing::warn!(location = %run.fence.location, adam_id = key.adam_id, "Apple's list left out an asset that is there");
                left_out.push(asset);
            }
            if self.stop.is_cancelled() {
                return Err(Code::Internal.into());
            }
        }
        if !left_out.is_empty() {
            // The list is not what its version stands for.
            run.versions.assets = None;
            listed.append(&mut left_out);
        }
        Ok(())
    }

    async fn list(&self, run: &mut Run<'_>) -> Result<Vec<AppleAsset>, Fault> {
        let listing = self.list_assets(run.connection).await;
        let listing = self.apple_said(run, listing).await?;
        run.progress.pages = listing.pages;
        run.progress.assets = as_i64(listing.assets.len());
        run.versions.assets = listing.version;
        run.counts_from = listing.began;
        self.show_progress(run).await?;
        Ok(listing.assets)
    }

    /// Answers whether the data stood still meanwhile.
    async fn read_assignments(&self, run: &mut Run<'_>) -> Result<bool, Fault> {
        run.progress.pages = 0;
        run.reads_from = self.clock.now();
        self.stage(run, SyncStage::Assignments).await?;
        let mut walk = run.connection.client.assignments(&AssignmentFilter::default());
        let mut arrivals = Arrivals::new(self.db.clone(), self.clock.clone(), run.fence.clone());
        let mut shown: UnixMillis = 0;
        while let Some(page) = walk.next().await {
            let page = self.apple_said(run, page).await?.body;
            let mut found = Vec::new();
            for assignment in &page.items {
                let Some(id) = run.by_key.find(
                    assignment.asset.adam_id.as_str(),
                    assignment.asset.pricing.as_str(),
                ) else {
                    continue;
                };
                let Some(read) = run.assets.get_mut(&id) else {
                    continue;
                };
                let holder = match &assignment.holder {
                    apple::Holder::Device(serial) => HolderRef::Device(serial.as_str()),
                    apple::Holder::User(user) => HolderRef::User(user.as_str()),
                };
                read.digest.add(holder);
                if read.new {
                    found.push((id, ours(&assignment.holder)));
                }
            }
            run.added += as_i64(found.len());
            arrivals.take(found).await?;
            run.progress.pages += 1;
            run.progress.pages_total = page.total_pages.map_or(run.progress.pages_total, i64::from);
            run.progress.assignments += as_i64(page.items.len());
            let now = self.clock.now();
            if now - shown >= PROGRESS_EVERY {
                shown = now;
                self.show_progress(run).await?;
                self.hear_meanwhile(run).await?;
            }
            if self.stop.is_cancelled() {
                return Err(Code::Internal.into());
            }
        }
        arrivals.end().await?;
        self.show_progress(run).await?;
        run.versions.assignments = walk.end().and_then(|end| end.first_version.clone());
        Ok(walk.end().is_some_and(apple::WalkEnd::is_consistent))
    }

    async fn hear_meanwhile(&self, run: &mut Run<'_>) -> Result<(), Fault> {
        let heard = self.hear(run.fence).await?;
        run.heard.notifications += heard.notifications;
        run.heard.assets.extend(heard.assets);
        Ok(())
    }

    /// Reads again, one by one, the assets that are not what is stored.
    async fn correct(&self, run: &mut Run<'_>, steady: bool) -> Result<(), Fault> {
        self.stage(run, SyncStage::Finishing).await?;
        if !steady {
            // The counts tell which lists were torn by the change.
            let listed = self.list(run).await?;
            let mut others = listed.len() != run.assets.len();
            for asset in listed {
                match run.by_key_mut(&asset.key) {
                    Some(read) => read.asset = asset,
                    None => others = true,
                }
            }
            if others {
                // What came or went since the first list is for the next check to find.
                run.versions.assets = None;
            }
        }
        let mut doubtful = BTreeSet::new();
        for (id, read) in &run.assets {
            let stored = match read.stored {
                Some(stored) => stored,
                None if read.new && steady => continue,
                None => self.db.digest(*id).await?,
            };
            // Of what is new here a change may have hidden one holder behind another.
            let hides = read.new && read.asset.assigned > 0;
            let torn = !steady && (hides || read.asset.assigned != read.digest.count);
            if stored != read.digest || torn {
                doubtful.insert(*id);
            }
        }
        self.hear_meanwhile(run).await?;
        for id in std::mem::take(&mut run.heard.assets) {
            self.count_again(run, id).await?;
            doubtful.insert(id);
        }
        for id in doubtful {
            self.hold_again(run, id).await?;
            self.hear_meanwhile(run).await?;
            if self.stop.is_cancelled() {
                return Err(Code::Internal.into());
            }
        }
        // What is told while this goes on has its turn after the sync, or it might never end.
        let doubts: Vec<_> = run
            .heard
            .assets
            .iter()
            .filter_map(|id| run.assets.get(id))
            .map(|read| Doubt {
                key: read.asset.key.clone(),
                holders: true,
            })
            .collect();
        Ok(self.db.add_doubts(run.fence, &doubts, self.clock.now()).await?)
    }

    /// Reads one asset's counts.
    async fn count_again(&self, run: &mut Run<'_>, id: AssetId) -> Result<(), Fault> {
        if let Some(read) = run.assets.get_mut(&id)
            && let Some(asset) = self.read_asset(run.connection, &read.asset.key).await?
        {
            read.asset = asset;
        }
        Ok(())
    }

    /// Reads one asset's holders and makes its licences what they say.
    async fn hold_again(&self, run: &mut Run<'_>, id: AssetId) -> Result<(), Fault> {
        let Some(read) = run.assets.get_mut(&id) else {
            return Ok(());
        };
        let holders = self.read_holders(run.connection, &read.asset.key).await;
        let holders = self.apple_answered(run.connection, holders).await?;
        let now = self.clock.now();
        let changed = match read.new {
            true => {
                self.db
                    .correct_licenses(run.fence, id, &holders.seen, now)
                    .await?
            }
            // It is seen already: its counts come with its holders, whatever becomes of the rest (S2).
            false => {
                let (asset, counted) = (&read.asset, run.counts_from);
                self.db
                    .refresh_asset(run.fence, id, asset, Some(&holders.seen), counted, now)
                    .await?
            }
        };
        run.added += changed.added;
        run.removed += changed.removed;
        read.digest = Digest::default();
        holders
            .seen
            .iter()
            .for_each(|holder| read.digest.add(holder.into()));
        if holders.torn {
            let key = read.asset.key.clone();
            self.doubt_again(run.fence, key).await?;
        }
        Ok(())
    }

    async fn publish(&self, run: &mut Run<'_>, app_errors: i64) -> Result<(), Fault> {
        let publish = Publish {
            finished_at: self.clock.now(),
            assets: run
                .assets
                .iter()
                .map(|(id, read)| (*id, read.asset.clone()))
                .collect(),
            digests: run.assets.iter().map(|(id, read)| (*id, read.digest)).collect(),
            assignments: run.progress.assignments,
            added: run.added,
            removed: run.removed,
            app_errors,
        };
        self.db.publish_sync(run.fence, &publish).await?;
        let wait = if run.heard.notifications == 0 {
            self.settings.check
        } else {
            // What was told is still to be compared with Apple's counts.
            run.versions.assets = None;
            self.settings.settle
        };
        let next = self.clock.now() + millis(wait);
        Ok(self
            .db
            .keep_watch(run.fence, &run.versions, Some(run.counts_from), next)
            .await?)
    }

    pub(super) async fn stage(&self, run: &mut Run<'_>, stage: SyncStage) -> Result<(), Fault> {
        run.progress.stage = stage;
        self.show_progress(run).await
    }

    async fn show_progress(&self, run: &mut Run<'_>) -> Result<(), Fault> {
        run.progress.percent = percent(&run.progress);
        run.progress.left = left(&run.progress, run.began, run.reads_from, self.clock.now());
        self.db.sync_progress(run.fence, run.progress).await?;
        self.show_sync(&run.fence.location).await
    }

    async fn apple_said<T>(&self, run: &Run<'_>, answer: Result<T, apple::Fault>) -> Result<T, Fault> {
        Ok(self.apple_answered(run.connection, answer).await?)
    }
}

impl<'a> Run<'a> {
    pub(super) fn new(fence: &'a Fence, connection: &'a Connection, began: UnixMillis) -> Self {
        Self {
            fence,
            connection,
            by_key: AssetsByKey::default(),
            assets: HashMap::new(),
            progress: SyncProgress::default(),
            began,
            reads_from: began,
            added: 0,
            removed: 0,
            versions: Versions::default(),
            counts_from: 0,
            heard: Heard::default(),
        }
    }

    fn by_key_mut(&mut self, key: &AssetKey) -> Option<&mut Read> {
        let id = self.by_key.find(&key.adam_id, &key.pricing_param)?;
        self.assets.get_mut(&id)
    }
}

/// Progress is written and shown at most this often, in milliseconds.
const PROGRESS_EVERY: UnixMillis = 250;
/// So many new assets are described before a sync is published, so that a first list has names; the rest follow.
const FIRST_DESCRIBED: usize = 300;
const FIRST_WITHIN: Duration = Duration::from_secs(5);

/// Reading assignments is nearly all of the work.
fn percent(progress: &SyncProgress) -> i64 {
    match progress.stage {
        SyncStage::Starting => 0,
        SyncStage::Assets => 5,
        SyncStage::Assignments if progress.pages_total > 0 => {
            10 + 75 * progress.pages.min(progress.pages_total) / progress.pages_total
        }
        SyncStage::Assignments => 10,
        SyncStage::Finishing => 87,
        SyncStage::Metadata => 92,
    }
}

/// Before this nothing is said: too little has been seen.
const SOON: UnixMillis = 10_000;

/// Milliseconds until the end, if it goes on as it went. How much is to be read Apple says of assignments alone; what
/// follows them takes the share of their time that [`percent`] gives it.
fn left(progress: &SyncProgress, began: UnixMillis, reads_from: UnixMillis, now: UnixMillis) -> Option<i64> {
    let (read, all) = (progress.pages.min(progress.pages_total), progress.pages_total);
    let left = match progress.stage {
        SyncStage::Starting | SyncStage::Assets => None,
        SyncStage::Assignments => {
            let reading = (now - reads_from).saturating_mul(all).checked_div(read)?;
            Some(reading - (now - reads_from) + reading / 5)
        }
        SyncStage::Finishing | SyncStage::Metadata => {
            Some((now - began).saturating_mul(100 - progress.percent) / progress.percent.max(1))
        }
    };
    left.filter(|_| now - began >= SOON)
}

fn as_i64(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(stage: SyncStage, pages: i64) -> SyncProgress {
        let progress = SyncProgress {
            stage,
            pages,
            pages_total: 90,
            ..SyncProgress::default()
        };
        SyncProgress {
            percent: percent(&progress),
            ..progress
        }
    }

    #[test]
    fn s1_the_rest_of_a_sync_takes_as_long_as_what_was_read() {
        // 30 of 90 pages in 20 seconds: 40 more, and a fifth of all of the reading for what follows it.
        let reading = at(SyncStage::Assignments, 30);
        assert_eq!(left(&reading, 0, 5_000, 25_000), Some(52_000));
        let metadata = at(SyncStage::Metadata, 90);
        assert_eq!(left(&metadata, 0, 5_000, 92_000), Some(8_000));
    }

    #[test]
    fn s1_nothing_is_said_before_ten_seconds_or_before_apple_has_said_how_much_there_is() {
        assert_eq!(left(&at(SyncStage::Assignments, 30), 0, 5_000, 9_000), None);
        assert_eq!(left(&at(SyncStage::Assignments, 0), 0, 5_000, 25_000), None);
        assert_eq!(left(&at(SyncStage::Assets, 4), 0, 0, 25_000), None);
        let untold = SyncProgress {
            pages_total: 0,
            ..at(SyncStage::Assignments, 30)
        };
        assert_eq!(left(&untold, 0, 5_000, 25_000), None);
    }
}
