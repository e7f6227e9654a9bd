use super::named;
use crate::{
    Result, StoreError,
    cursor::{Key, Order, Part},
    tokens::StoredToken,
};
use contract::{
    LocationId, TokenId, UnixMillis,
    tokens::{
        AccountType, Deed, NotificationState, Ownership, SyncRun, SyncState, TokenDetail, TokenRow,
        TokenSort, TokenState,
    },
};

/// Of `tokens t` and `locations l`.
pub const TOKEN: &str = "t.id, t.location, t.name, t.state, t.state_mdm, t.apple_account, l.name AS location_name, \
    t.organisation, t.account_type, t.country, t.automatic_updates, t.expires_at, l.synced_at, \
    l.apps + l.books AS apps, l.used, l.total, l.sort_name AS location_sort_name, t.sort_name, \
    l.sync_state, l.sync_started_at, l.sync_finished_at, l.sync_app_errors, l.sync_progress, l.sync_fault, t.read_only, \
    EXISTS (SELECT 1 FROM tokens u WHERE u.location = t.location AND u.id <> t.id) AS twin";

/// Of `locations l`.
pub const SYNC: &str = "l.sync_state, l.sync_started_at, l.sync_finished_at, l.sync_app_errors, l.sync_progress, \
    l.sync_fault";

/// Of `sync_runs r` and `locations l`.
pub const RUN: &str = "r.started_at, r.assets, r.assignments, r.added, r.removed, r.state AS sync_state, \
    r.started_at AS sync_started_at, r.finished_at AS sync_finished_at, r.app_errors AS sync_app_errors, \
    l.sync_progress, r.fault AS sync_fault";

/// Of `tokens t` and `sealed_tokens s`.
pub const STORED: &str =
    "t.id, t.location, t.name, t.country, s.sealed, t.hash, t.state, t.state_mdm, t.expires_at, t.read_only";

/// The states of `tokens t` in which something can be done, for a condition.
pub fn states(deed: Deed) -> String {
    deed.states()
        .map(|state| format!("'{state}'"))
        .collect::<Vec<_>>()
        .join(", ")
}

/// Orders the tokens of a location: those that can do the most first, then the newest.
pub const FIRST_USABLE: &str = "CASE t.state WHEN 'valid' THEN 0 WHEN 'duplicate' THEN 1 \
    WHEN 'assigned_to_external_mdm' THEN 2 ELSE 3 END, t.created_at DESC, t.id";

#[derive(sqlx::FromRow)]
pub struct SyncRecord {
    pub sync_state: String,
    pub sync_started_at: i64,
    pub sync_finished_at: i64,
    pub sync_app_errors: i64,
    pub sync_progress: Option<String>,
    pub sync_fault: Option<String>,
}

impl TryFrom<SyncRecord> for SyncState {
    type Error = StoreError;

    fn try_from(record: SyncRecord) -> Result<Self> {
        let finished_at = record.sync_finished_at;
        Ok(match record.sync_state.as_str() {
            "never" => SyncState::Never,
            "queued" => SyncState::Queued,
            "in_progress" => SyncState::InProgress {
                progress: match &record.sync_progress {
                    Some(json) => serde_json::from_str(json)?,
                    None => Default::default(),
                },
            },
            "completed" => SyncState::Completed {
                finished_at,
                took: finished_at - record.sync_started_at,
                app_errors: record.sync_app_errors,
            },
            "failed" => SyncState::Failed {
                finished_at,
                fault: serde_json::from_str(record.sync_fault.as_deref().unwrap_or_default())?,
            },
            other => return Err(StoreError::broken(format!("no such state of a sync: {other}"))),
        })
    }
}

#[derive(sqlx::FromRow)]
pub struct TokenRecord {
    id: String,
    location: String,
    name: String,
    state: String,
    state_mdm: Option<String>,
    apple_account: String,
    location_name: String,
    organisation: String,
    account_type: String,
    country: String,
    automatic_updates: bool,
    expires_at: i64,
    synced_at: Option<i64>,
    apps: i64,
    used: i64,
    total: i64,
    read_only: bool,
    twin: bool,
    pub location_sort_name: String,
    pub sort_name: String,
    #[sqlx(flatten)]
    sync: SyncRecord,
}

impl TryFrom<TokenRecord> for TokenRow {
    type Error = StoreError;

    fn try_from(record: TokenRecord) -> Result<Self> {
        Ok(TokenRow {
            id: record.id.into(),
            location: record.location.into(),
            name: record.name,
            state: token_state(&record.state, record.state_mdm)?,
            apple_account: record.apple_account,
            location_name: record.location_name,
            organisation: record.organisation,
            account_type: named(&record.account_type, AccountType::parse)?,
            country: record.country,
            automatic_updates: record.automatic_updates,
            expires_at: record.expires_at,
            synced_at: record.synced_at,
            sync: record.sync.try_into()?,
            apps: record.apps,
            used: record.used,
            total: record.total,
            read_only: record.read_only,
            twin: record.twin,
        })
    }
}

