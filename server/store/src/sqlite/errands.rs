//! What devices are to do because of what was decided by hand; plans of assignments write their own.

use super::{Write, json};
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
                "DELETE FROM errands WHERE errand = ? AND asset IN (SELECT value FROM json_each(?))
                     AND device IN (SELECT d.id FROM json_each(?) j CROSS JOIN devices d ON d.serial = j.value)",
            )
            .bind(errand.number())
            .bind(json(&assets)?)
            .bind(json(&serials)?)
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
             SELECT a.value, d.id, ?1, ?2 FROM json_each(?3) a CROSS JOIN json_each(?4) j
             CROSS JOIN devices d ON d.serial = j.value WHERE true
             ON CONFLICT (asset, device) DO UPDATE SET errand = excluded.errand, since = excluded.since",
        )
        .bind(Errand::Install.number())
        .bind(now)
        .bind(json(&assets)?)
        .bind(json(&serials)?)
        .execute(&mut **tx)
        .await?;
    }
    Ok(())
}
