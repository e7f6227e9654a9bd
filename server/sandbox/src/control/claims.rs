//! Another MDM at the same location.

use super::{Control, ControlError};
use crate::wire::MdmInfo;

impl Control {
    /// Another MDM takes the location over, whatever it says of itself: there may be claims from before Apple's rules.
    /// Without one the claim is taken away, which Apple cannot do.
    ///
    /// # Errors
    /// When there is no such location.
    pub fn claim(&self, uid: &str, mdm_info: Option<MdmInfo>) -> Result<(), ControlError> {
        self.location(uid)?.state.write().mdm_info = mdm_info;
        Ok(())
    }

    /// Another MDM takes the location over by the rules of POST client/config.
    ///
    /// # Errors
    /// When there is no such location, or a part of `mdmInfo` is empty or too long.
    pub fn claim_by_rule(&self, uid: &str, mdm_info: MdmInfo) -> Result<(), ControlError> {
        let fits = self.location_faults(uid)?.limits.check_mdm_info(&mdm_info);
        fits.map_err(|error| ControlError::Invalid(error.to_string()))?;
        self.claim(uid, Some(mdm_info))
    }
}
