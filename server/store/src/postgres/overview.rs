use super::Postgres;
use crate::{
    Result,
    operations::Operations,
    overview::{Badges, Overview},
    rows::{
        self,
        assets::{ASSET, AssetRecord},
        operations::{OPERATION, OperationRecord},
        tokens::{TOKEN, TokenRecord},
    },
};
use async_trait::async_trait;
use contract::{UnixMillis, overview::Summary};
use sqlx::AssertSqlSafe;

const SIXTY_DAYS: UnixMillis = 60 * 24 * 3_600_000;

/// T10, H1: of `tokens t` and `locations l`, with the moment in sixty days.
const NEEDING_ACTION: &str =
    "(t.state <> 'valid' OR l.sync_state = 'failed' OR t.read_only OR t.expires_at <= $1)";
/// The same, each by its own index: of thousands of tokens few need any.
const IDS_NEEDING_ACTION: &str = "SELECT id FROM tokens WHERE state <> 'valid'
    UNION SELECT id FROM tokens WHERE expires_at <= $1
    UNION SELECT id FROM tokens WHERE read_only
    UNION SELECT t.id FROM locations l JOIN tokens t ON t.location = l.id WHERE l.sync_state = 'failed'";

#[async_trait]
impl Overview for Postgres {
    async fn summary(&self, now: UnixMillis, licenses_left: i64) -> Result<Summary> {
        let mut tx = self.read().await?;
        let (apps, books, used, total, waiting): (i64, i64, i64, i64, i64) = sqlx::query_as(
            "SELECT coalesce(sum(apps), 0)::bigint, coalesce(sum(books), 0)::bigint, coalesce(sum(used), 0)::bigint,
                 coalesce(sum(total), 0)::bigint, coalesce(sum(waiting), 0)::bigint FROM locations",
        )
        .fetch_one(&mut *tx)
        .await?;
        let (tokens, devices, missing): (i64, i64, i64) = sqlx::query_as(
            "SELECT (SELECT count(*) FROM tokens), (SELECT count(*) FROM devices),
                 (SELECT count(*) FROM assets WHERE missing_since IS NOT NULL AND stage = 1 AND product = 0)",
        )
        .fetch_one(&mut *tx)
        .await?;
        let sql = format!(
            "SELECT {TOKEN} FROM tokens t JOIN locations l ON l.id = t.location WHERE {NEEDING_ACTION}
             ORDER BY CASE WHEN t.state <> 'valid' THEN 0 WHEN l.sync_state = 'failed' OR t.read_only THEN 1 ELSE 2 END,
                 t.expires_at, t.id LIMIT 10"
        );
        let needing: Vec<TokenRecord> = sqlx::query_as(AssertSqlSafe(sql))
            .bind(now + SIXTY_DAYS)
            .fetch_all(&mut *tx)
            .await?;
        let level = |level, order| {
            format!(
                "(SELECT a.id AS key_id FROM assets a WHERE a.stage = 1 AND a.product = 0 AND a.level = '{level}'
                     AND a.total > 0 ORDER BY {order}a.sort_name, a.id LIMIT 10)"
            )
        };
        let sql = format!(
            "SELECT {ASSET} FROM ({} UNION {} UNION
                 (SELECT a.id FROM assets a WHERE a.stage = 1 AND a.product = 0 AND a.available > 0
                     AND a.available < $1 AND a.available < a.total AND NOT a.unlimited
                  ORDER BY a.available, a.id LIMIT 10)
             ) k JOIN assets a ON a.id = k.key_id JOIN locations l ON l.id = a.location
             ORDER BY greatest(a.available, 0), a.sort_name, a.id LIMIT 10",
            level("out", ""),
            level("low", "a.available, ")
        );
        let running_out: Vec<AssetRecord> = sqlx::query_as(AssertSqlSafe(sql))
            .bind(licenses_left)
            .fetch_all(&mut *tx)
            .await?;
        let sql = format!(
            "SELECT {ASSET} FROM assets a JOIN locations l ON l.id = a.location
             WHERE a.stage = 1 AND a.waiting > 0 ORDER BY a.waiting DESC, a.id DESC LIMIT 10"
        );
        let waiting_lists: Vec<AssetRecord> = sqlx::query_as(AssertSqlSafe(sql)).fetch_all(&mut *tx).await?;
        let sql = format!(
            "SELECT {OPERATION} FROM operations o JOIN locations l ON l.id = o.location
             LEFT JOIN assets a ON a.id = o.asset WHERE o.state = 'done' ORDER BY o.number DESC LIMIT 10"
        );
        let ended: Vec<OperationRecord> = sqlx::query_as(AssertSqlSafe(sql)).fetch_all(&mut *tx).await?;
        drop(tx);
        let mut operations = self.running_operations().await?;
        operations.extend(rows::all(ended)?);
        operations.truncate(10);
        Ok(Summary {
            read_at: now,
            tokens,
            apps,
            books,
            devices,
            used,
            total,
            waiting,
            missing,
            storage: None,
            tokens_needing_action: rows::all(needing)?,
            running_out: rows::all(running_out)?,
            waiting_lists: rows::all(waiting_lists)?,
            operations,
        })
    }

    async fn badges(&self, now: UnixMillis) -> Result<Badges> {
        let sql = format!(
            "SELECT (SELECT count(*) FROM ({IDS_NEEDING_ACTION}) ids), (SELECT count(*) FROM requests WHERE state = 'open')"
        );
        let (tokens_needing_action, open_requests) = sqlx::query_as(AssertSqlSafe(sql))
            .bind(now + SIXTY_DAYS)
            .fetch_one(&self.pool)
            .await?;
        Ok(Badges {
            tokens_needing_action,
            open_requests,
        })
    }
}
