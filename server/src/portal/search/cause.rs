//! Why a licence is in its state, and the next safe step: pure, from what storage says of it.

use super::kind;
use contract::{
    AppleError, UnixMillis,
    licenses::{LicenseState, Origin},
    search::{Cause, ErrorKind, Step},
    tokens::{Deed, TokenRow, TokenState},
};
use store::search::LicenseFacts;

/// `token` is the location's best one.
pub fn explain(facts: &LicenseFacts, token: Option<&TokenRow>, now: UnixMillis) -> (Cause, Option<Step>) {
    let stopped = token.and_then(|token| stops(token, now));
    match facts.license.state {
        LicenseState::Held => match (&facts.license.error, &facts.license.origin) {
            (Some(_), _) => (Cause::Refused, None),
            (None, Origin::Unknown) => (Cause::GivenElsewhere, None),
            (None, Origin::Operation { .. } | Origin::Assignment { .. }) => (Cause::Confirmed, None),
        },
        LicenseState::Released => (Cause::Confirmed, None),
        LicenseState::Waiting => match (stopped, free(facts)) {
            (Some(stop), _) => by_token(stop),
            (None, true) => {
                let free = facts.free.unwrap_or_default();
                (Cause::FreeAgain { free }, Some(Step::GiveNow))
            }
            (None, false) => {
                let waiting = facts.waiting;
                (Cause::NoneLeft { waiting }, buy(facts, token))
            }
        },
        LicenseState::Requested => under_way(facts, stopped, Cause::UnderWay),
        LicenseState::Releasing => under_way(facts, stopped, Cause::Leaving),
        LicenseState::Failed => failed(facts, token, stopped),
    }
}

/// Whether the step makes a plan, which needs a device that is known here.
pub fn plans(step: &Step) -> bool {
    matches!(step, Step::TryAgain | Step::GiveNow)
}

/// Why nothing is sent to Apple with this token, and what would change that.
type Stop = (TokenState, Step);

fn stops(token: &TokenRow, now: UnixMillis) -> Option<Stop> {
    let state = match &token.state {
        TokenState::Valid | TokenState::Duplicate if token.expires_at <= now => TokenState::Expired,
        other => other.clone(),
    };
    if state.allows(Deed::Assign) {
        return None;
    }
    let token = token.id.clone();
    let step = match state {
        TokenState::AssignedToExternalMdm { .. } => Step::MendToken { token },
        _ => Step::RenewToken { token },
    };
    Some((state, step))
}

fn by_token((token, step): Stop) -> (Cause, Option<Step>) {
    (Cause::Token { token }, Some(step))
}

fn under_way(facts: &LicenseFacts, stopped: Option<Stop>, usual: Cause) -> (Cause, Option<Step>) {
    match (stopped, &facts.stopped) {
        (Some(stop), _) => by_token(stop),
        (None, Some((operation, fault))) => (
            Cause::Stopped { fault: fault.clone() },
            Some(Step::Resume {
                operation: operation.clone(),
            }),
        ),
        (None, None) => (usual, None),
    }
}

fn failed(facts: &LicenseFacts, token: Option<&TokenRow>, stopped: Option<Stop>) -> (Cause, Option<Step>) {
    let Some(error) = &facts.license.error else {
        let step = stopped.map_or(Step::TryAgain, |(_, step)| step);
        return (Cause::Failed, Some(step));
    };
    let step = match stopped {
        // Nothing else helps before the token is in order.
        Some((_, step)) => Some(step),
        None => after(error, facts, token),
    };
    (Cause::Refused, step)
}

/// What helps against this error now that the token is in order.
fn after(error: &AppleError, facts: &LicenseFacts, token: Option<&TokenRow>) -> Option<Step> {
    let token_step = |step: fn(contract::TokenId) -> Step| token.map(|token| step(token.id.clone()));
    let Some(known) = apple::explain(error.number) else {
        return Some(Step::TryAgain);
    };
    match kind(known.kind) {
        ErrorKind::Passing | ErrorKind::Wait | ErrorKind::Token => Some(Step::TryAgain),
        ErrorKind::Shortage if free(facts) => Some(Step::TryAgain),
        ErrorKind::Shortage => buy(facts, token),
        ErrorKind::Forbidden => token_step(|token| Step::RenewToken { token }),
        ErrorKind::Ownership => token_step(|token| Step::MendToken { token }),
        ErrorKind::Request if SYNC_HELPS.contains(&error.number) => {
            token_step(|token| Step::SyncToken { token })
        }
        ErrorKind::Request | ErrorKind::Protocol => None,
    }
}

/// Errors that tell that Apple has something else than Pomona believes.
const SYNC_HELPS: [u32; 3] = [
    apple::number::INVALID_ARGUMENT,
    apple::number::UNKNOWN_EVENT,
    apple::number::USER_EXISTS,
];

fn free(facts: &LicenseFacts) -> bool {
    facts.free.is_none_or(|free| free > 0)
}

