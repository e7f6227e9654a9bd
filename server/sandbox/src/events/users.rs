//! Processes create, update and retire, user by user.

use std::sync::Arc;

use uuid::Uuid;

use super::HolderName;
use super::notify::{self, management};
use super::outcome::{Bundle, Bundles, Failures};
use crate::faults::Faults;
use crate::wire::{ErrorNumber, EventType, NotificationType, RequestUser, UserRow};
use crate::world::{Location, LocationState, UserId, World};

/// Runs the event to its end. At most 100 users, hence in one go.
pub(super) fn process(
    world: &Arc<World>,
    location: &Arc<Location>,
    id: Uuid,
    kind: EventType,
    users: &[RequestUser],
) {
    let faults = world.faults.of(&location.uid);
    let mut failures = Failures::new(faults.faults.failure_grouping);
    let mut bundles = Bundles::new();
    let mut full = Vec::new();
    let mut state = location.state.write();
    for user in users {
        let refused = refusal(&faults.faults, user);
        let result = refused.map_or_else(|| one(&mut state, kind, user, world.dice.hex()), Err);
        let shown = result.ok().or_else(|| state.users.active(&user.client_user_id));
        let row = shown.and_then(|id| state.users.get(id)).map(|user| match kind {
            // Apple's example of a retired user keeps the code.
            EventType::Retire => user.row_with_code(),
            _ => user.row(),
        });
        match result {
            Ok(_) => state.advance_event(id, 1),
            Err(error) => failures.add(error, None, &HolderName::User(Arc::clone(&user.client_user_id))),
        }
        full.extend(bundles.add(result.err(), row.unwrap_or_else(|| as_asked(user))));
    }
    state.finish_event(id, failures.into_answers());
    drop(state);
    full.into_iter()
        .chain(bundles.rest())
        .for_each(|bundle| tell(world, location, id, kind, bundle));
}

/// Why this user fails by order.
fn refusal(faults: &Faults, user: &RequestUser) -> Option<ErrorNumber> {
    let domain = user.account().and_then(|account| account.rsplit('@').next());
    let foreign = faults
        .managed_domain
        .as_deref()
        .zip(domain)
        .is_some_and(|(ours, domain)| ours != domain);
    faults
        .event_error
        .map(ErrorNumber)
        .or(foreign.then_some(ErrorNumber(9635)))
}

fn one(
    state: &mut LocationState,
    kind: EventType,
    user: &RequestUser,
    invite_code: String,
) -> Result<UserId, ErrorNumber> {
    let account = user.account();
    match kind {
        EventType::Create => {
            state.create_user(&user.client_user_id, user.email.clone(), account, invite_code)
        }
        EventType::Update => state.update_user(&user.client_user_id, user.email.clone(), account),
        _ => state.retire_user(&user.client_user_id),
    }
}

/// A user that is not there, as the request described it.
fn as_asked(user: &RequestUser) -> UserRow {
    UserRow {
        client_user_id: Arc::clone(&user.client_user_id),
        email: user.email.clone(),
        id_hash: None,
        invite_code: None,
        status: None,
    }
}

fn tell(
    world: &Arc<World>,
    location: &Arc<Location>,
    id: Uuid,
    kind: EventType,
    (error, rows): Bundle<UserRow>,
) {
    let body = management(id, kind, error.map(Into::into), "users", &rows);
    notify::announce(world, location, NotificationType::UserManagement, body);
}
