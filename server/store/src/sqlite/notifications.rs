use super::{Commit, Sqlite, Write, checks, corrections, groups, json, outcomes, recount};
use crate::{
    Result,
    checks::Doubt,
    locations::Fence,
    notifications::{
        Applied, Arrived, Event, NewNotification, News, Notifications, Pool, Receiver, Understood,
    },
    operations::Pair,
    rows::notifications::{EventRecord, PoolRecord, RECEIVER, ReceiverRecord},
    sync::AssetKey,
};
use async_trait::async_trait;
use contract::{
    AppleError, AssetId, Fault, LocationId, OperationId, UnixMillis, activity::OperationKind,
    licenses::Holder,
};
use sqlx::AssertSqlSafe;
use std::collections::BTreeSet;

#[async_trait]
impl Notifications for Sqlite {
    async fn receiver(&self, location: &LocationId) -> Result<Option<Receiver>> {
        let sql = format!("SELECT {RECEIVER} FROM receivers WHERE location = ?");
        let row: Option<ReceiverRecord> = sqlx::query_as(AssertSqlSafe(sql))
            .bind(location.as_str())
            .fetch_optional(&self.readers)
            .await?;
        row.map(Receiver::try_from).transpose()
    }

    async fn ask_receiver(&self, fence: &Fence, url: &str, sealed: &[u8], now: UnixMillis) -> Result<()> {
        let mut tx = self.write_fenced(fence, Commit::Durable).await?;
        sqlx::query(
            "INSERT INTO receivers (location, url, sealed, state, since) VALUES (?, ?, ?, 'asked', ?)
             ON CONFLICT (location) DO UPDATE SET url = excluded.url, sealed = excluded.sealed, state = 'asked',
                 since = excluded.since, fault = NULL",
        )
        .bind(fence.location.as_str())
        .bind(url)
        .bind(sealed)
        .bind(now)
        .execute(&mut *tx)
        .await?;
        tx.commit().await
    }

    async fn answer_receiver(&self, fence: &Fence, refused: Option<&Fault>, now: UnixMillis) -> Result<()> {
        let state = if refused.is_some() { "refused" } else { "active" };
        let mut tx = self.write_fenced(fence, Commit::Durable).await?;
        sqlx::query(
            "UPDATE receivers SET since = CASE state WHEN ?2 THEN since ELSE ?3 END, state = ?2, fault = ?4
             WHERE location = ?1",
        )
        .bind(fence.location.as_str())
        .bind(state)
        .bind(now)
        .bind(refused.map(json).transpose()?)
        .execute(&mut *tx)
        .await?;
        tx.commit().await
    }

    async fn forget_receiver(&self, fence: &Fence) -> Result<bool> {
        let mut tx = self.write_fenced(fence, Commit::Durable).await?;
        let gone = sqlx::query("DELETE FROM receivers WHERE location = ?")
            .bind(fence.location.as_str())
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(gone.rows_affected() > 0)
    }

    async fn check_receivers(&self, base: &str, now: UnixMillis) -> Result<u64> {
        let mut tx = self.write(Commit::Fast).await?;
        let changed = sqlx::query(
            "UPDATE locations SET check_at = ?1
             WHERE synced_at IS NOT NULL AND NOT EXISTS (SELECT 1 FROM receivers r
                 WHERE r.location = locations.id AND substr(r.url, 1, length(?2)) = ?2)",
        )
        .bind(now)
        .bind(base)
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(changed.rows_affected())
    }

    async fn keep_notification(&self, notification: &NewNotification) -> Result<bool> {
        let mut tx = self.write(Commit::Durable).await?;
        let kept = sqlx::query(
            "INSERT INTO notifications (location, id, type, body, received_at) VALUES (?, ?, ?, ?, ?)
             ON CONFLICT (location, id) DO NOTHING",
        )
        .bind(notification.location.as_str())
        .bind(&notification.id)
        .bind(&notification.kind)
        .bind(&notification.body)
        .bind(notification.received_at)
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(kept.rows_affected() > 0)
    }

