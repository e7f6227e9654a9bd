//! A batch as Apple's call.

use super::tokens::Connection;
use apple::{
    Answer, Association, DeviceAssignableAsset, Disassociation, EventId, FaultKind, Holders, Outcome,
    RevocableAsset,
};
use contract::{activity::OperationKind, licenses::Holder};
use store::operations::Batch;

/// The call itself. What cannot be revoked or assigned was sorted out when the operation was written down; the types
/// see to it that it is said once more.
pub(super) async fn call(connection: &Connection, batch: &Batch) -> Result<Answer<EventId>, apple::Fault> {
    let assets = batch
        .assets
        .iter()
        .map(|(_, key)| apple_asset(key))
        .collect::<Result<Vec<_>, _>>()?;
    let holders = apple_holders(&batch.holders)?;
    match batch.kind {
        OperationKind::Assign => {
            let association = if holders.serials.is_empty() {
                Association::for_users(assets, holders.client_user_ids)
            } else {
                let assets = assets.into_iter().map(DeviceAssignableAsset::known).collect();
                Association::for_both(assets, holders)
            };
            connection.client.associate(&association).await
        }
        OperationKind::Revoke => {
            let assets = assets.into_iter().map(RevocableAsset::known).collect();
            connection
                .client
                .disassociate(&Disassociation::new(assets, holders))
                .await
        }
        // Done when it is written down: it has no batches.
        OperationKind::Adopt | OperationKind::LetGo => Err(apple::Fault {
            kind: FaultKind::Argument,
            number: None,
            message: "what is done here alone is never sent".to_owned(),
            http_status: None,
            retry_after: None,
            info: Box::default(),
            outcome: Outcome::NotProcessed,
        }),
    }
}

pub(super) fn apple_asset(key: &store::sync::AssetKey) -> Result<apple::AssetId, apple::Fault> {
    let adam_id = apple::AdamId::new(&key.adam_id)?;
    Ok(apple::AssetId {
        adam_id,
        pricing: key.pricing_param.as_str().into(),
    })
}

fn apple_holders(holders: &[Holder]) -> Result<Holders, apple::Fault> {
    let mut sorted = Holders::default();
    for holder in holders {
        match holder {
            Holder::Device(serial) => sorted.serials.push(apple::Serial::new(serial.as_str())?),
            Holder::User(id) => sorted.client_user_ids.push(apple::ClientUserId::new(id)?),
        }
    }
    Ok(sorted)
}
