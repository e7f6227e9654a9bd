//! Licences as Apple has them, where they differ from what is stored.

use super::{Write, groups, json};
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
    sqlx::query("DELETE FROM temp.found").execute(&mut **tx).await?;
    for ((_, kind), ids) in groups(holders.iter().map(|holder| (asset.0, holder))) {
        sqlx::query("INSERT OR IGNORE INTO temp.found (holder, kind) SELECT value, ? FROM json_each(?)")
            .bind(kind)
            .bind(json(&ids)?)
            .execute(&mut **tx)
            .await?;
    }
    let corrected = correct(tx, asset, now).await?;
    sqlx::query("UPDATE assets SET digest = ?2 WHERE id = ?1 AND digest IS NOT ?2")
        .bind(asset.0)
        .bind(digest.to_bytes().to_vec())
        .execute(&mut **tx)
        .await?;
    Ok(corrected)
}

/// Makes the asset's licences what `temp.found` says.
async fn correct(tx: &mut Write, asset: AssetId, now: UnixMillis) -> Result<Corrected> {
    // What appears: missing here, or waiting, released or failed.
    sqlx::query("DELETE FROM temp.pairs").execute(&mut **tx).await?;
    let appeared = sqlx::query(
        "INSERT INTO temp.pairs (asset, holder, kind, state)
         SELECT ?1, f.holder, f.kind, x.state FROM temp.found f
         LEFT JOIN licenses x ON x.asset = ?1 AND x.holder = f.holder AND x.kind = f.kind
         WHERE x.state IS NULL OR x.state IN (0, 4, 5)",
    )
    .bind(asset.0)
    .execute(&mut **tx)
    .await?;
    // What goes: held here, not there.
    let gone = sqlx::query(
        "INSERT INTO temp.pairs (asset, holder, kind, state, outcome)
         SELECT ?1, x.holder, x.kind, x.state, 1 FROM licenses x
         WHERE x.asset = ?1 AND x.state = 2
             AND NOT EXISTS (SELECT 1 FROM temp.found f WHERE f.holder = x.holder AND f.kind = x.kind)",
    )
    .bind(asset.0)
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
        "SELECT ifnull(sum(state = 0), 0), ifnull(sum(state IS NULL) - sum(outcome), 0) FROM temp.pairs",
    )
    .fetch_one(&mut **tx)
    .await?;
    for sql in [
        "UPDATE assets SET waiting = waiting - ?, listed = listed + ? WHERE id = ?",
        "UPDATE locations SET waiting = waiting - ?, listed = listed + ?
         WHERE id = (SELECT location FROM assets WHERE id = ?)",
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

/// What appeared at Apple (`outcome` 0) and what is gone there (1), by `temp.pairs`: licences and ledger.
pub async fn write_found(tx: &mut Write, now: UnixMillis) -> Result<()> {
    // The sums of S5 and S6, by what the licences were before.
    sqlx::query(
        "UPDATE assets SET found = assets.found + p.found, given = assets.given + p.given, lost = assets.lost - p.given,
             given_at = CASE p.given_changes WHEN 0 THEN given_at ELSE ? END
         FROM (SELECT p.asset, sum(CASE WHEN p.outcome = 0 AND g.asset IS NULL THEN 1
                     WHEN p.outcome = 1 AND x.operation IS NULL THEN -1 ELSE 0 END) AS found,
                 sum(CASE WHEN p.outcome = 0 AND g.asset IS NOT NULL THEN 1
                     WHEN p.outcome = 1 AND x.operation IS NOT NULL THEN -1 ELSE 0 END) AS given,
                 sum(p.outcome = 0 AND g.asset IS NOT NULL OR p.outcome = 1 AND x.operation IS NOT NULL)
                     AS given_changes
             FROM temp.pairs p
             LEFT JOIN licenses x ON x.asset = p.asset AND x.holder = p.holder AND x.kind = p.kind
             LEFT JOIN lost_licenses g ON g.asset = p.asset AND g.holder = p.holder AND g.kind = p.kind
             GROUP BY p.asset) p
         WHERE assets.id = p.asset",
    )
    .bind(now)
    .execute(&mut **tx)
    .await?;
    // What was lost and is back is ours as before; all else that appears is of unknown origin.
    sqlx::query(
        "INSERT INTO licenses (asset, holder, kind, state, since, operation)
         SELECT p.asset, p.holder, p.kind, 2, ifnull(g.given_at, ?), g.operation FROM temp.pairs p
         LEFT JOIN lost_licenses g ON g.asset = p.asset AND g.holder = p.holder AND g.kind = p.kind
         WHERE p.outcome = 0
         ON CONFLICT (asset, holder, kind) DO UPDATE SET state = 2, since = excluded.since,
             operation = excluded.operation, error_number = NULL, error_message = NULL",
    )
    .bind(now)
    .execute(&mut **tx)
    .await?;
    sqlx::query(
        "DELETE FROM lost_licenses
         WHERE (asset, holder, kind) IN (SELECT asset, holder, kind FROM temp.pairs WHERE outcome = 0)",
    )
    .execute(&mut **tx)
    .await?;
    // S5: what was given here is not forgotten.
    sqlx::query(
        "INSERT INTO lost_licenses (asset, holder, kind, operation, given_at, lost_at)
         SELECT x.asset, x.holder, x.kind, x.operation, x.since, ? FROM temp.pairs p
         CROSS JOIN licenses x ON x.asset = p.asset AND x.holder = p.holder AND x.kind = p.kind
         WHERE p.outcome = 1 AND x.operation IS NOT NULL",
    )
    .bind(now)
    .execute(&mut **tx)
    .await?;
    sqlx::query(
        "DELETE FROM licenses
         WHERE (asset, holder, kind) IN (SELECT asset, holder, kind FROM temp.pairs WHERE outcome = 1)",
    )
    .execute(&mut **tx)
    .await?;
    sqlx::query(
        "INSERT INTO ledger (at, act, asset, holder, kind) SELECT ?, outcome, asset, holder, kind FROM temp.pairs",
    )
    .bind(now)
    .execute(&mut **tx)
    .await?;
    Ok(())
}
