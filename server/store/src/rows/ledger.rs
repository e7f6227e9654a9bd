use super::{apple_error, number};
use crate::{Result, StoreError, numbers};
use contract::{AssetId, OperationId, licenses::LedgerRow};

/// Of `ledger g`, `assets a`, `locations l`, `operations o` and `events e`, all but the first left-joined.
pub const LEDGER: &str = "g.id, g.at, g.act, g.asset, a.name AS asset_name, l.name AS location_name, \
    g.holder, g.kind, o.id AS operation, coalesce(o.\"by\", g.actor) AS actor, coalesce(g.reason, o.reason) AS reason, e.event, g.error_number, \
    g.error_message";

/// The joins of [`LEDGER`] to `ledger g`.
pub const LEDGER_JOINS: &str = " LEFT JOIN assets a ON a.id = g.asset LEFT JOIN locations l ON l.id = a.location \
    LEFT JOIN operations o ON o.number = g.operation LEFT JOIN events e ON e.number = g.event";

/// Who acted where no operation did.
const APPLE: &str = "Apple";

#[derive(sqlx::FromRow)]
pub struct LedgerRecord {
    pub id: i64,
    at: i64,
    #[sqlx(try_from = "i16")]
    act: i64,
    asset: i64,
    asset_name: Option<String>,
    location_name: Option<String>,
    holder: String,
    #[sqlx(try_from = "i16")]
    kind: i64,
    operation: Option<String>,
    actor: Option<String>,
    reason: Option<String>,
    event: Option<String>,
    error_number: Option<i64>,
    error_message: Option<String>,
}

impl TryFrom<LedgerRecord> for LedgerRow {
    type Error = StoreError;

    fn try_from(record: LedgerRecord) -> Result<Self> {
        Ok(LedgerRow {
            at: record.at,
            act: number(record.act)?,
            asset: AssetId(record.asset),
            asset_name: record.asset_name.unwrap_or_default(),
            location_name: record.location_name.unwrap_or_default(),
            holder: numbers::holder(record.kind, record.holder),
            actor: record.actor.unwrap_or_else(|| APPLE.to_owned()),
            reason: record.reason.unwrap_or_default(),
            operation: record.operation.map(OperationId),
            event: record.event,
            error: apple_error(record.error_number, record.error_message),
        })
    }
}
