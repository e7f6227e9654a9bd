//! Puts an organisation's locations, purchases, users and licences into the world.

use std::sync::Arc;

use super::Organisation;
use crate::catalogue::{Product, platform_names};
use crate::faults::Repeated;
use crate::random::mix;
use crate::wire::{PricingParam, ProductType};
use crate::world::{
    Asset, AssetId, AssetKey, Holder, Journal, Location, LocationState, MOST_BOUGHT, Supply, World, Writes,
};

/// Adds everything; returns the `uId`s of the locations. None, and nothing is added, if one of them is taken.
pub(crate) fn populate(world: &World, organisation: &Organisation) -> Option<Vec<String>> {
    let indices = 0..organisation.locations;
    let uids: Vec<String> = indices.map(|index| organisation.location_uid(index)).collect();
    // Before anything is generated, which takes long.
    if uids.iter().any(|uid| world.location(uid).is_some()) {
        return None;
    }
    let location = |(index, uid): (u32, &String)| {
        let state = location_state(world, organisation, index);
        Location::new(uid.clone(), organisation.name.clone(), organisation.kind, state)
    };
    let locations = (0..).zip(&uids).map(location).collect();
    world.add_locations(locations).then_some(uids)
}

fn location_state(world: &World, organisation: &Organisation, index: u32) -> LocationState {
    let mut state = LocationState {
        name: organisation.location_name(index),
        country: organisation.country.to_uppercase(),
        writes: Writes::none_at(world.clock.now()),
        ..LocationState::default()
    };
    let products: Vec<Product> = organisation
        .apps_of(index)
        .chain(organisation.books_of(index))
        .collect();
    let unlimited = organisation.unlimited_app && index == 0;
    for (position, product) in products.iter().enumerate() {
        let supply = if unlimited && position == 0 {
            Supply::Unlimited
        } else {
            Supply::Bought(u32::MAX >> 1)
        };
        state.assets.add(asset_of(product, supply));
    }
    world.catalogue.write().put_all(products);
    assign_devices(&mut state, organisation, index);
    add_plus(&mut state, organisation.plus_apps);
    register_users(world, &mut state, organisation, index);
    retire_users(&mut state, organisation, index);
    set_supply(
        &mut state,
        organisation.seed ^ u64::from(index),
        organisation.spare,
    );
    // Nobody holds a version from before the generated state.
    state.journal = Journal::default();
    state
}

/// An asset nobody holds.
pub(crate) fn asset_of(product: &Product, supply: Supply) -> Asset {
    let app = product.kind == ProductType::App;
    Asset {
        key: AssetKey {
            adam_id: product.adam_id.as_str().into(),
            pricing_param: PricingParam::Stdq,
        },
        product: product.kind,
        supply,
        retired: 0,
        device_assignable: app && product.device_assignable,
        revocable: app,
        platforms: platform_names(&product.platforms),
        holders: Default::default(),
    }
}

/// Buys some of the apps in the other quality, too.
fn add_plus(state: &mut LocationState, count: u32) {
    let apps = state
        .assets
        .iter()
        .take(usize::try_from(count).unwrap_or(usize::MAX));
    let plus = |app: &Asset| Asset {
        key: AssetKey {
            adam_id: Arc::clone(&app.key.adam_id),
            pricing_param: PricingParam::Plus,
        },
        supply: Supply::Bought(0),
        platforms: Arc::clone(&app.platforms),
        holders: Default::default(),
        ..*app
    };
    let plus: Vec<Asset> = apps.map(plus).collect();
    for asset in plus {
        state.assets.add(asset);
    }
}

