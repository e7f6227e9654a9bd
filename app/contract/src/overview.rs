//! The first page: H1 as far as tokens, apps running out, waiting lists and operations go, and what it warns of (N1, T10).

use crate::{
    Caller, DAY, Fault, UnixMillis,
    activity::OperationRow,
    catalog::AssetRow,
    tokens::{SyncState, TokenRow, TokenState},
};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};

/// The first page's figures, over all locations (H1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// When these figures were read.
    pub read_at: UnixMillis,
    pub tokens: i64,
    pub apps: i64,
    pub books: i64,
    pub devices: i64,
    /// Licences of apps and books that are held, as far as Apple was heard to say.
    pub used: i64,
    /// Licences that there are of them; unlimited ones count for none.
    pub total: i64,
    /// Places on waiting lists.
    pub waiting: i64,
    /// Apps that the store no longer offers to everybody.
    pub missing: i64,
    /// What was to be written down could not be, for some time now.
    #[serde(default)]
    pub storage: Option<StorageTrouble>,
    /// Tokens that are not valid, whose sync failed, or that expire within 60 days; the most urgent first, at most ten.
    pub tokens_needing_action: Vec<TokenRow>,
    /// Apps with no licence left, at most one in ten, or fewer than [`AlertRules::licenses_left`]; at most ten.
    pub running_out: Vec<AssetRow>,
    /// Apps and books that somebody waits for, the longest waiting list first; at most ten.
    pub waiting_lists: Vec<AssetRow>,
    /// Operations that have not ended, and the last that have; at most ten.
    pub operations: Vec<OperationRow>,
}

/// Storage cannot be written: its disk is full, above all. Whatever is due goes on by itself when it can be again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StorageTrouble {
    pub since: UnixMillis,
    /// [`Code::StorageFull`](crate::Code), [`Code::StorageBusy`](crate::Code) or [`Code::StorageFailed`](crate::Code).
    pub fault: Fault,
}

/// Why a token is among those that need somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenAlert {
    /// Expired, invalid, another MDM's, or there twice.
    State(TokenState),
    /// The last sync came to this.
    SyncFails(Fault),
    /// Apple lets it look and change nothing (9637).
    ReadOnly,
    /// Within so many days, one of [`TokenAlert::DAYS`].
    Expires(i64),
}

impl TokenAlert {
    /// T10: the days before expiry at which the warning changes.
    pub const DAYS: [i64; 5] = [1, 7, 14, 30, 60];

    /// All that is wrong with a token at this moment, the worst first.
    pub fn of(token: &TokenRow, now: UnixMillis) -> Vec<Self> {
        let left = token.expires_at - now;
        let state = match &token.state {
            state @ (TokenState::Unknown | TokenState::Revoked) => Some(state.clone()),
            // Nobody asks Apple about a twin, or what another MDM has: the day tells.
            _ if left <= 0 => Some(TokenState::Expired),
            TokenState::Valid => None,
            other => Some(other.clone()),
        };
        let replaced = matches!(
            state,
            Some(TokenState::Expired | TokenState::Unknown | TokenState::Revoked)
        );
        let sync = match &token.sync {
            SyncState::Failed { fault, .. } => Some(fault.clone()),
            _ => None,
        };
        let days = Self::DAYS.into_iter().find(|days| left <= days * DAY);
        let mut alerts = Vec::new();
        alerts.extend(state.map(Self::State));
        alerts.extend((token.read_only && !replaced).then_some(Self::ReadOnly));
        // A token that has to be replaced cannot be synced and need not be said to expire.
        alerts.extend(sync.filter(|_| !replaced).map(Self::SyncFails));
        alerts.extend(days.filter(|_| !replaced).map(Self::Expires));
        alerts
    }
}

/// N1: what an administrator wants to be warned of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlertRules {
    /// An app with fewer licences left is running out; 0 to [`AlertRules::MOST`].
    pub licenses_left: i64,
}

