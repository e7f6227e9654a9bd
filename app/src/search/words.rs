//! The causes of a licence's state and the next steps, in words.

use crate::{i18n, t};
use contract::{
    AppleError, AssetId, DeviceId,
    search::{Cause, ErrorKind, Step},
    tokens::{AccountType, TokenState},
};

/// One sentence.
pub(super) fn cause(cause: &Cause, error: Option<&AppleError>) -> String {
    match cause {
        Cause::Confirmed => t!(cause_confirmed).to_owned(),
        Cause::GivenElsewhere => t!(cause_given_elsewhere).to_owned(),
        Cause::NoneLeft { waiting } => t!(cause_none_left, count = *waiting),
        Cause::FreeAgain { free: 0 } => t!(cause_free_unlimited).to_owned(),
        Cause::FreeAgain { free } => t!(cause_free_again, count = *free),
        Cause::UnderWay => t!(cause_under_way).to_owned(),
        Cause::Leaving => t!(cause_leaving).to_owned(),
        Cause::Token { token } => token_cause(token).unwrap_or_default(),
        Cause::Stopped { fault: None } => t!(cause_stopped).to_owned(),
        Cause::Stopped { fault: Some(fault) } => t!(cause_stopped_why, why = i18n::cause(fault)),
        Cause::Refused => error
            .and_then(|error| i18n::apple_cause(error.number))
            .unwrap_or(t!(cause_refused))
            .to_owned(),
        Cause::Failed => t!(cause_failed).to_owned(),
    }
}

/// What to do about it, where the button alone does not say so.
pub(super) fn remedy(cause: &Cause, error: Option<&AppleError>) -> Option<String> {
    match cause {
        Cause::Refused => i18n::apple_remedy(error?.number).map(str::to_owned),
        Cause::Stopped { fault } => fault.as_ref().map(i18n::remedy),
        Cause::Token { token } => token_remedy(token).map(str::to_owned),
        _ => None,
    }
}

/// What is wrong with a token; nothing with a valid one.
pub(super) fn token_cause(state: &TokenState) -> Option<String> {
    Some(match state {
        TokenState::Valid => return None,
        TokenState::Expired => t!(token_expired_title).to_owned(),
        TokenState::Unknown => t!(token_unknown_title).to_owned(),
        TokenState::Revoked => t!(token_revoked_title).to_owned(),
        TokenState::AssignedToExternalMdm { mdm } => t!(token_external_title, mdm = i18n::mdm(mdm)),
        TokenState::Duplicate => t!(token_duplicate_title).to_owned(),
    })
}

fn token_remedy(state: &TokenState) -> Option<&'static str> {
    match state {
        TokenState::Valid => None,
        TokenState::Expired => Some(t!(token_expired_remedy)),
        TokenState::Unknown => Some(t!(token_unknown_remedy)),
        TokenState::Revoked => Some(t!(token_revoked_remedy)),
        TokenState::AssignedToExternalMdm { .. } => Some(t!(token_external_remedy)),
        TokenState::Duplicate => Some(t!(token_duplicate_remedy)),
    }
}

pub(super) fn kind(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::Passing => t!(error_kind_passing),
        ErrorKind::Wait => t!(error_kind_wait),
        ErrorKind::Token => t!(error_kind_token),
        ErrorKind::Forbidden => t!(error_kind_forbidden),
        ErrorKind::Ownership => t!(error_kind_ownership),
        ErrorKind::Request => t!(error_kind_request),
        ErrorKind::Shortage => t!(error_kind_shortage),
        ErrorKind::Protocol => t!(error_kind_protocol),
    }
}

pub(super) fn step(step: &Step) -> String {
    match step {
        Step::RenewToken { .. } => t!(step_renew).to_owned(),
        Step::MendToken { .. } => t!(step_mend).to_owned(),
        Step::SyncToken { .. } => t!(step_sync).to_owned(),
        Step::TryAgain => t!(step_try_again).to_owned(),
        Step::GiveNow => t!(step_give_now).to_owned(),
        Step::Resume { .. } => t!(step_resume).to_owned(),
        Step::Buy { waiting: 0, .. } => t!(step_buy).to_owned(),
        Step::Buy { waiting, .. } => t!(step_buy_for, count = *waiting),
    }
}

/// The page on which the step is taken; none for a plan without a device that is known here.
pub(super) fn href(step: &Step, asset: AssetId, device: Option<&DeviceId>) -> Option<String> {
    Some(match step {
        Step::RenewToken { token } => format!("/tokens/{token}/renew"),
        Step::MendToken { token } | Step::SyncToken { token } => format!("/tokens/{token}"),
        Step::TryAgain | Step::GiveNow => format!("/assign?asset={asset}&device={}", device?),
        Step::Resume { operation } => format!("/activity/{operation}"),
        Step::Buy { account_type, .. } => match account_type {
            AccountType::Business => "https://business.apple.com/".to_owned(),
            AccountType::Education => "https://school.apple.com/".to_owned(),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_is_offered_for_a_known_device_alone() {
        let device = DeviceId::from("d");
        assert_eq!(
            href(&Step::TryAgain, AssetId(7), Some(&device)).as_deref(),
            Some("/assign?asset=7&device=d")
        );
        assert_eq!(href(&Step::GiveNow, AssetId(7), None), None);
    }

    #[test]
    fn licences_are_bought_where_the_organisation_is() {
        let at = |account_type| {
            href(
                &Step::Buy {
                    account_type,
                    waiting: 1,
                },
                AssetId(7),
                None,
            )
        };
        assert_eq!(
            at(AccountType::Education).as_deref(),
            Some("https://school.apple.com/")
        );
        assert_eq!(
            at(AccountType::Business).as_deref(),
            Some("https://business.apple.com/")
        );
    }
}
