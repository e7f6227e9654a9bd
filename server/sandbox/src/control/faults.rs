//! Switching faults.

use serde_json::Value;

use super::{Control, ControlError};
use crate::faults::Faults;

impl Control {
    /// The switches for all locations without their own.
    pub fn faults(&self) -> Faults {
        self.world.faults.common().faults.clone()
    }

    /// Sets them; countdowns and dice begin anew.
    pub fn set_faults(&self, faults: Faults) {
        self.world.faults.set_common(faults);
    }

    /// The switches in force for a location.
    ///
    /// # Errors
    /// When there is no such location.
    pub fn location_faults(&self, uid: &str) -> Result<Faults, ControlError> {
        let location = self.location(uid)?;
        Ok(self.world.faults.of(&location.uid).faults.clone())
    }

    /// Gives a location its own switches.
    ///
    /// # Errors
    /// When there is no such location.
    pub fn set_location_faults(&self, uid: &str, faults: Faults) -> Result<(), ControlError> {
        let location = self.location(uid)?;
        self.world.faults.set_own(&location.uid, faults);
        Ok(())
    }

    /// A location follows the common switches again.
    ///
    /// # Errors
    /// When there is no such location.
    pub fn reset_location_faults(&self, uid: &str) -> Result<(), ControlError> {
        let location = self.location(uid)?;
        self.world.faults.reset_own(&location.uid);
        Ok(())
    }
}

/// The switches with those that the JSON object names changed; objects within are merged likewise.
pub(super) fn changed(faults: &Faults, change: Value) -> Result<Faults, ControlError> {
    let invalid = |error: serde_json::Error| ControlError::Invalid(error.to_string());
    let mut value = serde_json::to_value(faults).map_err(invalid)?;
    merge(&mut value, change);
    serde_json::from_value(value).map_err(invalid)
}

fn merge(into: &mut Value, change: Value) {
    match (into, change) {
        (Value::Object(into), Value::Object(change)) => {
            for (key, value) in change {
                merge(into.entry(key).or_insert(Value::Null), value);
            }
        }
        (into, change) => *into = change,
    }
}
