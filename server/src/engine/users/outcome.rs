//! What came of a call about users: from how far Apple says it is, and from its list of users.

use crate::engine::heal::{refused, unanswered, unseen};
use apple::{ClientUserId, EventFailure, EventStatus};
use contract::{AppleError, UnixMillis, users::UserStatus};
use std::collections::BTreeMap;
use store::users::{BatchUser, SeenUser, UserEnd, UserWish};

pub fn names(ids: &[ClientUserId], id: &str) -> bool {
    ids.iter().any(|named| named.as_str() == id)
}

/// The users whose creation failed because they are there: any of the call's, where Apple names none.
pub fn exists_already(users: &[BatchUser], status: &EventStatus) -> Vec<ClientUserId> {
    let failures = status.failures.iter();
    let named: Vec<_> = failures
        .filter(|failure| failure.number == Some(apple::number::USER_EXISTS))
        .map(|failure| &failure.info.client_user_ids)
        .collect();
    if named.iter().any(|ids| ids.is_empty()) {
        return ids_of(users);
    }
    named.into_iter().flatten().cloned().collect()
}

/// As Apple takes them.
pub fn ids_of(users: &[BatchUser]) -> Vec<ClientUserId> {
    let ids = users.iter().map(|user| ClientUserId::new(&user.client_user_id));
    ids.flatten().collect()
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

/// What becomes of each. Those of whom nothing came, and Apple does not say why, are sent again when `again` says, by how
/// often it was so; or never.
pub fn ends(
    kind: UserWish,
    users: &[BatchUser],
    status: Option<&EventStatus>,
    again: impl Fn(i64) -> Option<UnixMillis>,
    now: UnixMillis,
) -> Vec<UserEnd> {
    let in_vain = |user: &BatchUser| unanswered(kind, user, again(user.rounds), now);
    let Some(status) = status else {
        let each = users.iter().map(|user| match is_done(kind, user) {
            true => UserEnd::done(user),
            false => in_vain(user),
        });
        return each.collect();
    };
    let named =
        |failure: &EventFailure, user: &BatchUser| names(&failure.info.client_user_ids, &user.client_user_id);
    users
        .iter()
        .map(|user| {
            let failure = failure_of(user, status);
            let failure = failure.filter(|failure| named(failure, user) || !is_done(kind, user));
            let Some(failure) = failure else {
                return match kind {
                    _ if is_done(kind, user) || kind == UserWish::Update => UserEnd::done(user),
                    _ if !status.is_success() => in_vain(user),
                    UserWish::Create => unseen(user),
                    _ => UserEnd::done(user),
                };
            };
            let error = AppleError {
                number: failure.number.unwrap_or_default(),
                message: failure.message.clone(),
            };
            refused(kind, user, error, now)
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
            rounds: 0,
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
        let again = ends(UserWish::Create, &users, Some(&complete), |_| None, 0);
        let told: Vec<_> = again.iter().map(|end| (end.wish, end.error.is_some())).collect();
        assert_eq!(told, [(None, false), (Some(UserWish::Create), false)]);
        let last = ends(
            UserWish::Create,
            &[user(UserStatus::Wanted, true)],
            Some(&complete),
            |_| None,
            0,
        );
        assert_eq!((last[0].wish, last[0].error.is_some()), (None, true));
    }

    fn wanted(id: &str, rounds: i64) -> BatchUser {
        BatchUser {
            client_user_id: id.to_owned(),
            email: String::new(),
            managed: String::new(),
            status: UserStatus::Wanted,
            healed: false,
            rounds,
        }
    }

    fn failed(failures: Vec<EventFailure>) -> EventStatus {
        EventStatus {
            state: apple::EventState::Failed,
            event_type: None,
            completed: 0,
            requested: 2,
            failures,
        }
    }

    #[test]
    fn of_whom_nothing_comes_apple_is_told_a_few_times_then_the_person_is() {
        let users = [wanted("a", 0), wanted("b", 1)];
        let again = |rounds| (rounds < 1).then_some(500);
        for status in [None, Some(failed(Vec::new()))] {
            for kind in [UserWish::Create, UserWish::Retire] {
                let ends = ends(kind, &users, status.as_ref(), again, 100);
                assert_eq!(
                    (ends[0].wish, ends[0].in_vain, ends[0].not_before),
                    (Some(kind), true, 500)
                );
                assert_eq!(ends[0].error, None);
                let said = ends[1].error.clone().unwrap();
                assert_eq!((said.number, said.message.as_str()), (0, "apple_unclear"));
                // Whoever has left is retired some day all the same.
                assert_eq!(ends[1].wish, Some(kind).filter(|kind| *kind == UserWish::Retire));
                assert!(ends[1].not_before > 500);
            }
        }
    }

    #[test]
    fn where_apple_does_not_say_who_exists_all_are_looked_for() {
        let users = [wanted("a", 0), wanted("b", 0)];
        let says = |ids: Vec<ClientUserId>| {
            failed(vec![EventFailure {
                number: Some(apple::number::USER_EXISTS),
                message: String::new(),
                info: apple::ErrorInfo {
                    client_user_ids: ids,
                    ..apple::ErrorInfo::default()
                },
            }])
        };
        let (all, second) = (ids_of(&users), ids_of(&users[1..]));
        assert_eq!(exists_already(&users, &says(Vec::new())), all);
        assert_eq!(exists_already(&users, &says(second.clone())), second);
        assert_eq!(exists_already(&users, &failed(Vec::new())), []);
    }
}
