//! Assigning and releasing licences: the only two ways in which holders of an asset change.

use super::asset::{AssetId, Supply};
use super::holders::Holder;
use super::location::LocationState;
use crate::faults::Repeated;
use crate::wire::ErrorNumber;

/// The pair has a licence already.
pub(crate) const ALREADY_ASSOCIATED: ErrorNumber = ErrorNumber(9616);
/// The pair has no licence.
pub(crate) const NOT_ASSOCIATED: ErrorNumber = ErrorNumber(9619);
/// No licence is available.
const NOT_ENOUGH: ErrorNumber = ErrorNumber(9709);

impl LocationState {
    /// Gives a licence.
    ///
    /// # Errors
    /// 9709 when none is available or the asset is not there, 9616 when repeating counts as an error.
    pub(crate) fn assign(
        &mut self,
        id: AssetId,
        holder: Holder,
        repeated: Repeated,
    ) -> Result<(), ErrorNumber> {
        let Some(asset) = self.assets.get_mut(id) else {
            return Err(NOT_ENOUGH);
        };
        if asset.holders.contains(holder) {
            return settle(repeated, ALREADY_ASSOCIATED);
        }
        if asset.available() == 0 {
            return Err(NOT_ENOUGH);
        }
        asset.holders.insert(holder);
        self.touch_assignments();
        self.journal.note(self.writes.assignments, (id, holder));
        Ok(())
    }

    /// Takes a licence back.
    ///
    /// # Errors
    /// 9619 when there was none and repeating counts as an error.
    pub(crate) fn release(
        &mut self,
        id: AssetId,
        holder: Holder,
        repeated: Repeated,
    ) -> Result<(), ErrorNumber> {
        let Some(asset) = self.assets.get_mut(id) else {
            return settle(repeated, NOT_ASSOCIATED);
        };
        if !asset.holders.remove(holder) {
            return settle(repeated, NOT_ASSOCIATED);
        }
        self.touch_assignments();
        Ok(())
    }

    /// Adds bought licences, or takes them away when negative; false if fewer than that are available.
    pub(crate) fn change_supply(&mut self, id: AssetId, delta: i32) -> bool {
        let Some(asset) = self.assets.get_mut(id) else {
            return false;
        };
        let Supply::Bought(total) = asset.supply else {
            return delta > 0;
        };
        if delta < 0 && asset.available() < delta.unsigned_abs() {
            return false;
        }
        asset.supply = Supply::Bought(total.saturating_add_signed(delta));
        self.writes.assets += 1;
        true
    }

    /// What a holder has a licence of.
    pub(crate) fn held_by(&self, holder: Holder) -> Vec<AssetId> {
        let all = self.assets.numbered();
        all.filter(|(_, asset)| asset.holders.contains(holder))
            .map(|(id, _)| id)
            .collect()
    }

    /// The revocable licences of a holder.
    pub(crate) fn revocable_of(&self, holder: Holder) -> Vec<AssetId> {
        let mut held = self.held_by(holder);
        held.retain(|id| self.assets.get(*id).is_some_and(|asset| asset.revocable));
        held
    }

    /// A write to assignments is one to the counts of assets, too.
    pub(crate) fn touch_assignments(&mut self) {
        self.writes.assignments += 1;
        self.writes.assets += 1;
    }
}

fn settle(repeated: Repeated, error: ErrorNumber) -> Result<(), ErrorNumber> {
    match repeated {
        Repeated::NoOp => Ok(()),
        Repeated::Error | Repeated::Refused => Err(error),
    }
}