    async fn arrived_notifications(&self, fence: &Fence, limit: u32) -> Result<Vec<Arrived>> {
        let rows: Vec<(i64, String, i64)> = sqlx::query_as(
            "SELECT number, body, received_at FROM notifications INDEXED BY notifications_arrived
             WHERE location = ? AND state = 0 ORDER BY number LIMIT ?",
        )
        .bind(fence.location.as_str())
        .bind(limit)
        .fetch_all(&self.readers)
        .await?;
        let arrived = rows.into_iter().map(|(number, body, received_at)| Arrived {
            number,
            body,
            received_at,
        });
        Ok(arrived.collect())
    }

    async fn apply_notifications(
        &self,
        fence: &Fence,
        told: &[Understood],
        now: UnixMillis,
        check_at: UnixMillis,
    ) -> Result<Applied> {
        let mut applied = Applied::default();
        let mut doubtful = false;
        let mut tx = self.write_fenced(fence, Commit::Durable).await?;
        let open = still_open(&mut tx, fence, told).await?;
        for one in told.iter().filter(|one| open.contains(&one.number)) {
            doubtful |= match &one.news {
                News::Count { key, delta } => {
                    count(&mut tx, fence, (key, *delta, one.received_at), now, &mut applied).await?
                }
                News::Pairs {
                    event,
                    kind,
                    error,
                    pairs,
                } => {
                    let task = Task {
                        event: event.as_deref(),
                        kind: *kind,
                        error: error.as_ref(),
                        pairs,
                    };
                    tasks(&mut tx, fence, &task, now, &mut applied).await?
                }
                News::Users => false,
                News::Nothing => true,
            };
        }
        if !applied.assets.is_empty() {
            recount(&mut tx, &fence.location).await?;
        }
        if doubtful || !applied.assets.is_empty() {
            sqlx::query(
                "UPDATE locations SET assets_version = NULL, check_at = min(ifnull(check_at, ?1), ?1) WHERE id = ?2",
            )
            .bind(check_at)
            .bind(fence.location.as_str())
            .execute(&mut *tx)
            .await?;
        }
        done(&mut tx, fence, told).await?;
        tx.commit().await?;
        Ok(applied)
    }

    async fn delete_notifications_before(&self, at: UnixMillis) -> Result<u64> {
        let mut tx = self.write(Commit::Fast).await?;
        let gone = sqlx::query("DELETE FROM notifications WHERE state = 1 AND received_at < ?")
            .bind(at)
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(gone.rows_affected())
    }
}

/// The part of an event that one notification tells of.
struct Task<'a> {
    event: Option<&'a str>,
    kind: OperationKind,
    error: Option<&'a AppleError>,
    pairs: &'a [(AssetKey, Holder)],
}

/// Takes a purchase or refund over; answers whether the asset is in doubt instead.
async fn count(
    tx: &mut Write,
    fence: &Fence,
    (key, delta, received_at): (&AssetKey, i64, UnixMillis),
    now: UnixMillis,
    applied: &mut Applied,
) -> Result<bool> {
    let found: Option<PoolRecord> = sqlx::query_as(
        "SELECT a.id, a.assigned, a.available, a.total, a.unlimited, max(a.counts_from, l.counts_from) AS counts_from
         FROM assets a JOIN locations l ON l.id = a.location
         WHERE a.location = ? AND a.adam_id = ? AND a.pricing_param = ? AND a.stage = 1",
    )
    .bind(fence.location.as_str())
    .bind(&key.adam_id)
    .bind(&key.pricing_param)
    .fetch_optional(&mut **tx)
    .await?;
    let changed = match &found {
        Some(found) if found.unlimited || received_at <= found.counts_from => return Ok(false),
        Some(found) => Pool {
            assigned: found.assigned,
            available: found.available,
            total: found.total,
        }
        .changed(delta)
        .map(|pool| (found.id, pool)),
        None => None,
    };
    let Some((id, pool)) = changed else {
        doubt(tx, fence, key, now).await?;
        return Ok(true);
    };
    sqlx::query("UPDATE assets SET available = ?, total = ?, told_at = ? WHERE id = ?")
        .bind(pool.available)
        .bind(pool.total)
        .bind(received_at)
        .bind(id)
        .execute(&mut **tx)
        .await?;
    applied.touch(AssetId(id));
    Ok(false)
}

