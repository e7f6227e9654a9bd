//! Switching faults.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Control, ControlError};
use crate::faults::{ActiveFaults, Faults};

impl Control {
    /// The switches for all locations without their own.
    pub fn faults(&self) -> Faults {
        self.world.faults.common().faults.clone()
    }

    /// Sets them; countdowns and dice begin anew.
    pub fn set_faults(&self, faults: Faults) {
        self.world.faults.set_common(ActiveFaults::new(faults));
    }

    /// Changes those that the JSON object names, within objects likewise, but maps as a whole; the others stay, and their
    /// countdowns go on. The dice begin anew.
    ///
    /// # Errors
    /// When it names what is no switch, or a value that none has.
    pub fn change_faults(&self, change: Value) -> Result<(), ControlError> {
        let changed = changed(&self.world.faults.common(), change)?;
        self.world.faults.set_common(changed);
        Ok(())
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
        let faults = ActiveFaults::new(faults);
        self.world.faults.set_own(&location.uid, faults);
        Ok(())
    }

    /// As [`Self::change_faults`], for one location.
    ///
    /// # Errors
    /// As there, and when there is no such location.
    pub fn change_location_faults(&self, uid: &str, change: Value) -> Result<(), ControlError> {
        let location = self.location(uid)?;
        let changed = changed(&self.world.faults.of(&location.uid), change)?;
        self.world.faults.set_own(&location.uid, changed);
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

/// Switches whose keys are no names of fields: they are replaced whole, since a merge could take nothing out of them.
const MAPS: [&str; 2] = ["asset_errors", "asset_event_errors"];

/// The switches with those that the JSON object names changed; objects within are merged likewise, but for maps.
fn changed(active: &ActiveFaults, change: Value) -> Result<ActiveFaults, ControlError> {
    let invalid = |error: serde_json::Error| ControlError::Invalid(error.to_string());
    let Some(named) = change.as_object() else {
        return Err(ControlError::Invalid(
            "the switches are named in an object".to_owned(),
        ));
    };
    let names: BTreeSet<String> = named.keys().cloned().collect();
    let mut value = serde_json::to_value(&active.faults).map_err(invalid)?;
    for map in MAPS.into_iter().filter(|map| names.contains(*map)) {
        if let Some(switch) = value.get_mut(map) {
            *switch = Value::Null;
        }
    }
    merge(&mut value, change);
    let faults: Faults = serde_json::from_value(value).map_err(invalid)?;
    faults.check().map_err(ControlError::Invalid)?;
    Ok(active.changed(faults, |name| names.contains(name)))
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
