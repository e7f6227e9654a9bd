//! Associate, disassociate, revoke; create, update, retire: first what the request alone shows, then what it names, each
//! in the order of the error numbers; then an event (apple-api.md §1.7, §1.8, §1.11). So a request that is too big is told
//! so whatever it names.

use std::collections::HashSet;
use std::hash::Hash;
use std::sync::Arc;

use super::reply::{Answer, Refusal};
use super::{Caller, Handled};
use crate::events::{HolderName, Work, accept, revocable};
use crate::faults::{Repeated, Timing};
use crate::wire::{AssetChoice, ErrorInfo, ErrorNumber, EventAccepted, EventType, ManageAssets, ManageUsers};
use crate::world::{
    ALREADY_ASSOCIATED, Asset, AssetKey, Holder, LocationState, NOT_ASSOCIATED, UNKNOWN_USER,
};

/// Refuses with this error if the condition holds.
fn refuse_if(condition: bool, number: i32) -> Result<(), Refusal> {
    if condition {
        Err(ErrorNumber(number).into())
    } else {
        Ok(())
    }
}

fn has_duplicates<T: Eq + Hash>(items: impl Iterator<Item = T>) -> bool {
    let mut seen = HashSet::new();
    !items.into_iter().all(|item| seen.insert(item))
}

fn parse<'a, T: serde::Deserialize<'a>>(body: &'a [u8]) -> Result<T, Refusal> {
    serde_json::from_slice(body).map_err(|_| ErrorNumber(9602).into())
}

/// A request about licences.
pub(super) fn assets(caller: &Caller, kind: EventType, body: &[u8]) -> Handled {
    caller.check_role()?;
    let request: ManageAssets = parse(body)?;
    let assets = if kind == EventType::Revoke {
        None
    } else {
        Some(request.assets.unwrap_or_default())
    };
    let assets = assets.map(|list| list.into_iter().map(key).collect::<Vec<_>>());
    let users = request.client_user_ids.unwrap_or_default();
    let serials = request.serial_numbers.unwrap_or_default();
    refuse_if(users.iter().chain(&serials).any(|name| name.is_empty()), 9602)?;
    {
        let state = caller.location.state.read();
        let named = assets.as_deref().unwrap_or_default();
        check_sizes(caller, assets.as_deref(), &users, &serials)?;
        refuse_if(assets.as_ref().is_some_and(Vec::is_empty), 9718)?;
        refuse_if(users.is_empty() && serials.is_empty(), 9719)?;
        check_owned(caller, &state, named)?;
        check_users_known(caller, &state, users.iter())?;
        if kind == EventType::Disassociate {
            state.check_revocable(named)?;
        }
        if !serials.is_empty() {
            state.check_device_assignable(named)?;
        }
        check_repeated(caller, &state, kind, named, &users, &serials)?;
    }
    let devices = serials.into_iter().map(HolderName::Device);
    let holders: Vec<_> = users.into_iter().map(HolderName::User).chain(devices).collect();
    let requested = match &assets {
        Some(assets) => assets.len() * holders.len(),
        None => revocable(&caller.location.state.read(), &holders),
    };
    let work = Work::Licenses {
        kind,
        assets: assets.unwrap_or_default(),
        holders,
    };
    Ok(accepted(caller, requested, work))
}

fn key(choice: AssetChoice) -> AssetKey {
    AssetKey {
        adam_id: choice.adam_id.into(),
        pricing_param: choice.pricing_param.unwrap_or_default(),
    }
}

fn check_sizes(
    caller: &Caller,
    assets: Option<&[AssetKey]>,
    users: &[Arc<str>],
    serials: &[Arc<str>],
) -> Result<(), Refusal> {
    let limits = &caller.faults.faults.limits;
    let (max_users, max_serials) = match assets {
        Some(_) => (limits.max_client_user_ids, limits.max_serial_numbers),
        None => (
            limits.max_revoke_client_user_ids,
            limits.max_revoke_serial_numbers,
        ),
    };
    refuse_if(
        assets.is_some_and(|assets| assets.len() > limits.max_assets),
        9700,
    )?;
    refuse_if(users.len() > max_users, 9701)?;
    refuse_if(serials.len() > max_serials, 9702)?;
    refuse_if(assets.is_some_and(|assets| has_duplicates(assets.iter())), 9703)?;
    refuse_if(has_duplicates(users.iter()), 9704)?;
    refuse_if(has_duplicates(serials.iter()), 9705)
}