fn buy(facts: &LicenseFacts, token: Option<&TokenRow>) -> Option<Step> {
    token.map(|token| Step::Buy {
        account_type: token.account_type,
        waiting: facts.waiting,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::{
        AssetId, Code, Fault, LocationId, Serial, TokenId,
        licenses::{Holder, LicenseRow},
        tokens::{AccountType, SyncState},
    };

    const NOW: UnixMillis = 1_800_000_000_000;

    fn facts(state: LicenseState) -> LicenseFacts {
        LicenseFacts {
            license: LicenseRow {
                asset: AssetId(1),
                asset_name: "Maps".into(),
                adam_id: "1".into(),
                icon: None,
                holder: Holder::Device(Serial::known("C02Y402HLCM6")),
                holder_name: None,
                person: None,
                not_joined: false,
                state,
                since: NOW,
                origin: Origin::Operation {
                    id: "o".into(),
                    by: "Ada".into(),
                },
                location: LocationId::from("l"),
                location_name: "Harbour".into(),
                error: None,
                revocable: true,
            },
            free: Some(0),
            waiting: 3,
            stopped: None,
        }
    }

    fn failed_with(number: u32) -> LicenseFacts {
        let mut facts = facts(LicenseState::Failed);
        facts.license.error = Some(AppleError {
            number,
            message: "Apple's words".into(),
        });
        facts
    }

    fn token(state: TokenState) -> TokenRow {
        TokenRow {
            id: "t".into(),
            location: "l".into(),
            name: "Harbour".into(),
            state,
            apple_account: String::new(),
            location_name: String::new(),
            organisation: String::new(),
            account_type: AccountType::Education,
            country: "SE".into(),
            automatic_updates: true,
            expires_at: NOW + 1,
            synced_at: None,
            sync: SyncState::Never,
            apps: 0,
            used: 0,
            total: 0,
            read_only: false,
            twin: false,
        }
    }

    fn told(facts: &LicenseFacts, state: TokenState) -> (Cause, Option<Step>) {
        explain(facts, Some(&token(state)), NOW)
    }

    fn renew() -> Option<Step> {
        Some(Step::RenewToken {
            token: TokenId::from("t"),
        })
    }

    #[test]
    fn whoever_waits_is_told_to_buy_until_a_licence_is_free() {
        let mut waiting = facts(LicenseState::Waiting);
        let buy = Step::Buy {
            account_type: AccountType::Education,
            waiting: 3,
        };
        assert_eq!(
            told(&waiting, TokenState::Valid),
            (Cause::NoneLeft { waiting: 3 }, Some(buy))
        );
        waiting.free = Some(2);
        assert_eq!(
            told(&waiting, TokenState::Valid),
            (Cause::FreeAgain { free: 2 }, Some(Step::GiveNow))
        );
        assert_eq!(
            told(&waiting, TokenState::Revoked),
            (
                Cause::Token {
                    token: TokenState::Revoked
                },
                renew()
            )
        );
    }

    #[test]
    fn a_token_that_is_past_its_day_is_expired_whatever_its_state() {
        let mut late = token(TokenState::Valid);
        late.expires_at = NOW;
        let (cause, step) = explain(&facts(LicenseState::Requested), Some(&late), NOW);
        assert_eq!(
            cause,
            Cause::Token {
                token: TokenState::Expired
            }
        );
        assert_eq!(step, renew());
    }

    #[test]
    fn what_is_under_way_needs_nobody_until_its_operation_stops() {
        let mut requested = facts(LicenseState::Requested);
        assert_eq!(told(&requested, TokenState::Duplicate), (Cause::UnderWay, None));
        assert_eq!(
            told(&facts(LicenseState::Releasing), TokenState::Valid),
            (Cause::Leaving, None)
        );
        let fault = Fault::new(Code::AppleFailing);
        requested.stopped = Some(("o".into(), Some(fault.clone())));
        assert_eq!(
            told(&requested, TokenState::Valid),
            (
                Cause::Stopped { fault: Some(fault) },
                Some(Step::Resume {
                    operation: "o".into()
                })
            )
        );
    }

    #[test]
    fn each_refusal_has_the_step_that_helps_against_it() {
        let id = || TokenId::from("t");
        let buy = Step::Buy {
            account_type: AccountType::Education,
            waiting: 3,
        };
        for (number, step) in [
            (9603, Some(Step::TryAgain)),
            (9646, Some(Step::TryAgain)),
            (9621, Some(Step::TryAgain)),
            (9709, Some(buy)),
            (9637, renew()),
            (9645, Some(Step::MendToken { token: id() })),
            (9602, Some(Step::SyncToken { token: id() })),
            (9707, None),
            (9726, None),
            (9999, Some(Step::TryAgain)),
        ] {
            assert_eq!(
                told(&failed_with(number), TokenState::Valid),
                (Cause::Refused, step),
                "{number}"
            );
        }
        let mut shortage = failed_with(9709);
        shortage.free = None;
        assert_eq!(told(&shortage, TokenState::Valid).1, Some(Step::TryAgain));
        assert_eq!(told(&shortage, TokenState::Expired), (Cause::Refused, renew()));
    }

    #[test]
    fn a_held_licence_says_where_it_came_from_and_asks_for_nothing() {
        let mut held = facts(LicenseState::Held);
        assert_eq!(told(&held, TokenState::Expired), (Cause::Confirmed, None));
        held.license.origin = Origin::Unknown;
        assert_eq!(told(&held, TokenState::Valid), (Cause::GivenElsewhere, None));
        held.license.error = failed_with(9706).license.error;
        assert_eq!(told(&held, TokenState::Valid), (Cause::Refused, None));
    }
}
