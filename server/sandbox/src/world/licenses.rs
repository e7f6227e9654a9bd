//! Assigning and releasing licences: the only two ways in which holders of an asset change.

use super::asset::{Asset, AssetId, AssetKey, Supply};
use super::holders::Holder;
use super::location::LocationState;
use crate::faults::Repeated;
use crate::wire::ErrorNumber;

/// The pair has a licence already.
pub(crate) const ALREADY_ASSOCIATED: ErrorNumber = ErrorNumber(9616);
/// The pair has no licence.
pub(crate) const NOT_ASSOCIATED: ErrorNumber = ErrorNumber(9619);
/// No licence is available.
pub(crate) const NOT_ENOUGH: ErrorNumber = ErrorNumber(9709);

/// Nobody can give a licence of the asset back.
const NOT_REVOCABLE: ErrorNumber = ErrorNumber(9706);
/// No device can have a licence of the asset.
const NOT_DEVICE_ASSIGNABLE: ErrorNumber = ErrorNumber(9707);

impl LocationState {
    /// Checks that licences of the assets can be taken back, as far as the location owns them.
    ///
    /// # Errors
    /// 9706 when one is irrevocable.
    pub(crate) fn check_revocable(&self, assets: &[AssetKey]) -> Result<(), ErrorNumber> {
        self.check_owned(assets, |asset| asset.revocable, NOT_REVOCABLE)
    }

    /// Checks that devices can have licences of the assets, as far as the location owns them.
    ///
    /// # Errors
    /// 9707 when one is for users alone.
    pub(crate) fn check_device_assignable(&self, assets: &[AssetKey]) -> Result<(), ErrorNumber> {
        self.check_owned(assets, |asset| asset.device_assignable, NOT_DEVICE_ASSIGNABLE)
    }

    fn check_owned(
        &self,
        assets: &[AssetKey],
        fits: impl Fn(&Asset) -> bool,
        error: ErrorNumber,
    ) -> Result<(), ErrorNumber> {
        let owned = assets.iter().filter_map(|key| self.assets.find(key));
        let mut owned = owned.filter_map(|id| self.assets.get(id));
        if owned.all(fits) { Ok(()) } else { Err(error) }
    }

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

    /// Adds bought licences, or takes them away when negative; false if nothing changes, because fewer than that are
    /// available or there is no limit to them.
    pub(crate) fn change_supply(&mut self, id: AssetId, delta: i32) -> bool {
        let Some(asset) = self.assets.get_mut(id) else {
            return false;
        };
        let Supply::Bought(total) = asset.supply else {
            return false;
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
