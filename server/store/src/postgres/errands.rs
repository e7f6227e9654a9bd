//! What devices are to do because of what was decided by hand; plans of assignments write their own.

use super::Write;
use crate::{
    Result,
    numbers::Number,
    operations::NewOperation,
    planning::Errand,
    rows::errands::{at_once, now_or_later, overtaken},
};
use contract::UnixMillis;

/// What these operations overtake is no longer to be done.
pub(super) async fn overtake(tx: &mut Write, operations: &[NewOperation]) -> Result<()> {
    for operation in operations {
        let Some(errand) = overtaken(operation) else {
            continue;
        };
        for (assets, serials) in at_once(operation) {
            sqlx::query(
                "DELETE FROM errands WHERE errand = $1 AND asset = ANY($2)
                     AND device IN (SELECT d.id FROM devices d WHERE d.serial = ANY($3))",
            )
            .bind(errand.number())
            .bind(assets)
            .bind(serials)
            .execute(&mut **tx)
            .await?;
        }
    }
    Ok(())
}

/// Whoever gets these licences, now or later, asked for the apps.
pub(super) async fn want_installs(
    tx: &mut Write,
    operations: &[NewOperation],
    now: UnixMillis,
) -> Result<()> {
    for (assets, serials) in now_or_later(operations) {
        sqlx::query(
            "INSERT INTO errands (asset, device, errand, since)
             SELECT a, d.id, $1, $2 FROM unnest($3::bigint[]) AS a JOIN devices d ON d.serial = ANY($4)
             ON CONFLICT (asset, device) DO UPDATE SET errand = excluded.errand, since = excluded.since",
        )
        .bind(Errand::Install.number())
        .bind(now)
        .bind(assets)
        .bind(serials)
        .execute(&mut **tx)
        .await?;
    }
    Ok(())
}
