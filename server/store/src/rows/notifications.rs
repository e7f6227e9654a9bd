use crate::{
    Result, StoreError,
    notifications::{Receiver, ReceiverState},
};

/// Of `receivers`.
pub const RECEIVER: &str = "url, sealed, state, since, fault, received_at";

#[derive(sqlx::FromRow)]
pub struct ReceiverRecord {
    url: String,
    sealed: Vec<u8>,
    state: String,
    since: i64,
    fault: Option<String>,
    received_at: Option<i64>,
}

impl TryFrom<ReceiverRecord> for Receiver {
    type Error = StoreError;

    fn try_from(record: ReceiverRecord) -> Result<Self> {
        let state = match record.state.as_str() {
            "asked" => ReceiverState::Asked,
            "active" => ReceiverState::Active,
            "refused" => {
                ReceiverState::Refused(serde_json::from_str(record.fault.as_deref().unwrap_or_default())?)
            }
            other => {
                return Err(StoreError::broken(format!(
                    "no such state of a receiver: {other}"
                )));
            }
        };
        Ok(Receiver {
            url: record.url,
            sealed: record.sealed,
            state,
            since: record.since,
            received_at: record.received_at,
        })
    }
}

/// What an `UPDATE` of counts by a notification needs to know.
#[derive(sqlx::FromRow)]
pub struct PoolRecord {
    pub id: i64,
    pub assigned: i64,
    pub available: i64,
    pub total: i64,
    pub unlimited: bool,
    pub counts_from: i64,
}

/// The batch of an event, if it is known at all.
#[derive(sqlx::FromRow)]
pub struct EventRecord {
    pub batch: Option<i64>,
    pub since: Option<i64>,
    pub kind: Option<String>,
}
