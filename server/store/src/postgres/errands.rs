//! What devices are to do because of what was decided by hand; plans of assignments write their own.

use super::Write;
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
                "DELETE FROM errands WHERE errand = $1 AND asset = ANY($2)
                     AND device IN (SELECT d.id FROM devices d WHERE d.serial = ANY($3))",
            )
            .bind(errand.number())
            .bind(assets(batch))
            .bind(serials(batch))
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
             SELECT a, d.id, $1, $2 FROM unnest($3::bigint[]) AS a JOIN devices d ON d.serial = ANY($4)
             ON CONFLICT (asset, device) DO UPDATE SET errand = excluded.errand, since = excluded.since",
        )
        .bind(Errand::Install.number())
        .bind(now)
        .bind(assets(batch))
        .bind(serials(batch))
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

fn assets(batch: &NewBatch) -> Vec<i64> {
    batch.assets.iter().map(|asset| asset.0).collect()
}
