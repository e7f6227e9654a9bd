//! The database of 3,000 tokens with 10 apps each, and what is measured on it.

use crate::{
    Outcome, idle, pages,
    place::{Folder, add_owner},
    report::Report,
    start,
};
use contract::{
    AccountId, DAY, LocationId, TokenId,
    catalog::{AssetQuery, Catalog, ProductType},
    tokens::{AccountType, TokenState},
};
use sandbox::{GeneratedProduct, Organisation};
use server::{clock::new_id, engine::seal_place, portal::Portal};
use std::collections::HashMap;
use store::{
    licenses::Digest,
    locations::{Fence, Location},
    metadata::AssetMetadata,
    sync::{AppleAsset, AssetKey, Publish},
    tokens::NewToken,
};

const LOCATIONS: u32 = 3_000;
const APPS: i64 = 30_000;

pub async fn measure(report: &Report) -> Outcome<()> {
    if !report.wants_any(&[
        start::NAME,
        idle::NAME,
        pages::APPS.name,
        pages::APPS.rate,
        pages::TOKENS.name,
        pages::TOKENS.rate,
    ]) {
        return Ok(());
    }
    report.progress("making a database of 3,000 tokens and 30,000 apps");
    let folder = Folder::new()?;
    fill(&folder).await?;
    start::measure(report, &folder).await?;
    idle::measure(report, &folder).await?;
    pages::measure_list(report, &folder, &pages::APPS).await?;
    pages::measure_list(report, &folder, &pages::TOKENS).await
}

/// Through the same doors as the engine.
async fn fill(folder: &Folder) -> Outcome<()> {
    let portal = folder.portal().await?;
    let owner = add_owner(&portal).await?;
    let organisation = Organisation::many_locations(LOCATIONS);
    for index in 0..LOCATIONS {
        portal
            .db
            .insert_token(&token(&portal, &organisation, index, &owner.id)?)
            .await?;
    }
    let by_uid: HashMap<_, _> = (0..LOCATIONS)
        .map(|index| (organisation.location_uid(index), index))
        .collect();
    let now = portal.clock.now();
    while let Some(leased) = portal.db.lease_next("bench", now, now + DAY).await? {
        let index = by_uid
            .get(&leased.location.uid)
            .ok_or("a location that nobody made")?;
        let apps: Vec<_> = organisation.apps_of(*index).collect();
        sync(&portal, &leased.fence, &apps, *index).await?;
        portal.db.release_lease(&leased.fence).await?;
    }
    let page = Catalog::list(&portal, &owner, AssetQuery::default()).await?;
    let named = page
        .rows
        .iter()
        .filter(|row| row.icon.is_some() && row.counts.total > 0)
        .count();
    if page.total != Some(APPS) || named != 50 {
        return Err(format!("the list shows {named} described apps of {:?}", page.total).into());
    }
    Ok(())
}

fn token(portal: &Portal, organisation: &Organisation, index: u32, owner: &AccountId) -> Outcome<NewToken> {
    let now = portal.clock.now();
    let id = TokenId(new_id(now));
    let name = organisation.location_name(index);
    let identity = &portal.identity;
    // As long as Apple's, which are about 400 signs.
    let secret = format!("{index:0>400}");
    Ok(NewToken {
        location: Location {
            id: LocationId(new_id(now)),
            uid: organisation.location_uid(index),
            name: name.clone(),
            country: organisation.country.clone(),
            platform: "volumestore".to_owned(),
            owner: Some((
                identity.id.clone(),
                identity.name.clone(),
                identity.metadata.clone(),
            )),
        },
        name,
        apple_account: format!("it.{index:04}@longshore.example"),
        organisation: organisation.name.clone(),
        country: organisation.country.clone(),
        account_type: AccountType::Education,
        automatic_updates: true,
        sealed: portal.vault.seal(&seal_place(&id), &secret)?,
        hash: index.to_be_bytes().to_vec(),
        expires_at: now + DAY * i64::from(10 + index % 350),
        state: TokenState::Valid,
        created_at: now,
        created_by: owner.clone(),
        syncs_at: now,
        keep_duplicate: false,
        id,
    })
}

/// What a first sync writes.
async fn sync(portal: &Portal, fence: &Fence, apps: &[GeneratedProduct], index: u32) -> Outcome<()> {
    let now = portal.clock.now();
    portal.db.begin_sync(fence, now).await?;
    let assets: Vec<_> = apps
        .iter()
        .zip(i64::from(index)..)
        .map(|(app, number)| asset(app, number))
        .collect();
    let ids = portal.db.insert_assets(fence, &assets, now).await?;
    let described: Vec<_> = ids
        .iter()
        .copied()
        .zip(apps.iter().map(|app| Some(metadata(app))))
        .collect();
    portal.db.describe_assets(fence, &described, now).await?;
    let publish = Publish {
        finished_at: now,
        digests: ids.iter().map(|id| (*id, Digest::default())).collect(),
        assets: ids.into_iter().zip(assets).collect(),
        assignments: 0,
        added: 0,
        removed: 0,
        app_errors: 0,
    };
    Ok(portal.db.publish_sync(fence, &publish).await?)
}

/// From a few to some hundred licences; of some apps none is left.
fn asset(app: &GeneratedProduct, number: i64) -> AppleAsset {
    let total = 5 + number * 37 % 400;
    let assigned = total * (number * 13 % 11) / 10;
    AppleAsset {
        key: AssetKey {
            adam_id: app.adam_id.clone(),
            pricing_param: "STDQ".to_owned(),
        },
        product: ProductType::App,
        assigned: assigned.min(total),
        available: (total - assigned).max(0),
        retired: 0,
        total,
        unlimited: false,
        device_assignable: app.device_assignable,
        revocable: true,
        platforms: app.platforms.clone(),
    }
}

fn metadata(app: &GeneratedProduct) -> AssetMetadata {
    AssetMetadata {
        name: app.name.clone(),
        publisher: app.publisher.clone(),
        icon: Some(format!(
            "https://is1-ssl.mzstatic.com/image/thumb/Purple/v4/{}/{{w}}x{{h}}bb.{{f}}",
            app.adam_id
        )),
        bundle_id: app.bundle_id.clone(),
        version: app.version.clone(),
        external_id: None,
        price: format!("{}.00 kr", app.price_thousandths / 1000),
        genre: app.genre.clone(),
        store_url: Some(format!("https://apps.apple.com/se/app/id{}", app.adam_id)),
        minimum_os: "17.0".to_owned(),
        custom: app.custom,
        removed: false,
    }
}
