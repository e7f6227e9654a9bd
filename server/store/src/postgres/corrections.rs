//! Licences as Apple has them, where they differ from what is stored.

use super::{Pairs, Write};
use crate::{
    Result,
    licenses::{Digest, HolderRef},
    sync::Corrected,
};
use contract::{AssetId, UnixMillis, licenses::Holder};

/// Makes the asset's licences those of `holders`, the whole set, and keeps their digest.
pub async fn correct_to(
    tx: &mut Write,
    asset: AssetId,
    holders: &[Holder],
    now: UnixMillis,
) -> Result<Corrected> {
    let mut digest = Digest::default();
    holders
        .iter()
        .for_each(|holder| digest.add(HolderRef::from(holder)));
    sqlx::query("DELETE FROM pg_temp.pairs")
        .execute(&mut **tx)
        .await?;
    let found = Pairs::of(holders.iter().map(|holder| (asset, holder)));
    let corrected = correct(tx, asset, found, now).await?;
    sqlx::query("UPDATE assets SET digest = $2 WHERE id = $1 AND digest IS DISTINCT FROM $2")
        .bind(asset.0)
        .bind(digest.to_bytes().to_vec())
        .execute(&mut **tx)
        .await?;
    Ok(corrected)
}

/// Makes the asset's licences what `found` says, by way of `pg_temp.pairs`, where `outcome` is 0 for what appears and 1
/// for what goes.
async fn correct(tx: &mut Write, asset: AssetId, found: Pairs<'_>, now: UnixMillis) -> Result<Corrected> {
    // What appears: missing here, or waiting, released or failed.
    let appeared = sqlx::query(
        "INSERT INTO pg_temp.pairs (asset, holder, kind, state)
         SELECT $1, f.holder, f.kind, x.state
         FROM (SELECT DISTINCT * FROM unnest($2::text[], $3::bigint[])) f (holder, kind)
         LEFT JOIN licenses x ON x.asset = $1 AND x.holder = f.holder AND x.kind = f.kind
         WHERE x.state IS NULL OR x.state IN (0, 4, 5)",
    )
    .bind(asset.0)
    .bind(&found.holders)
    .bind(&found.kinds)
    .execute(&mut **tx)
    .await?;
    // What goes: held here, not there.
    let gone = sqlx::query(
        "INSERT INTO pg_temp.pairs (asset, holder, kind, state, outcome)
         SELECT $1, x.holder, x.kind, x.state, 1 FROM licenses x
         WHERE x.asset = $1 AND x.state = 2
             AND NOT EXISTS (SELECT FROM unnest($2::text[], $3::bigint[]) AS f (holder, kind)
                 WHERE f.holder = x.holder AND f.kind = x.kind)",
    )
    .bind(asset.0)
    .bind(&found.holders)
    .bind(&found.kinds)
    .execute(&mut **tx)
    .await?;
    let corrected = Corrected {
        added: appeared.rows_affected() as i64,
        removed: gone.rows_affected() as i64,
    };
    if corrected == Corrected::default() {
        return Ok(corrected);
    }
    write_found(tx, now).await?;
    let (waited, listed): (i64, i64) = sqlx::query_as(
        "SELECT count(*) FILTER (WHERE state = 0),
             count(*) FILTER (WHERE state IS NULL) - count(*) FILTER (WHERE outcome = 1) FROM pg_temp.pairs",
    )
    .fetch_one(&mut **tx)
    .await?;
    for sql in [
        "UPDATE assets SET waiting = waiting - $1, listed = listed + $2 WHERE id = $3",
        "UPDATE locations SET waiting = waiting - $1, listed = listed + $2
         WHERE id = (SELECT location FROM assets WHERE id = $3)",
    ] {
        sqlx::query(sql)
            .bind(waited)
            .bind(listed)
            .bind(asset.0)
            .execute(&mut **tx)
            .await?;
    }
    Ok(corrected)
}

/// What appeared at Apple (`outcome` 0) and what is gone there (1), by `pg_temp.pairs`: licences and ledger.
pub async fn write_found(tx: &mut Write, now: UnixMillis) -> Result<()> {
    // The sums of S5 and S6, by what the licences were before.
    sqlx::query(
        "UPDATE assets a SET found = a.found + p.found, given = a.given + p.given, lost = a.lost - p.given,
             given_at = CASE p.given_changes WHEN 0 THEN a.given_at ELSE $1 END
         FROM (SELECT p.asset, sum(CASE WHEN p.outcome = 0 AND g.asset IS NULL THEN 1
                     WHEN p.outcome = 1 AND x.operation IS NULL THEN -1 ELSE 0 END) AS found,
                 sum(CASE WHEN p.outcome = 0 AND g.asset IS NOT NULL THEN 1
                     WHEN p.outcome = 1 AND x.operation IS NOT NULL THEN -1 ELSE 0 END) AS given,
                 count(*) FILTER (WHERE p.outcome = 0 AND g.asset IS NOT NULL
                     OR p.outcome = 1 AND x.operation IS NOT NULL) AS given_changes
             FROM pg_temp.pairs p
             LEFT JOIN licenses x ON x.asset = p.asset AND x.holder = p.holder AND x.kind = p.kind
             LEFT JOIN lost_licenses g ON g.asset = p.asset AND g.holder = p.holder AND g.kind = p.kind
             GROUP BY p.asset) p
         WHERE a.id = p.asset",
    )
    .bind(now)
    .persistent(false)
    .execute(&mut **tx)
    .await?;
    // What was lost and is back is ours as before; all else that appears is of unknown origin.
    sqlx::query(
        "INSERT INTO licenses (asset, holder, kind, state, since, operation)
         SELECT p.asset, p.holder, p.kind, 2, coalesce(g.given_at, $1), g.operation FROM pg_temp.pairs p
         LEFT JOIN lost_licenses g ON g.asset = p.asset AND g.holder = p.holder AND g.kind = p.kind
         WHERE p.outcome = 0
         ON CONFLICT (asset, holder, kind) DO UPDATE SET state = 2, since = excluded.since,
             operation = excluded.operation, error_number = NULL, error_message = NULL",
    )
    .bind(now)
    .execute(&mut **tx)
    .await?;
    sqlx::query(
        "DELETE FROM lost_licenses g USING pg_temp.pairs p
         WHERE g.asset = p.asset AND g.holder = p.holder AND g.kind = p.kind AND p.outcome = 0",
    )
    .persistent(false)
    .execute(&mut **tx)
    .await?;
    // S5: what was given here is not forgotten.
    sqlx::query(
        "INSERT INTO lost_licenses (asset, holder, kind, operation, given_at, lost_at)
         SELECT x.asset, x.holder, x.kind, x.operation, x.since, $1 FROM pg_temp.pairs p
         JOIN licenses x ON x.asset = p.asset AND x.holder = p.holder AND x.kind = p.kind
         WHERE p.outcome = 1 AND x.operation IS NOT NULL",
    )
    .bind(now)
    .persistent(false)
    .execute(&mut **tx)
    .await?;
    sqlx::query(
        "DELETE FROM licenses x USING pg_temp.pairs p
         WHERE x.asset = p.asset AND x.holder = p.holder AND x.kind = p.kind AND p.outcome = 1",
    )
    .persistent(false)
    .execute(&mut **tx)
    .await?;
    sqlx::query(
        "INSERT INTO ledger (at, act, asset, holder, kind)
         SELECT $1, outcome, asset, holder, kind FROM pg_temp.pairs ORDER BY asset, holder, kind",
    )
    .bind(now)
    .execute(&mut **tx)
    .await?;
    Ok(())
}
