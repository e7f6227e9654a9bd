//! What devices are to do because of what was decided by hand; plans of assignments write their own.

use super::{Write, json};
use crate::{
    Result,
    assignments::Errand,
    numbers::Number,
    operations::{NewBatch, NewOperation},
};
use contract::{UnixMillis, activity::OperationKind, licenses::Holder};

/// Nobody removes what is given again, or installs what is taken.
pub(super) async fn overtake(tx: &mut Write, operations: &[NewOperation]) -> Result<()> {
    for operation in operations {
        let errand = match operation.kind {
            OperationKind::Assign => Errand::Uninstall,
            OperationKind::Revoke => Errand::Install,
            OperationKind::Adopt | OperationKind::LetGo => continue,
        };
        for batch in &operation.batches {
            sqlx::query(
                "DELETE FROM errands WHERE errand = ? AND asset IN (SELECT value FROM json_each(?))
                     AND device IN (SELECT d.id FROM json_each(?) j CROSS JOIN devices d ON d.serial = j.value)",
            )
            .bind(errand.number())
            .bind(json(&batch.assets)?)
            .bind(json(&serials(batch))?)
            .execute(&mut **tx)
            .await?;
        }
    }
    Ok(())
}

/// Whoever gets these licences asked for the apps.
pub(super) async fn want_installs(
    tx: &mut Write,
    operations: &[NewOperation],
    now: UnixMillis,
) -> Result<()> {
    for batch in operations.iter().flat_map(|operation| &operation.batches) {
        sqlx::query(
            "INSERT INTO errands (asset, device, errand, since)
             SELECT a.value, d.id, ?1, ?2 FROM json_each(?3) a CROSS JOIN json_each(?4) j
             CROSS JOIN devices d ON d.serial = j.value WHERE true
             ON CONFLICT (asset, device) DO UPDATE SET errand = excluded.errand, since = excluded.since",
        )
        .bind(Errand::Install.number())
        .bind(now)
        .bind(json(&batch.assets)?)
        .bind(json(&serials(batch))?)
        .execute(&mut **tx)
        .await?;
    }
    Ok(())
}

fn serials(batch: &NewBatch) -> Vec<&str> {
    let holders = batch.holders.iter();
    holders
        .filter_map(|holder| match holder {
            Holder::Device(serial) => Some(serial.as_str()),
            Holder::User(_) => None,
        })
        .collect()
}
