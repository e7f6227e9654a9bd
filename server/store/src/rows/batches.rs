use super::named;
use crate::{
    Result, StoreError, numbers,
    operations::{Batch, BatchState},
    sync::AssetKey,
};
use contract::{AssetId, OperationId, activity::OperationKind, licenses::Holder};

/// Of `batches b`, `operations o` and `events e`, the last left-joined.
pub const BATCH: &str =
    "b.id, o.id AS operation, o.kind, b.state, b.assets, b.holders, e.event, b.since, b.attempts, b.rounds";

#[derive(sqlx::FromRow)]
pub struct BatchRecord {
    id: i64,
    operation: String,
    kind: String,
    #[sqlx(try_from = "i16")]
    state: i64,
    assets: String,
    holders: String,
    event: Option<String>,
    since: i64,
    attempts: i64,
    rounds: i64,
}

impl BatchRecord {
    pub fn assets(&self) -> Result<Vec<AssetId>> {
        Ok(serde_json::from_str(&self.assets)?)
    }

    /// The batch, with what Apple calls its assets.
    pub fn batch(self, key: impl Fn(AssetId) -> Option<AssetKey>) -> Result<Batch> {
        let asset = |id| {
            Ok((
                id,
                key(id).ok_or_else(|| StoreError::broken("a batch of an unknown asset"))?,
            ))
        };
        Ok(Batch {
            id: self.id,
            kind: named(&self.kind, OperationKind::parse)?,
            state: super::number::<BatchState>(self.state)?,
            assets: self.assets()?.into_iter().map(asset).collect::<Result<_>>()?,
            holders: holders(&self.holders)?,
            operation: OperationId(self.operation),
            event: self.event,
            since: self.since,
            attempts: self.attempts,
            rounds: self.rounds,
        })
    }
}

/// `[[kind, id], …]`
pub fn holders_json(holders: &[Holder]) -> Result<String> {
    let holders: Vec<_> = holders
        .iter()
        .map(|holder| (numbers::kind(holder), holder.id()))
        .collect();
    Ok(serde_json::to_string(&holders)?)
}

fn holders(json: &str) -> Result<Vec<Holder>> {
    let holders: Vec<(i64, String)> = serde_json::from_str(json)?;
    Ok(holders
        .into_iter()
        .map(|(kind, id)| numbers::holder(kind, id))
        .collect())
}
