//! Licences that Apple's counts have and Apple does not give (9709). What it said is asked for again once its counts were read
//! anew; where it says the same once more, each time later (S3: no retry storms).

use super::{Engine, worker::millis};
use contract::AssetId;
use std::{
    collections::{BTreeSet, HashMap},
    sync::{Mutex, PoisonError},
};
use store::{StoreError, locations::Fence};

/// How often in a row each asset's licences were refused.
#[derive(Default)]
pub struct Shortages(Mutex<HashMap<AssetId, i64>>);

impl Shortages {
    fn again(&self, asset: AssetId) -> i64 {
        let mut rounds = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let round = rounds.entry(asset).or_default();
        *round += 1;
        *round
    }

    /// Apple gave some, or has others to give.
    pub(super) fn over(&self, assets: impl IntoIterator<Item = AssetId>) {
        let mut rounds = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for asset in assets {
            rounds.remove(&asset);
        }
    }
}

impl Engine {
    /// Plans these assets later, each the later the more often Apple refused its licences.
    pub(super) async fn ask_later(
        &self,
        fence: &Fence,
        assets: &BTreeSet<AssetId>,
    ) -> Result<(), StoreError> {
        for asset in assets {
            let round = self.shortages.again(*asset);
            if round > 1 {
                let pause = self.pause_after(round + FIRST);
                let later = self.clock.now() + millis(pause);
                self.db.plan_later(fence, Some(*asset), later).await?;
            }
        }
        Ok(())
    }
}

/// The second refusal is answered with half a minute of patience, the ninth with a quarter of an hour.
const FIRST: i64 = 3;
