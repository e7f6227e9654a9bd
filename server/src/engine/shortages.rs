//! Licences that Apple's counts have and Apple does not give (9709). What it said is asked for again once its counts were read
//! anew; where it says the same once more, each time later (S3: no retry storms).

use super::{Engine, worker::millis};
use contract::AssetId;
use std::{
    collections::{BTreeSet, HashMap},
    sync::{Mutex, PoisonError},
};
use store::{StoreError, locations::Fence};

/// The second refusal is answered with half a minute of patience, the seventh with a quarter of an hour.
const FIRST: i64 = 3;

/// An asset, and what of it was refused: Apple's event, of which it may tell in many pieces, or what else stands for one
/// refusal.
pub(super) type Refusal = (AssetId, String);

/// The last refusal of each asset's licences, and how many there were in a row.
#[derive(Default)]
pub struct Shortages(Mutex<HashMap<AssetId, (String, i64)>>);

impl Shortages {
    /// How many refusals that makes; none if it is the last one over again.
    fn count(&self, (asset, what): &Refusal) -> Option<i64> {
        let mut rounds = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (last, round) = rounds.entry(*asset).or_default();
        if *round > 0 && last == what {
            return None;
        }
        last.clone_from(what);
        *round += 1;
        Some(*round)
    }

    /// Apple gave some, or has others to give.
    pub(super) fn forget(&self, assets: impl IntoIterator<Item = AssetId>) {
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
        refused: &BTreeSet<Refusal>,
    ) -> Result<(), StoreError> {
        for refusal in refused {
            if let Some(round) = self.shortages.count(refusal).filter(|round| *round > 1) {
                let pause = self.pause_after(round + FIRST);
                let later = self.clock.now() + millis(pause);
                self.db.plan_later(fence, Some(refusal.0), later).await?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s3_many_words_of_one_event_are_one_refusal() {
        let shortages = Shortages::default();
        let refused = |event: &str| shortages.count(&(AssetId(1), event.to_owned()));
        assert_eq!(refused("a"), Some(1));
        assert_eq!((0..8).find_map(|_| refused("a")), None);
        assert_eq!((refused("b"), refused("b")), (Some(2), None));
        shortages.forget([AssetId(1)]);
        assert_eq!(refused("b"), Some(1));
    }
}