/// Takes the tasks of an event over; answers whether assets are in doubt.
async fn tasks(
    tx: &mut Write,
    fence: &Fence,
    task: &Task<'_>,
    now: UnixMillis,
    applied: &mut Applied,
) -> Result<bool> {
    let (pairs, mut doubtful) = known_pairs(tx, fence, task.pairs, now).await?;
    let assets: BTreeSet<_> = pairs.iter().map(|(asset, _)| *asset).collect();
    match event_of(tx, fence, task).await? {
        Event::Past => return Ok(false),
        Event::Open { batch, since } => {
            let operation = outcomes::confirm(tx, fence, batch, &pairs, task.error, now).await?;
            let counted: bool =
                sqlx::query_scalar("SELECT ifnull(synced_at, 0) >= ? FROM locations WHERE id = ?")
                    .bind(since)
                    .bind(fence.location.as_str())
                    .fetch_one(&mut **tx)
                    .await?;
            if counted {
                // Apple was counted while the batch was under way: these pairs may be in the counts already.
                for (key, _) in task.pairs {
                    doubt(tx, fence, key, now).await?;
                }
                doubtful = true;
            }
            applied.moved(OperationId(operation));
        }
        Event::Foreign if task.error.is_some() => return Ok(doubtful),
        Event::Foreign => doubtful |= foreign(tx, fence, task.kind, &pairs, now).await?,
    }
    assets.into_iter().for_each(|asset| applied.touch(asset));
    Ok(doubtful)
}

/// The pairs of assets that are shown; the others' assets are in doubt.
async fn known_pairs(
    tx: &mut Write,
    fence: &Fence,
    pairs: &[(AssetKey, Holder)],
    now: UnixMillis,
) -> Result<(Vec<Pair>, bool)> {
    let (mut known, mut doubtful) = (Vec::new(), false);
    let keys: BTreeSet<&AssetKey> = pairs.iter().map(|(key, _)| key).collect();
    for key in keys {
        let id: Option<i64> = sqlx::query_scalar(
            "SELECT id FROM assets WHERE location = ? AND adam_id = ? AND pricing_param = ? AND stage = 1",
        )
        .bind(fence.location.as_str())
        .bind(&key.adam_id)
        .bind(&key.pricing_param)
        .fetch_optional(&mut **tx)
        .await?;
        match id {
            Some(id) => known.extend(
                pairs
                    .iter()
                    .filter(|(other, _)| other == key)
                    .map(|(_, holder)| (AssetId(id), holder.clone())),
            ),
            None => {
                doubt(tx, fence, key, now).await?;
                doubtful = true;
            }
        }
    }
    Ok((known, doubtful))
}

async fn event_of(tx: &mut Write, fence: &Fence, task: &Task<'_>) -> Result<Event> {
    let Some(event) = task.event else {
        return Ok(Event::Foreign);
    };
    let found: Option<EventRecord> = sqlx::query_as(
        "SELECT b.id AS batch, b.since, o.kind FROM events e
         LEFT JOIN batches b ON b.event = e.number AND b.location = ?2 AND b.state < 3
         LEFT JOIN operations o ON o.number = b.operation
         WHERE e.event = ?1 ORDER BY b.id IS NULL LIMIT 1",
    )
    .bind(event)
    .bind(fence.location.as_str())
    .fetch_optional(&mut **tx)
    .await?;
    Ok(match found {
        None => Event::Foreign,
        Some(EventRecord {
            batch: Some(batch),
            since: Some(since),
            kind: Some(kind),
        }) if kind == task.kind.as_str() => Event::Open { batch, since },
        Some(_) => Event::Past,
    })
}

