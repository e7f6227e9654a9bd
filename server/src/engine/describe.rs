//! Names, icons and versions of apps and books, from Apple's store.

use super::{Engine, request::apple_asset, sync::Run, tokens::Connection, worker::millis};
use apple::{Metadata, MetadataPlatform};
use contract::{Fault, catalog::ProductType, tokens::SyncStage};
use futures::{StreamExt, stream};
use std::time::Duration;
use store::{
    locations::Location,
    sync::{AssetKey, AssetMetadata},
};

/// Metadata is read again after this.
const DAILY: Duration = Duration::from_secs(24 * 60 * 60);
/// Look-ups at once, and assets a round.
const AT_ONCE: usize = 5;
const ROUND: usize = 50;
/// Icons are shown at up to 64 points, so 128 pixels are sharp everywhere.
const ICON: u32 = 128;

impl Engine {
    /// Reads what is missing or older than a day, at most `most` of it; answers for how many the store did not answer.
    pub(super) async fn describe(
        &self,
        run: &mut Run<'_>,
        location: &Location,
        most: Option<usize>,
    ) -> Result<i64, Fault> {
        if most.is_some() {
            self.stage(run, SyncStage::Metadata).await?;
        }
        let connection = run.connection;
        let country = self.db.token_detail(&connection.token.id).await?.row.country;
        let platform = MetadataPlatform::from(location.platform.as_str());
        let (mut done, mut errors) = (0, 0);
        while most.is_none_or(|most| done < most) && !self.stop.is_cancelled() {
            let older_than = self.clock.now() - millis(DAILY);
            let due = self
                .db
                .assets_to_describe(run.fence, older_than, ROUND as u32)
                .await?;
            if due.is_empty() {
                break;
            }
            done += due.len();
            let looked_up: Vec<_> = stream::iter(due)
                .map(|(id, key, product, platforms)| {
                    let (country, platform) = (&country, &platform);
                    async move {
                        let platform = platform_for(platform, product, &platforms);
                        (id, look_up(connection, &key, &platform, country).await)
                    }
                })
                .buffer_unordered(AT_ONCE)
                .collect()
                .await;
            let mut described = Vec::new();
            for (id, found) in looked_up {
                match found {
                    Ok(found) => described.push((id, found.map(metadata))),
                    Err(fault) => {
                        errors += 1;
                        tracing::warn!(asset = %id, %fault, "the store did not describe an app");
                    }
                }
            }
            self.db
                .describe_assets(run.fence, &described, self.clock.now())
                .await?;
            if errors > 0 {
                // The next sync asks again.
                break;
            }
        }
        Ok(errors)
    }
}

async fn look_up(
    connection: &Connection,
    key: &AssetKey,
    platform: &MetadataPlatform,
    country: &str,
) -> Result<Option<Metadata>, apple::Fault> {
    let asset = apple_asset(key)?;
    connection
        .client
        .metadata(&asset.adam_id, platform, country, "en")
        .await
}

fn metadata(found: Metadata) -> AssetMetadata {
    AssetMetadata {
        icon: found.icon(ICON),
        name: found.name,
        publisher: found.artist.unwrap_or_default(),
        bundle_id: found.bundle_id.unwrap_or_default(),
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
