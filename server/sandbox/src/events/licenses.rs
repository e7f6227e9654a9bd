//! Processes associate, disassociate and revoke, task by task.

use std::ops::Range;
use std::sync::Arc;

use uuid::Uuid;

use super::HolderName;
use super::notify::{self, management};
use super::outcome::{AssignmentElement, Bundle, Bundles, Failures};
use super::worker::SLICE;
use crate::faults::{Faults, Repeated};
use crate::wire::{ErrorInfo, ErrorNumber, ErrorResponse, EventType, NotificationType};
use crate::world::{AssetKey, Holder, Location, LocationState, NOT_ENOUGH, UNKNOWN_USER, World};

/// The tasks of an event by number.
enum Tasks<'a> {
    /// Every asset with every holder.
    Product {
        assets: &'a [AssetKey],
        holders: &'a [HolderName],
    },
    /// These pairs.
    Pairs(Vec<(AssetKey, HolderName)>),
}

impl Tasks<'_> {
    fn len(&self) -> usize {
        match self {
            Self::Product { assets, holders } => assets.len() * holders.len(),
            Self::Pairs(pairs) => pairs.len(),
        }
    }

    fn get(&self, number: usize) -> Option<(&AssetKey, &HolderName)> {
        match self {
            Self::Product { assets, holders } => {
                let asset = assets.get(number.checked_div(holders.len())?)?;
                Some((asset, holders.get(number % holders.len())?))
            }
            Self::Pairs(pairs) => pairs.get(number).map(|(asset, holder)| (asset, holder)),
        }
    }
}

/// Runs the event to its end.
pub(super) async fn process(
    world: &Arc<World>,
    location: &Arc<Location>,
    id: Uuid,
    kind: EventType,
    assets: &[AssetKey],
    holders: &[HolderName],
) {
    let faults = world.faults.of(&location.uid);
    let mut failures = Failures::new(faults.faults.failure_grouping);
    let mut bundles = Bundles::new();
    let (tasks, unknown) = match kind {
        EventType::Revoke => revocable_pairs(&location.state.read(), holders),
        _ => (Tasks::Product { assets, holders }, Vec::new()),
    };
    for user in &unknown {
        failures.add(UNKNOWN_USER, None, &HolderName::User(Arc::clone(user)));
    }
    location
        .state
        .write()
        .begin_event(id, tasks.len() + unknown.len());
    let mut start = 0;
    while start < tasks.len() {
        let range = start..tasks.len().min(start + SLICE);
        start = range.end;
        let results = run(
            &mut location.state.write(),
            id,
            kind,
            &tasks,
            range.clone(),
            &faults.faults,
        );
        for (number, result) in range.zip(results) {
            let Some((asset, holder)) = tasks.get(number) else {
                continue;
            };
            if let Err(error) = result {
                failures.add(error, Some(asset), holder);
            }
            if let Some(full) = bundles.add(result.err(), AssignmentElement::new(asset, holder)) {
                tell(world, location, id, kind, full);
            }
        }
        tokio::task::yield_now().await;
    }
    location.state.write().finish_event(id, failures.into_answers());
    bundles
        .rest()
        .for_each(|bundle| tell(world, location, id, kind, bundle));
    if !unknown.is_empty() {
        tell_unknown(world, location, id, kind, unknown);
    }
}

fn tell(
    world: &Arc<World>,
    location: &Arc<Location>,
    id: Uuid,
    kind: EventType,
    (error, elements): Bundle<AssignmentElement>,
) {
    let body = management(id, kind, error.map(Into::into), "assignments", &elements);
    notify::announce(world, location, NotificationType::AssetManagement, body);
}

/// Nobody knows the assignments of users who do not exist: only the error names them.
fn tell_unknown(
    world: &Arc<World>,
    location: &Arc<Location>,
    id: Uuid,
    kind: EventType,
    users: Vec<Arc<str>>,
) {
    let error = ErrorResponse {
        error_info: Some(ErrorInfo {
            client_user_ids: users,
            ..ErrorInfo::default()
        }),
        ..UNKNOWN_USER.into()
    };
    let none: [AssignmentElement; 0] = [];
    let body = management(id, kind, Some(error), "assignments", &none);
    notify::announce(world, location, NotificationType::AssetManagement, body);
}

/// Runs a slice of the tasks and counts those that succeeded.
fn run(
    state: &mut LocationState,
    id: Uuid,
    kind: EventType,
    tasks: &Tasks<'_>,
    range: Range<usize>,
    faults: &Faults,
) -> Vec<Result<(), ErrorNumber>> {
    let task = |number| {
        let (asset, holder) = tasks.get(number).ok_or(ErrorNumber(9603))?;
        let of_asset = faults.asset_event_errors.get(&*asset.adam_id).copied();
        match of_asset.or(faults.event_error) {
            Some(error) => Err(ErrorNumber(error)),
            None => one(state, kind, asset, holder, faults.repeated),
        }
    };
    let results: Vec<_> = range.map(task).collect();
    state.advance_event(id, results.iter().filter(|result| result.is_ok()).count());
    results
}

fn one(
    state: &mut LocationState,
    kind: EventType,
    asset: &AssetKey,
    holder: &HolderName,
    repeated: Repeated,
) -> Result<(), ErrorNumber> {
    let holder = match holder {
        HolderName::User(name) => Holder::User(state.users.active(name).ok_or(UNKNOWN_USER)?),
        HolderName::Device(serial) => state.device(serial),
    };
    let unowned = match kind {
        EventType::Associate => NOT_ENOUGH,
        // Whoever gives back needs none.
        _ => ErrorNumber(9602),
    };
    let asset = state.assets.find(asset).ok_or(unowned)?;
    match kind {
        EventType::Associate => state.assign(asset, holder, repeated),
        EventType::Disassociate => state.release(asset, holder, repeated),
        // The pairs were read before this slice; one that is gone meanwhile is as wished.
        _ => state.release(asset, holder, Repeated::NoOp),
    }
}

/// How many tasks revoking the licences of these holders is as things stand. As many it stays, unless events that were
/// accepted before change what they hold.
pub(crate) fn revocable(state: &LocationState, holders: &[HolderName]) -> usize {
    let (tasks, unknown) = revocable_pairs(state, holders);
    tasks.len() + unknown.len()
}

/// What the holders can give back, and the users that do not exist.
fn revocable_pairs<'a>(state: &LocationState, holders: &[HolderName]) -> (Tasks<'a>, Vec<Arc<str>>) {
    let (mut pairs, mut unknown) = (Vec::new(), Vec::new());
    for name in holders {
        let holder = match name {
            HolderName::User(user) => state.users.active(user).map(Holder::User),
            HolderName::Device(serial) => state.known_device(serial),
        };
        match (holder, name) {
            (Some(holder), _) => {
                let held = state
                    .revocable_of(holder)
                    .into_iter()
                    .filter_map(|id| state.assets.get(id));
                pairs.extend(held.map(|asset| (asset.key.clone(), name.clone())));
            }
            (None, HolderName::User(user)) => unknown.push(Arc::clone(user)),
            (None, HolderName::Device(_)) => {}
        }
    }
    (Tasks::Pairs(pairs), unknown)
}
