//! What came of a call about users: from how far Apple says it is, and from its list of users.

use crate::engine::heal::{refused, unseen};
use apple::{ClientUserId, EventFailure, EventStatus};
use contract::{AppleError, UnixMillis, users::UserStatus};
use std::collections::BTreeMap;
use store::users::{BatchUser, SeenUser, UserEnd, UserWish};

pub fn names(ids: &[ClientUserId], id: &str) -> bool {
    ids.iter().any(|named| named.as_str() == id)
}

/// The users whose creation failed because they are there.
pub fn exists_already(status: &EventStatus) -> Vec<ClientUserId> {
    let failures = status.failures.iter();
    failures
        .filter(|failure| failure.number == Some(apple::number::USER_EXISTS))
        .flat_map(|failure| failure.info.client_user_ids.clone())
        .collect()
}

/// The batch's users with the status that was just seen; an active one beats those that are retired.
pub fn seen_in(users: &[BatchUser], seen: &[SeenUser]) -> Vec<BatchUser> {
    let mut statuses: BTreeMap<&str, UserStatus> = BTreeMap::new();
    for user in seen {
        let status = statuses.entry(&user.client_user_id).or_insert(user.status);
        if *status == UserStatus::Retired {
            *status = user.status;
        }
    }
    users
        .iter()
        .map(|user| {
            let status = statuses.get(user.client_user_id.as_str()).copied();
            // One that is yet to be made is not retired by the list's memory of its former self.
            let former = user.status == UserStatus::Wanted && status == Some(UserStatus::Retired);
            BatchUser {
                status: status.filter(|_| !former).unwrap_or(user.status),
                ..user.clone()
            }
        })
        .collect()
}

pub fn is_done(kind: UserWish, user: &BatchUser) -> bool {
    let active = matches!(user.status, UserStatus::Registered | UserStatus::Associated);
    match kind {
        UserWish::Create => active,
        // That the address is another one is not to be seen: it is sent again, which does no harm.
        UserWish::Update => false,
        UserWish::Retire => user.status == UserStatus::Retired,
    }
}

/// Apple says that it made all of them, and does not list them all yet.
pub fn unlisted(kind: UserWish, users: &[BatchUser], status: &EventStatus) -> bool {
    kind == UserWish::Create && status.is_success() && !users.iter().all(|user| is_done(kind, user))
}

/// What is said of this user, or of nobody by name.
fn failure_of<'a>(user: &BatchUser, status: &'a EventStatus) -> Option<&'a EventFailure> {
    let named = |failure: &&EventFailure| names(&failure.info.client_user_ids, &user.client_user_id);
    let unnamed = |failure: &&EventFailure| failure.info.client_user_ids.is_empty();
    let failures = status.failures.iter();
    failures
        .clone()
        .find(named)
        .or_else(|| failures.clone().find(unnamed))
}

/// What becomes of each. Without a status, those that are not done are sent again.
pub fn ends(
    kind: UserWish,
    users: &[BatchUser],
    status: Option<&EventStatus>,
    now: UnixMillis,
) -> Vec<UserEnd> {
    let Some(status) = status else {
        let done = users.iter().filter(|user| is_done(kind, user));
        return done.map(UserEnd::done).collect();
    };
    let named =
        |failure: &EventFailure, user: &BatchUser| names(&failure.info.client_user_ids, &user.client_user_id);
    users
        .iter()
        .filter_map(|user| {
            let failure = failure_of(user, status);
            let failure = failure.filter(|failure| named(failure, user) || !is_done(kind, user));
            let Some(failure) = failure else {
                return match kind {
                    _ if is_done(kind, user) || kind == UserWish::Update => Some(UserEnd::done(user)),
                    UserWish::Create => status.is_success().then(|| unseen(user)),
                    _ => status.is_success().then(|| UserEnd::done(user)),
                };
            };
            let error = AppleError {
                number: failure.number.unwrap_or_default(),
                message: failure.message.clone(),
            };
            Some(refused(kind, user, error, now))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_apple_made_and_does_not_list_is_looked_for_then_made_once_more_then_said() {
        let user = |status, healed| BatchUser {
            client_user_id: format!("{status:?}"),
            email: String::new(),
            managed: String::new(),
            status,
            healed,
        };
        let complete = EventStatus {
            state: apple::EventState::Complete,
            event_type: None,
            completed: 2,
            requested: 2,
            failures: Vec::new(),
        };
        let listed = user(UserStatus::Registered, false);
        let users = [listed.clone(), user(UserStatus::Wanted, false)];
        assert!(unlisted(UserWish::Create, &users, &complete));
        assert!(!unlisted(UserWish::Create, &[listed], &complete));
        assert!(!unlisted(UserWish::Update, &users, &complete));
        let again = ends(UserWish::Create, &users, Some(&complete), 0);
        let told: Vec<_> = again.iter().map(|end| (end.wish, end.error.is_some())).collect();
        assert_eq!(told, [(None, false), (Some(UserWish::Create), false)]);
        let last = ends(
            UserWish::Create,
            &[user(UserStatus::Wanted, true)],
            Some(&complete),
            0,
        );
        assert_eq!((last[0].wish, last[0].error.is_some()), (None, true));
    }
}