/// Gives the wanted number of licences to devices, less the books that users will hold: popular apps more, and where
/// possible to devices they run on.
fn assign_devices(state: &mut LocationState, organisation: &Organisation, index: u32) {
    let devices: Vec<_> = organisation.devices_of(index).collect();
    let holders: Vec<(Holder, &str)> = devices
        .iter()
        .map(|device| {
            (
                state.device(&device.serial_number.as_str().into()),
                device.platform.asset_platform(),
            )
        })
        .collect();
    let assignable = state
        .assets
        .numbered()
        .filter(|(_, asset)| asset.device_assignable);
    let ids: Vec<AssetId> = assignable.map(|(id, _)| id).collect();
    let seed = mix(organisation.seed, u64::from(index));
    let total = organisation
        .assignments
        .saturating_sub(organisation.books_held_at(index));
    for (id, count) in ids.iter().zip(shares(seed, total, ids.len(), holders.len())) {
        let Some(asset) = state.assets.get(*id) else {
            continue;
        };
        let (fitting, other): (Vec<_>, Vec<_>) = holders
            .iter()
            .partition(|(_, platform)| asset.platforms.contains(platform));
        let chosen: Vec<Holder> = fitting
            .into_iter()
            .chain(other)
            .map(|(holder, _)| holder)
            .take(count)
            .collect();
        for holder in chosen {
            // Supply is settled afterwards and as good as endless here.
            let _ = state.assign(*id, holder, Repeated::NoOp);
        }
    }
}

/// How many of `total` each of `count` assets gets, none more than `most`.
fn shares(seed: u64, total: u32, count: usize, most: usize) -> Vec<usize> {
    let total = usize::try_from(total).unwrap_or(usize::MAX).min(count * most);
    let weights: Vec<usize> = (0..count)
        .map(|i| usize::try_from(1 + mix(seed, i as u64) % 9).unwrap_or(1))
        .collect();
    let sum = weights.iter().sum::<usize>().max(1);
    let mut shares: Vec<usize> = weights
        .iter()
        .map(|weight| (total * weight / sum).min(most))
        .collect();
    let mut left = total - shares.iter().sum::<usize>();
    for share in &mut shares {
        let more = left.min(most - *share);
        *share += more;
        left -= more;
    }
    shares
}

/// Users as another system registered them: associated, invited, some with books.
fn register_users(world: &World, state: &mut LocationState, organisation: &Organisation, index: u32) {
    let books = state
        .assets
        .numbered()
        .filter(|(_, asset)| asset.product == ProductType::Book);
    let books: Vec<AssetId> = books.map(|(id, _)| id).collect();
    for person in organisation.people_of(index) {
        let name: Arc<str> = person.name.into();
        let account = person.joined.then_some(person.email.as_str());
        let created = state.create_user(&name, Some(person.email.clone()), account, world.dice.hex());
        let book = books.get(usize::try_from(person.roll >> 8).unwrap_or(0) % books.len().max(1));
        if let (Ok(user), Some(book), Some(_)) = (created, book, account) {
            let _ = state.assign(*book, Holder::User(user), Repeated::NoOp);
        }
    }
}

/// Some have left since.
fn retire_users(state: &mut LocationState, organisation: &Organisation, index: u32) {
    let left = usize::try_from(organisation.retired_users).unwrap_or(usize::MAX);
    for person in organisation.people_of(index).take(left) {
        let _ = state.retire_user(&person.name);
    }
}

/// Buys what is held and some more; one asset has none left and one nearly none.
fn set_supply(state: &mut LocationState, seed: u64, spare: Option<u32>) {
    let ids: Vec<AssetId> = state.assets.numbered().map(|(id, _)| id).collect();
    for id in ids {
        let Some(asset) = state.assets.get_mut(id).filter(|asset| !asset.is_unlimited()) else {
            continue;
        };
        let roll = mix(seed ^ 0x5afe, u64::from(id));
        let assigned = asset.assigned();
        let spare = match (spare, id) {
            (Some(spare), _) => spare,
            (None, 3) => 0,
            (None, 7) => 1 + u32::try_from(roll % 3).unwrap_or(0),
            _ => 10 + assigned / 8 + u32::try_from(roll % 40).unwrap_or(0),
        };
        // An asset without licences would not be listed; what is out was bought once.
        asset.supply = Supply::Bought(assigned.saturating_add(spare).clamp(1, MOST_BOUGHT));
        asset.retired = if id % 12 == 5 { 2 } else { 0 };
    }
}
