use super::{apple_error, named, number};
use crate::{Result, StoreError, numbers};
use contract::{
    LocationId, OperationId, TokenId,
    activity::{OperationItem, OperationKind, OperationRow, OperationState},
};

/// The operation `u` reverses another, as far as it could: it was not cancelled, and found something to do.
macro_rules! undoes {
    () => {
        "NOT u.cancelled AND u.total > 0 AND (u.state <> 'done' OR u.failed = 0)"
    };
}
pub(crate) use undoes;

/// The licence `x` is in line by hand since the operation `o`, of the same pair as its item `i`: it waits, or found none left.
/// Pomona may have put it there once more.
macro_rules! in_line_since {
    () => {
        "i.operation = o.number AND i.state IN (3, 4) AND x.asset = i.asset AND x.holder = i.holder AND x.kind = i.kind \
         AND x.assignment IS NULL AND (x.state = 0 OR x.state = 5 AND coalesce(x.error_number, 9709) = 9709) \
         AND (x.operation = o.number OR EXISTS ( \
             SELECT 1 FROM operations p WHERE p.number = x.operation AND p.account = ''))"
    };
}
pub(crate) use in_line_since;

/// Of `operations o`, `locations l` and `assets a`, the last left-joined. An operation that was cancelled is "done" in storage.
/// The token is the first by [`FIRST_USABLE`](super::tokens::FIRST_USABLE). While an operation goes on, it has a fault from
/// a try that failed until one succeeds.
pub const OPERATION: &str = concat!(
    "o.number, o.id, o.kind, o.state, o.location, l.name AS location_name, \
    a.name AS asset_name, o.assets, o.\"by\" AS by_name, o.reason, o.created_at, o.finished_at, o.total, o.done, \
    o.failed, o.waiting, o.fault, o.held_until, o.cancelled, \
    CASE WHEN o.fault IS NOT NULL AND o.state IN ('queued', 'running') THEN coalesce( \
        (SELECT min(b.not_before) FROM batches b WHERE b.operation = o.number AND b.state < 3 AND b.attempts > 0), \
        (SELECT min(b.not_before) FROM batches b WHERE b.operation = o.number AND b.state < 3)) END AS next_try_at, \
    (SELECT u.id FROM operations u WHERE u.number = o.undoes) AS undoes, \
    (SELECT u.id FROM operations u WHERE u.undoes = o.number AND NOT u.cancelled ORDER BY u.number DESC LIMIT 1) \
        AS undone_by, \
    EXISTS (SELECT 1 FROM operations u WHERE u.undoes = o.number AND ",
    undoes!(),
    ") AS undone, o.act, \
    CASE o.state WHEN 'blocked' THEN (SELECT t.id FROM tokens t WHERE t.location = o.location \
        ORDER BY CASE t.state WHEN 'valid' THEN 0 WHEN 'duplicate' THEN 1 WHEN 'assigned_to_external_mdm' THEN 2 ELSE 3 END, \
        t.created_at DESC, t.id LIMIT 1) END AS token, \
    o.kind = 'revoke' AND o.state <> 'done' \
        AND NOT EXISTS (SELECT 1 FROM batches b WHERE b.operation = o.number AND b.state > 0) AS cancellable"
);

/// Of `items i`, `assets a` and `devices d`, the last two left-joined.
pub const ITEM: &str = "i.asset, a.name AS asset_name, i.holder, i.kind, coalesce(d.name, (SELECT p.name FROM vpp_users u JOIN people p ON p.id = u.person \
        WHERE u.client_user_id = i.holder AND i.kind = 1)) AS holder_name, i.state, \
    i.error_number, i.error_message";

#[derive(sqlx::FromRow)]
pub struct OperationRecord {
    pub number: i64,
    id: String,
    kind: String,
    state: String,
    location: String,
    location_name: String,
    asset_name: Option<String>,
    assets: i64,
    by_name: String,
    reason: String,
    created_at: i64,
    finished_at: Option<i64>,
    total: i64,
    done: i64,
    failed: i64,
    waiting: i64,
    fault: Option<String>,
    next_try_at: Option<i64>,
    held_until: Option<i64>,
    cancelled: bool,
    undoes: Option<String>,
    undone_by: Option<String>,
    undone: bool,
    act: Option<String>,
    token: Option<String>,
    cancellable: bool,
}

impl TryFrom<OperationRecord> for OperationRow {
    type Error = StoreError;

    fn try_from(record: OperationRecord) -> Result<Self> {
        Ok(OperationRow {
            id: OperationId(record.id),
            kind: named(&record.kind, OperationKind::parse)?,
            state: match record.cancelled {
                true => OperationState::Cancelled,
                false => named(&record.state, OperationState::parse)?,
            },
            location: LocationId(record.location),
            location_name: record.location_name,
            asset_name: record.asset_name.unwrap_or_default(),
            assets: record.assets,
            by: record.by_name,
            reason: record.reason,
            created_at: record.created_at,
            finished_at: record.finished_at,
            total: record.total,
            done: record.done,
            failed: record.failed,
            waiting: record.waiting,
            fault: record.fault.as_deref().map(serde_json::from_str).transpose()?,
            next_try_at: record.next_try_at,
            held_until: record.held_until,
            undoes: record.undoes.map(OperationId),
            undone_by: record.undone_by.map(OperationId),
            undone: record.undone,
            act: record.act.map(OperationId),
            token: record.token.map(TokenId),
            cancellable: record.cancellable,
        })
    }
}

#[derive(sqlx::FromRow)]
pub struct ItemRecord {
    pub asset: i64,
    asset_name: Option<String>,
    pub holder: String,
    #[sqlx(try_from = "i16")]
    pub kind: i64,
    holder_name: Option<String>,
    #[sqlx(try_from = "i16")]
    state: i64,
    error_number: Option<i64>,
    error_message: Option<String>,
}

impl TryFrom<ItemRecord> for OperationItem {
    type Error = StoreError;

    fn try_from(record: ItemRecord) -> Result<Self> {
        Ok(OperationItem {
            asset_name: record.asset_name.unwrap_or_default(),
            holder: numbers::holder(record.kind, record.holder),
            holder_name: record.holder_name,
            state: number(record.state)?,
            error: apple_error(record.error_number, record.error_message),
        })
    }
}