impl AlertRules {
    /// The most that can be asked for.
    pub const MOST: i64 = 10_000;
}

impl Default for AlertRules {
    fn default() -> Self {
        Self { licenses_left: 5 }
    }
}

/// The first page, for whoever has [`crate::Permission::ViewOverview`]; what it warns of is seen and set with
/// [`crate::Permission::ManageAlerts`].
#[async_trait]
pub trait Overview: Send + Sync {
    /// As things stand now.
    async fn summary(&self, caller: &Caller) -> Result<Summary, Fault>;
    /// The usual ones until somebody sets others.
    async fn alert_rules(&self, caller: &Caller) -> Result<AlertRules, Fault>;
    /// [`crate::Code::FieldsInvalid`] for `licenses_left` beyond its bounds.
    async fn set_alert_rules(&self, caller: &Caller, rules: AlertRules) -> Result<(), Fault>;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Code, tokens::AccountType};

    const NOW: UnixMillis = 1_800_000_000_000;

    fn token(state: TokenState, left: i64) -> TokenRow {
        TokenRow {
            id: "t".into(),
            location: "l".into(),
            name: String::new(),
            state,
            apple_account: String::new(),
            location_name: String::new(),
            organisation: String::new(),
            account_type: AccountType::Business,
            country: String::new(),
            automatic_updates: false,
            expires_at: NOW + left,
            synced_at: None,
            sync: SyncState::Never,
            apps: 0,
            used: 0,
            total: 0,
            read_only: false,
            twin: false,
        }
    }

    #[test]
    fn t10_the_warning_changes_60_30_14_7_and_1_days_before_expiry() {
        for (left, days) in [
            (60 * DAY + 1, None),
            (60 * DAY, Some(60)),
            (30 * DAY + 1, Some(60)),
            (30 * DAY, Some(30)),
            (14 * DAY, Some(14)),
            (7 * DAY, Some(7)),
            (DAY + 1, Some(7)),
            (DAY, Some(1)),
            (1, Some(1)),
        ] {
            let expected: Vec<_> = days.map(TokenAlert::Expires).into_iter().collect();
            assert_eq!(
                TokenAlert::of(&token(TokenState::Valid, left), NOW),
                expected,
                "{left}"
            );
        }
        for state in [
            TokenState::Valid,
            TokenState::Duplicate,
            TokenState::AssignedToExternalMdm { mdm: "Other".into() },
        ] {
            assert_eq!(
                TokenAlert::of(&token(state, 0), NOW),
                [TokenAlert::State(TokenState::Expired)]
            );
        }
        assert_eq!(
            TokenAlert::of(&token(TokenState::Revoked, 0), NOW),
            [TokenAlert::State(TokenState::Revoked)]
        );
    }

    #[test]
    fn n1_everything_that_is_wrong_is_told_the_worst_first() {
        let fault = Fault::new(Code::AppleFailing);
        let external = TokenState::AssignedToExternalMdm { mdm: "Other".into() };
        let failing = |state| TokenRow {
            sync: SyncState::Failed {
                finished_at: NOW,
                fault: fault.clone(),
            },
            ..token(state, 5 * DAY)
        };
        assert_eq!(
            TokenAlert::of(&failing(external.clone()), NOW),
            [
                TokenAlert::State(external),
                TokenAlert::SyncFails(fault.clone()),
                TokenAlert::Expires(7)
            ]
        );
        assert_eq!(
            TokenAlert::of(&failing(TokenState::Revoked), NOW),
            [TokenAlert::State(TokenState::Revoked)]
        );
        let read_only = |state| TokenRow {
            read_only: true,
            ..token(state, 90 * DAY)
        };
        assert_eq!(
            TokenAlert::of(&read_only(TokenState::Valid), NOW),
            [TokenAlert::ReadOnly]
        );
        assert_eq!(
            TokenAlert::of(&read_only(TokenState::Unknown), NOW),
            [TokenAlert::State(TokenState::Unknown)]
        );
    }
}