/// The list's order, and the column it begins with; the id follows.
pub fn order(sort: TokenSort) -> (Order, &'static str) {
    const BY_TEXT: &[Part] = &[Part::Text, Part::Text];
    const BY_NUMBER: &[Part] = &[Part::Number, Part::Text];
    let (name, column, parts) = match sort {
        TokenSort::Name => ("tokens.name", "t.sort_name", BY_TEXT),
        TokenSort::Location => ("tokens.location", "l.sort_name", BY_TEXT),
        TokenSort::Expires => ("tokens.expires", "t.expires_at", BY_NUMBER),
        // Never comes first.
        TokenSort::LastSync => ("tokens.last_sync", "coalesce(l.synced_at, 0)", BY_NUMBER),
        TokenSort::Used => ("tokens.used", "l.used", BY_NUMBER),
    };
    (Order { name, parts }, column)
}

impl TokenRecord {
    /// Of [`order`].
    pub fn key(&self, sort: TokenSort) -> Vec<Key> {
        let first = match sort {
            TokenSort::Name => Key::Text(self.sort_name.clone()),
            TokenSort::Location => Key::Text(self.location_sort_name.clone()),
            TokenSort::Expires => Key::Number(self.expires_at),
            TokenSort::LastSync => Key::Number(self.synced_at.unwrap_or(0)),
            TokenSort::Used => Key::Number(self.used),
        };
        vec![first, self.id.as_str().into()]
    }

    pub fn id(&self) -> &str {
        &self.id
    }

    pub fn expires_at(&self) -> UnixMillis {
        self.expires_at
    }

    /// Never comes first.
    pub fn synced_at(&self) -> UnixMillis {
        self.synced_at.unwrap_or(0)
    }

    pub fn used(&self) -> i64 {
        self.used
    }
}

#[derive(sqlx::FromRow)]
pub struct TokenDetailRecord {
    uid: String,
    created_at: i64,
    created_by: String,
    sync_hours: i64,
    next_sync_at: Option<i64>,
    operations_open: i64,
    operations_blocked: i64,
    claimed_at: Option<i64>,
    #[sqlx(flatten)]
    row: TokenRecord,
}

impl TryFrom<TokenDetailRecord> for TokenDetail {
    type Error = StoreError;

    fn try_from(record: TokenDetailRecord) -> Result<Self> {
        Ok(TokenDetail {
            row: record.row.try_into()?,
            uid: record.uid,
            created_at: record.created_at,
            created_by: record.created_by,
            consent_at: record.created_at,
            sync_hours: record.sync_hours,
            next_sync_at: record.next_sync_at,
            managed_by: Ownership::Nobody,
            notifications: NotificationState::Waiting,
            operations_open: record.operations_open,
            operations_blocked: record.operations_blocked,
            claimed_at: record.claimed_at,
            twins: Vec::new(),
        })
    }
}

#[derive(sqlx::FromRow)]
pub struct StoredTokenRecord {
    id: String,
    location: String,
    name: String,
    country: String,
    sealed: Vec<u8>,
    hash: Vec<u8>,
    state: String,
    state_mdm: Option<String>,
    expires_at: i64,
    read_only: bool,
}

impl TryFrom<StoredTokenRecord> for StoredToken {
    type Error = StoreError;

    fn try_from(record: StoredTokenRecord) -> Result<Self> {
        Ok(StoredToken {
            id: TokenId(record.id),
            location: LocationId(record.location),
            name: record.name,
            country: record.country,
            sealed: record.sealed,
            hash: record.hash,
            state: token_state(&record.state, record.state_mdm)?,
            expires_at: record.expires_at,
            read_only: record.read_only,
        })
    }
}

#[derive(sqlx::FromRow)]
pub struct SyncRunRecord {
    started_at: i64,
    assets: i64,
    assignments: i64,
    added: i64,
    removed: i64,
    #[sqlx(flatten)]
    sync: SyncRecord,
}

impl TryFrom<SyncRunRecord> for SyncRun {
    type Error = StoreError;

    fn try_from(record: SyncRunRecord) -> Result<Self> {
        Ok(SyncRun {
            started_at: record.started_at,
            state: record.sync.try_into()?,
            assets: record.assets,
            assignments: record.assignments,
            added: record.added,
            removed: record.removed,
        })
    }
}

/// The other MDM's name, for its column.
pub fn state_mdm(state: &TokenState) -> Option<&str> {
    match state {
        TokenState::AssignedToExternalMdm { mdm } => Some(mdm),
        _ => None,
    }
}

pub fn token_state(name: &str, mdm: Option<String>) -> Result<TokenState> {
    let mdm = TokenState::AssignedToExternalMdm {
        mdm: mdm.unwrap_or_default(),
    };
    let states = [
        TokenState::Valid,
        TokenState::Expired,
        TokenState::Unknown,
        TokenState::Revoked,
        mdm,
        TokenState::Duplicate,
    ];
    named(name, |name| {
        states.iter().find(|state| state.as_str() == name).cloned()
    })
}
