//! How tokens stand with Apple, and which operations may go on for it: T3 to T6.

use super::{Write, json, operations::go_on};
use crate::{
    Result,
    rows::tokens::{FIRST_USABLE, states, token_state},
    tokens::Owner,
};
use contract::{
    TokenId, UnixMillis,
    tokens::{Deed, TokenState},
};
use sqlx::AssertSqlSafe;

/// A good answer of Apple: the location's owner, and what that makes of its tokens. Answers whether their state changed.
pub async fn note_owner(tx: &mut Write, id: &TokenId, owner: &Owner, now: UnixMillis) -> Result<bool> {
    let location: String = sqlx::query_scalar("SELECT location FROM tokens WHERE id = ?")
        .bind(id.as_str())
        .fetch_one(&mut **tx)
        .await?;
    let (owner_id, owner_name, owner_metadata) = owner.columns();
    sqlx::query(
        "UPDATE locations SET owner_id = ?2, owner_name = ?3, owner_metadata = ?4,
             claimed_at = ifnull(claimed_at, ?5)
         WHERE id = ?1 AND (owner_id, owner_name, owner_metadata, claimed_at)
             IS NOT (?2, ?3, ?4, ifnull(claimed_at, ?5))",
    )
    .bind(&location)
    .bind(owner_id)
    .bind(owner_name)
    .bind(owner_metadata)
    .bind(owner.is_ours().then_some(now))
    .execute(&mut **tx)
    .await?;
    let changed = sqlx::query(
        "UPDATE tokens SET state_mdm = ?3, state = CASE WHEN ?3 IS NOT NULL THEN 'assigned_to_external_mdm'
             WHEN (SELECT count(*) FROM tokens u WHERE u.location = ?1) > 1 THEN 'duplicate' ELSE 'valid' END
         WHERE location = ?1 AND (id = ?2 OR state IN ('valid', 'duplicate', 'assigned_to_external_mdm'))
             AND (state, state_mdm) IS NOT (CASE WHEN ?3 IS NOT NULL THEN 'assigned_to_external_mdm'
                 WHEN (SELECT count(*) FROM tokens u WHERE u.location = ?1) > 1 THEN 'duplicate' ELSE 'valid' END, ?3)",
    )
    .bind(&location)
    .bind(id.as_str())
    .bind(owner.other.as_deref())
    .execute(&mut **tx)
    .await?;
    if changed.rows_affected() == 0 {
        return Ok(false);
    }
    settle(tx, &location, now).await?;
    Ok(true)
}

/// Lets the location's operations go on if one of its tokens may change anything, else has them wait, with the reason. An
/// expired token has ended today at the latest: Apple may let it end before the day in its file.
pub async fn settle(tx: &mut Write, location: &str, now: UnixMillis) -> Result<()> {
    let sql = format!(
        "SELECT state, state_mdm, strftime('%Y-%m-%d', min(t.expires_at, ?2) / 1000, 'unixepoch') FROM tokens t WHERE location = ?1 ORDER BY {FIRST_USABLE} LIMIT 1"
    );
    let best: Option<(String, Option<String>, String)> = sqlx::query_as(AssertSqlSafe(sql))
        .bind(location)
        .bind(now)
        .fetch_optional(&mut **tx)
        .await?;
    let Some((state, mdm, day)) = best else {
        return Ok(());
    };
    let state = token_state(&state, mdm)?;
    if state.allows(Deed::Assign) {
        let blocked: Vec<i64> = sqlx::query_scalar(
            "SELECT number FROM operations WHERE location = ? AND state = 'blocked' ORDER BY number",
        )
        .bind(location)
        .fetch_all(&mut **tx)
        .await?;
        for operation in blocked {
            go_on(tx, operation, None).await?;
        }
        return Ok(());
    }
    let mut fault = state.fault();
    if state == TokenState::Expired {
        fault = fault.with("date", day);
    }
    // What Apple has accepted already is followed to its end, if the token is good for that.
    sqlx::query(
        "UPDATE operations SET state = 'blocked', fault = ?2
         WHERE location = ?1 AND (state = 'blocked' OR state IN ('queued', 'running') AND (NOT ?3 OR EXISTS (
             SELECT 1 FROM batches b WHERE b.operation = operations.number AND b.state = 0)))",
    )
    .bind(location)
    .bind(json(&fault)?)
    .bind(state.allows(Deed::Follow))
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// What Apple refused, or the day ended; nothing if another token is in its place by now.
pub async fn refuse(
    tx: &mut Write,
    id: &TokenId,
    hash: &[u8],
    state: &TokenState,
    now: UnixMillis,
) -> Result<bool> {
    let location: Option<String> = sqlx::query_scalar(
        "UPDATE tokens SET state = ?, state_mdm = NULL WHERE id = ? AND hash = ? RETURNING location",
    )
    .bind(state.as_str())
    .bind(id.as_str())
    .bind(hash)
    .fetch_optional(&mut **tx)
    .await?;
    match location {
        Some(location) => settle(tx, &location, now).await.map(|()| true),
        None => Ok(false),
    }
}

/// T4: how the tokens of a location stand towards each other, when one came or went.
pub async fn count_twins(tx: &mut Write, location: &str, now: UnixMillis) -> Result<()> {
    sqlx::query(
        "UPDATE tokens SET state = CASE WHEN (SELECT count(*) FROM tokens u WHERE u.location = ?1) > 1
             THEN 'duplicate' ELSE 'valid' END
         WHERE location = ?1 AND state IN ('valid', 'duplicate')",
    )
    .bind(location)
    .execute(&mut **tx)
    .await?;
    settle(tx, location, now).await
}

/// Has the location synced as soon as may be.
pub async fn sync_soon(tx: &mut Write, location: &str, now: UnixMillis) -> Result<()> {
    sqlx::query(
        "UPDATE locations SET sync_state = CASE sync_state WHEN 'in_progress' THEN sync_state ELSE 'queued' END,
             next_sync_at = ?2
         WHERE id = ?1",
    )
    .bind(location)
    .bind(now)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The condition on `locations l` under which a sync that is due may run: T4, and the table of T3.
pub fn may_sync() -> String {
    format!(
        "(SELECT count(*) FROM tokens t WHERE t.location = l.id) = 1
         AND (l.sync_state = 'queued' OR EXISTS (SELECT 1 FROM tokens t
             WHERE t.location = l.id AND t.state IN ({})))",
        states(Deed::Sync)
    )
}

/// The condition on `batches b` and `operations o` under which an open batch may be worked on: what was sent is
/// followed even while nothing may be changed.
pub fn may_work() -> String {
    format!(
        "(b.state = 0 AND o.state IN ('queued', 'running') AND EXISTS (SELECT 1 FROM tokens t
             WHERE t.location = b.location AND t.state IN ({}))
         OR b.state IN (1, 2) AND o.state IN ('queued', 'running', 'blocked', 'stalled') AND EXISTS (SELECT 1 FROM tokens t
             WHERE t.location = b.location AND t.state IN ({})))",
        states(Deed::Assign),
        states(Deed::Follow)
    )
}

/// The states of tokens that allow giving and taking back.
pub fn may_assign() -> String {
    states(Deed::Assign)
}

/// The states of tokens that allow to follow what was sent, and to read what is in doubt.
pub fn may_follow() -> String {
    states(Deed::Follow)
}
