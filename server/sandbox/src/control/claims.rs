//! Another MDM at the same location.

use super::{Control, ControlError};
use crate::wire::MdmInfo;

impl Control {
    /// Another MDM takes the location over; without one the claim is taken away, which Apple cannot do.
    ///
    /// # Errors
    /// When there is no such location.
    pub fn claim(&self, uid: &str, mdm_info: Option<MdmInfo>) -> Result<(), ControlError> {
        self.location(uid)?.state.write().mdm_info = mdm_info;
        Ok(())
    }
}