fn check_owned(caller: &Caller, state: &LocationState, assets: &[AssetKey]) -> Result<(), Refusal> {
    let unowned: Vec<_> = assets
        .iter()
        .filter(|key| state.assets.find(key).is_none())
        .cloned()
        .collect();
    if unowned.is_empty() || caller.faults.faults.unowned_asset == Timing::Async {
        return Ok(());
    }
    Err(Refusal::about(
        ErrorNumber(9602),
        ErrorInfo {
            assets: unowned,
            ..ErrorInfo::default()
        },
    ))
}

/// Refuses what is so already, if so ordered.
fn check_repeated(
    caller: &Caller,
    state: &LocationState,
    kind: EventType,
    assets: &[AssetKey],
    users: &[Arc<str>],
    serials: &[Arc<str>],
) -> Result<(), Refusal> {
    if caller.faults.faults.repeated != Repeated::Refused {
        return Ok(());
    }
    let users = users
        .iter()
        .map(|name| state.users.active(name).map(Holder::User));
    let devices = serials.iter().map(|serial| state.known_device(serial));
    let holders: Vec<Option<Holder>> = users.chain(devices).collect();
    let has = |asset: &Asset, holder: Option<Holder>| holder.is_some_and(|it| asset.holders.contains(it));
    let (error, refused) = match kind {
        EventType::Associate => (ALREADY_ASSOCIATED, true),
        _ => (NOT_ASSOCIATED, false),
    };
    let mut assets = assets
        .iter()
        .filter_map(|key| state.assets.get(state.assets.find(key)?));
    match assets.any(|asset| holders.iter().any(|holder| has(asset, *holder) == refused)) {
        true => Err(error.into()),
        false => Ok(()),
    }
}

fn check_users_known<'a>(
    caller: &Caller,
    state: &LocationState,
    names: impl Iterator<Item = &'a Arc<str>>,
) -> Result<(), Refusal> {
    if caller.faults.faults.unknown_user == Timing::Async {
        return Ok(());
    }
    let unknown: Vec<_> = names
        .filter(|name| state.users.active(name).is_none())
        .map(Arc::clone)
        .collect();
    if unknown.is_empty() {
        return Ok(());
    }
    Err(Refusal::about(
        UNKNOWN_USER,
        ErrorInfo {
            client_user_ids: unknown,
            ..ErrorInfo::default()
        },
    ))
}

/// A request about users.
pub(super) fn users(caller: &Caller, kind: EventType, body: &[u8]) -> Handled {
    caller.check_role()?;
    let request: ManageUsers = parse(body)?;
    let users = request.users.unwrap_or_default();
    refuse_if(users.iter().any(|user| user.client_user_id.is_empty()), 9602)?;
    refuse_if(users.len() > caller.faults.faults.limits.max_users, 9714)?;
    refuse_if(
        has_duplicates(users.iter().map(|user| &user.client_user_id)),
        9715,
    )?;
    let retire = kind == EventType::Retire;
    refuse_if(
        !retire
            && users
                .iter()
                .filter_map(|user| user.email.as_deref())
                .any(|e| !is_address(e)),
        9717,
    )?;
    refuse_if(users.is_empty(), 9720)?;
    if kind != EventType::Create {
        let names = users.iter().map(|user| &user.client_user_id);
        check_users_known(caller, &caller.location.state.read(), names)?;
    }
    Ok(accepted(caller, users.len(), Work::Users { kind, users }))
}

/// Something, one @, and a domain with a dot; no blanks.
fn is_address(text: &str) -> bool {
    let Some((name, domain)) = text.split_once('@') else {
        return false;
    };
    let labels = || domain.split('.');
    !name.is_empty()
        && !text.contains(char::is_whitespace)
        && !domain.contains('@')
        && labels().count() > 1
        && labels().all(|label| !label.is_empty())
}

fn accepted(caller: &Caller, requested: usize, work: Work) -> Answer {
    let event = accept(&caller.world, &caller.location, requested, work);
    let envelope = caller.envelope(&caller.location.state.read());
    Answer::accepted(
        event,
        &EventAccepted {
            event_id: event.to_string(),
            envelope,
        },
    )
}
