//! What follows from Apple's refusal of a user: tried once in another way, then said. Pure.

use apple::number::{INVALID_ARGUMENT, TOO_MANY_REQUESTS, UNKNOWN_USER, USER_EXISTS};
use contract::{AppleError, Code, HOUR, MINUTE, UnixMillis, users::UserStatus};
use store::users::{BatchUser, UserEnd, UserWish};

/// Apple could not link the Managed Apple Account.
const NOT_LINKED: u32 = 9635;
/// The Managed Apple Account is another user's.
const ACCOUNT_TAKEN: u32 = 9641;
const BAD_ADDRESS: u32 = 9717;
const INTERNAL: u32 = 9603;
const MAINTENANCE: u32 = 9644;
/// What passes is tried again after this time.
const PASSES: UnixMillis = MINUTE;
/// What is in the way of a retirement may take longer.
const RETIRES: UnixMillis = HOUR;

/// What becomes of a user whom Apple refused.
pub(super) fn refused(kind: UserWish, user: &BatchUser, error: AppleError, now: UnixMillis) -> UserEnd {
    let end = UserEnd {
        keep_error: false,
        error: Some(error.clone()),
        ..UserEnd::done(user)
    };
    let again = UserEnd {
        wish: Some(kind),
        healed: true,
        ..end.clone()
    };
    let active = matches!(user.status, UserStatus::Registered | UserStatus::Associated);
    match (kind, error.number) {
        (_, INTERNAL | MAINTENANCE | TOO_MANY_REQUESTS) => UserEnd {
            wish: Some(kind),
            not_before: now + PASSES,
            ..end
        },
        // It is there after all, as it was made by a call whose answer was lost: Apple is told what it may lack.
        (UserWish::Create, USER_EXISTS) if active => UserEnd {
            wish: Some(UserWish::Update),
            error: None,
            ..end
        },
        (UserWish::Create, USER_EXISTS) if !user.healed => UserEnd { error: None, ..again },
        // It is gone, which is as wished.
        (UserWish::Retire, UNKNOWN_USER) => UserEnd {
            status: Some(UserStatus::Retired),
            error: None,
            ..end
        },
        (UserWish::Update, UNKNOWN_USER) => UserEnd {
            status: Some(UserStatus::Wanted),
            wish: (!user.healed).then_some(UserWish::Create),
            healed: true,
            error: user.healed.then_some(error),
            ..end
        },
        (UserWish::Create | UserWish::Update, NOT_LINKED | ACCOUNT_TAKEN)
            if !user.healed && !user.managed.is_empty() =>
        {
            UserEnd {
                drop_managed: true,
                ..again
            }
        }
        (UserWish::Create | UserWish::Update, BAD_ADDRESS | INVALID_ARGUMENT)
            if !user.healed && !user.email.is_empty() =>
        {
            UserEnd {
                drop_email: true,
                ..again
            }
        }
        (UserWish::Retire, _) => UserEnd {
            wish: Some(kind),
            not_before: now + RETIRES,
            ..end
        },
        (UserWish::Create | UserWish::Update, _) => end,
    }
}

/// What becomes of a user whom Apple said it made, and never listed.
pub(super) fn unseen(user: &BatchUser) -> UserEnd {
    let error = AppleError {
        number: UNKNOWN_USER,
        message: String::new(),
    };
    UserEnd {
        keep_error: false,
        wish: (!user.healed).then_some(UserWish::Create),
        healed: true,
        error: user.healed.then_some(error),
        ..UserEnd::done(user)
    }
}

/// What becomes of a user of whom nothing came, without a word of Apple's: told once more at that time, if any, or said.
pub(super) fn unanswered(
    kind: UserWish,
    user: &BatchUser,
    again: Option<UnixMillis>,
    now: UnixMillis,
) -> UserEnd {
    let end = UserEnd {
        keep_error: true,
        ..UserEnd::done(user)
    };
    match again {
        Some(not_before) => UserEnd {
            wish: Some(kind),
            in_vain: true,
            not_before,
            ..end
        },
        None => UserEnd {
            wish: (kind == UserWish::Retire).then_some(kind),
            not_before: now + RETIRES,
            error: Some(AppleError {
                number: 0,
                message: Code::AppleUnclear.as_str().to_owned(),
            }),
            keep_error: false,
            ..end
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use UserStatus::{Associated, Registered, Wanted};
    use UserWish::{Create, Retire, Update};

    fn user(status: UserStatus, managed: &str, healed: bool) -> BatchUser {
        BatchUser {
            client_user_id: "a".into(),
            email: "a@skola.example".into(),
            managed: managed.into(),
            status,
            healed,
            rounds: 0,
        }
    }

    /// The next wish, another status, whether the account or the address is dropped, and whether the error is said.
    type Outcome = (Option<UserWish>, Option<UserStatus>, bool, bool, bool);

    #[test]
    fn each_refusal_is_healed_once_and_then_said() {
        let maid = "a@managed.example";
        let rows: [(UserWish, u32, BatchUser, Outcome); 15] = [
            (
                Create,
                9716,
                user(Registered, "", false),
                (Some(Update), None, false, false, false),
            ),
            (
                Create,
                9716,
                user(Wanted, "", false),
                (Some(Create), None, false, false, false),
            ),
            (
                Create,
                9716,
                user(Wanted, "", true),
                (None, None, false, false, true),
            ),
            (
                Update,
                9609,
                user(Registered, "", false),
                (Some(Create), Some(Wanted), false, false, false),
            ),
            (
                Update,
                9609,
                user(Registered, "", true),
                (None, Some(Wanted), false, false, true),
            ),
            (
                Retire,
                9609,
                user(Associated, "", false),
                (None, Some(UserStatus::Retired), false, false, false),
            ),
            (
                Create,
                9635,
                user(Wanted, maid, false),
                (Some(Create), None, true, false, true),
            ),
            (
                Create,
                9635,
                user(Wanted, maid, true),
                (None, None, false, false, true),
            ),
            (
                Create,
                9635,
                user(Wanted, "", false),
                (None, None, false, false, true),
            ),
            (
                Update,
                9641,
                user(Registered, maid, false),
                (Some(Update), None, true, false, true),
            ),
            (
                Create,
                9641,
                user(Wanted, maid, true),
                (None, None, false, false, true),
            ),
            (
                Create,
                9717,
                user(Wanted, "", false),
                (Some(Create), None, false, true, true),
            ),
            (
                Create,
                9717,
                user(Wanted, "", true),
                (None, None, false, false, true),
            ),
            (
                Create,
                9603,
                user(Wanted, "", true),
                (Some(Create), None, false, false, true),
            ),
            (
                Retire,
                9637,
                user(Registered, "", true),
                (Some(Retire), None, false, false, true),
            ),
        ];
        for (kind, number, user, expected) in rows {
            let error = AppleError {
                number,
                message: "no".into(),
            };
            let end = refused(kind, &user, error, 1_000);
            let outcome = (
                end.wish,
                end.status,
                end.drop_managed,
                end.drop_email,
                end.error.is_some(),
            );
            assert_eq!(outcome, expected, "{kind:?} {number} {user:?}");
        }
    }

    #[test]
    fn what_passes_is_not_asked_again_at_once() {
        let error = AppleError {
            number: MAINTENANCE,
            message: String::new(),
        };
        let end = refused(Create, &user(Wanted, "", false), error, 1_000);
        assert!(end.not_before > 1_000 && !end.healed);
    }
}