/// Others gave or took back licences; answers whether assets are in doubt. Requested and releasing licences are left to
/// their operation.
async fn foreign(
    tx: &mut Write,
    fence: &Fence,
    kind: OperationKind,
    pairs: &[Pair],
    now: UnixMillis,
) -> Result<bool> {
    let sql = match kind {
        OperationKind::Assign => {
            "INSERT OR IGNORE INTO temp.pairs (asset, holder, kind, state)
             SELECT ?1, j.value, ?2, x.state FROM json_each(?3) j
             LEFT JOIN licenses x ON x.asset = ?1 AND x.holder = j.value AND x.kind = ?2
             WHERE x.state IS NULL OR x.state IN (0, 4, 5)"
        }
        OperationKind::Revoke => {
            "INSERT OR IGNORE INTO temp.pairs (asset, holder, kind, state, outcome)
             SELECT x.asset, x.holder, x.kind, x.state, 1 FROM json_each(?3) j
             CROSS JOIN licenses x ON x.asset = ?1 AND x.holder = j.value AND x.kind = ?2
             WHERE x.state = 2"
        }
        // Never Apple's.
        OperationKind::Adopt | OperationKind::LetGo => return Ok(false),
    };
    sqlx::query("DELETE FROM temp.pairs").execute(&mut **tx).await?;
    for ((asset, kind), ids) in groups(pairs.iter().map(|(asset, holder)| (asset.0, holder))) {
        sqlx::query(sql)
            .bind(asset)
            .bind(kind)
            .bind(json(&ids)?)
            .execute(&mut **tx)
            .await?;
    }
    corrections::write_found(tx, now).await?;
    let changed: Vec<(bool, String, String)> = sqlx::query_as(
        "UPDATE assets SET waiting = waiting - p.waited, listed = listed + p.fresh - p.gone,
             assigned = assigned + p.found - p.gone, digest = NULL, told_at = ?,
             available = CASE WHEN unlimited THEN available ELSE available - p.found + p.gone END
         FROM (SELECT asset, ifnull(sum(state = 0), 0) AS waited, sum(state IS NULL) AS fresh, sum(outcome = 0) AS found,
                 sum(outcome = 1) AS gone FROM temp.pairs GROUP BY asset) p
         WHERE assets.id = p.asset
         RETURNING available >= 0 AND assigned >= 0, adam_id, pricing_param",
    )
    .bind(now)
    .fetch_all(&mut **tx)
    .await?;
    let impossible: Vec<_> = changed.into_iter().filter(|(possible, ..)| !possible).collect();
    let doubtful = !impossible.is_empty();
    for (_, adam_id, pricing_param) in impossible {
        let key = AssetKey {
            adam_id,
            pricing_param,
        };
        doubt(tx, fence, &key, now).await?;
    }
    Ok(doubtful)
}

async fn doubt(tx: &mut Write, fence: &Fence, key: &AssetKey, now: UnixMillis) -> Result<()> {
    let doubt = Doubt {
        key: key.clone(),
        holders: false,
    };
    checks::add(tx, fence, &[doubt], now).await
}

/// Those of them that nobody has taken up meanwhile.
async fn still_open(tx: &mut Write, fence: &Fence, told: &[Understood]) -> Result<BTreeSet<i64>> {
    let numbers: Vec<_> = told.iter().map(|one| one.number).collect();
    let open: Vec<i64> = sqlx::query_scalar(
        "SELECT number FROM notifications
         WHERE location = ? AND state = 0 AND number IN (SELECT value FROM json_each(?))",
    )
    .bind(fence.location.as_str())
    .bind(json(&numbers)?)
    .fetch_all(&mut **tx)
    .await?;
    Ok(open.into_iter().collect())
}

/// They are done with.
async fn done(tx: &mut Write, fence: &Fence, told: &[Understood]) -> Result<()> {
    let numbers: Vec<_> = told.iter().map(|one| one.number).collect();
    sqlx::query(
        "UPDATE notifications SET state = 1, body = ''
         WHERE location = ? AND number IN (SELECT value FROM json_each(?))",
    )
    .bind(fence.location.as_str())
    .bind(json(&numbers)?)
    .execute(&mut **tx)
    .await?;
    sqlx::query("UPDATE receivers SET received_at = max(ifnull(received_at, 0), ?) WHERE location = ?")
        .bind(told.iter().map(|one| one.received_at).max())
        .bind(fence.location.as_str())
        .execute(&mut **tx)
        .await?;
    Ok(())
}
