//! Names, icons and versions of apps and books, from Apple's store.

use super::{Engine, request::apple_asset, tokens::Connection, worker::millis};
use apple::{Metadata, MetadataPlatform, Reader};
use contract::{Fault, catalog::ProductType};
use futures::{StreamExt, stream};
use std::time::Duration;
use store::{
    StoreError,
    locations::{Fence, Location},
    metadata::AssetMetadata,
    sync::AssetKey,
};

/// What the store did not answer for is asked for again after this.
const TRY_AGAIN: Duration = Duration::from_secs(60 * 60);
/// Look-ups at once, and assets a round.
const AT_ONCE: usize = 5;
const ROUND: usize = 50;
/// The first look-ups of a round, of which at least one must be answered.
const IN_VAIN: usize = 2 * AT_ONCE;
/// Icons are shown at up to 64 points, so 128 pixels are sharp everywhere.
const ICON: u32 = 128;

/// What came of asking the store.
#[derive(Default)]
pub(super) struct Asked {
    /// For so many assets it did not answer.
    pub(super) errors: i64,
    /// It answered for none of a round, or of its first.
    in_vain: bool,
}

impl Engine {
    /// Reads again what the store says of a location's assets, between two syncs (C5).
    pub(super) async fn describe_again(&self, fence: &Fence, location: &Location) -> Result<(), Fault> {
        // A token that cannot be used is seen by whoever syncs or operates; here it only means another day.
        match self.connect(location).await {
            Ok(connection) => self.describe_rest(fence, &connection, location).await,
            Err(fault) => {
                tracing::info!(uid = location.uid, %fault, "metadata could not be read again");
                let next = self.clock.now() + millis(self.settings.metadata_age);
                Ok(self.db.described(fence, next).await?)
            }
        }
    }

    /// Reads a round of what is missing or too old, and says when the next is due: at once if there is more, so that the
    /// location hears and sends in between (S4).
    pub(super) async fn describe_rest(
        &self,
        fence: &Fence,
        connection: &Connection,
        location: &Location,
    ) -> Result<(), Fault> {
        let asked = self.describe(fence, connection, location, ROUND).await?;
        if self.stop.is_cancelled() {
            return Ok(());
        }
        let now = self.clock.now();
        let age = self.settings.metadata_age;
        let soon = age.min(TRY_AGAIN);
        let due_at = async |at| {
            let due = self.db.assets_to_describe(fence, at - millis(age), 1).await?;
            Ok::<_, StoreError>(!due.is_empty())
        };
        let next = if !asked.in_vain && due_at(now).await? {
            now
        } else if asked.in_vain || due_at(now + millis(soon) + 1).await? {
            now + millis(soon)
        } else {
            now + millis(age)
        };
        Ok(self.db.described(fence, next).await?)
    }

    /// Reads what is missing or too old, at least `most` of it if there is so much. What the store does not answer for is left alone for a while,
    /// so that it does not stand in the way of the others.
    pub(super) async fn describe(
        &self,
        fence: &Fence,
        connection: &Connection,
        location: &Location,
        most: usize,
    ) -> Result<Asked, Fault> {
        let country = self.db.token_detail(&connection.token.id).await?.row.country;
        let platform = MetadataPlatform::from(location.platform.as_str());
        let (mut done, mut asked) = (0, Asked::default());
        while done < most && !self.stop.is_cancelled() {
            let older_than = self.clock.now() - millis(self.settings.metadata_age);
            let due = self
                .db
                .assets_to_describe(fence, older_than, ROUND as u32)
                .await?;
            if due.is_empty() {
                break;
            }
            done += due.len();
            let mut looked_up = stream::iter(due)
                .map(|(id, key, product, platforms)| {
                    let (country, platform) = (&country, &platform);
                    async move {
                        let platform = platform_for(platform, product, &platforms);
                        (id, look_up(connection, &key, &platform, country).await)
                    }
                })
                .buffer_unordered(AT_ONCE);
            let (mut described, mut failed) = (Vec::new(), Vec::new());
            while let Some((id, found)) = looked_up.next().await {
                match found {
                    Ok(found) => described.push((id, found)),
                    Err(fault) => {
                        failed.push(id);
                        tracing::warn!(asset = %id, %fault, "the store did not describe an app");
                    }
                }
                // A store that answers for nothing is asked no further: the others stay due.
                if described.is_empty() && failed.len() >= IN_VAIN {
                    break;
                }
            }
            drop(looked_up);
            let now = self.clock.now();
            self.db.describe_assets(fence, &described, now).await?;
            if failed.is_empty() {
                continue;
            }
            let age = self.settings.metadata_age;
            let looked_at = now - millis(age) + millis(age.min(TRY_AGAIN));
            self.db.undescribed(fence, &failed, looked_at).await?;
            asked.errors += i64::try_from(failed.len()).unwrap_or(i64::MAX);
            if described.is_empty() {
                asked.in_vain = true;
                break;
            }
        }
        Ok(asked)
    }
}

async fn look_up(
    connection: &Connection,
    key: &AssetKey,
    platform: &MetadataPlatform,
    country: &str,
) -> Result<Option<AssetMetadata>, apple::Fault> {
    let asset = apple_asset(key)?;
    let said_to = |reader| {
        connection
            .client
            .metadata(reader, &asset.adam_id, platform, country, "en")
    };
    if let Some(offered) = said_to(Reader::Anybody).await? {
        return Ok(Some(metadata(offered, false)));
    }
    // C5: custom apps are never offered to everybody; anything else that owners alone are told of is gone from the store.
    let kept = said_to(Reader::Owner).await?;
    Ok(kept.map(|kept| {
        let removed = !kept.is_custom_app;
        metadata(kept, removed)
    }))
}

fn metadata(found: Metadata, removed: bool) -> AssetMetadata {
    AssetMetadata {
        removed,
        icon: found.icon(ICON),
        name: found.name,
        publisher: found.artist.unwrap_or_default(),
        bundle_id: found.bundle_id.unwrap_or_default(),
        external_id: found
            .version
            .as_ref()
            .and_then(|version| i64::try_from(version.external_id?).ok()),
        version: found
            .version
            .and_then(|version| version.display)
            .unwrap_or_default(),
        price: found.price.and_then(|price| price.formatted).unwrap_or_default(),
        genre: found.genres.into_iter().next().unwrap_or_default(),
        store_url: found.url,
        minimum_os: found.minimum_os.unwrap_or_default(),
        custom: found.is_custom_app,
    }
}

/// The organisation's store describes everything but apps that only run on the Mac.
fn platform_for(usual: &MetadataPlatform, product: ProductType, platforms: &[String]) -> MetadataPlatform {
    let mac_only = !platforms.is_empty() && platforms.iter().all(|platform| platform == "macOS");
    match product {
        ProductType::App if mac_only => MetadataPlatform::MacAppStore,
        ProductType::App | ProductType::Book => usual.clone(),
    }
}
