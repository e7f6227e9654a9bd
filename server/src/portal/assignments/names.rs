//! Who is who in what was read for planning.

use super::super::Portal;
use crate::engine::{desired::Who, planning::Planning};
use contract::{
    Fault,
    assignments::{Known, LicenseKind},
};
use std::collections::BTreeMap;

/// The id, and the serial number or user name.
pub fn named(planning: &Planning, who: Who) -> (&str, &str) {
    match who {
        Who::Device(position) => planning
            .data
            .devices
            .get(position as usize)
            .map_or(("", ""), |device| (device.id.as_str(), device.serial.as_str())),
        Who::Person(position) => planning
            .data
            .people
            .get(position as usize)
            .map_or(("", ""), |person| (person.id.as_str(), &person.user_name)),
    }
}

impl Portal {
    /// The names of devices and people, by id.
    pub(super) async fn names(
        &self,
        planning: &Planning,
        holders: impl IntoIterator<Item = Who>,
    ) -> Result<BTreeMap<String, String>, Fault> {
        let (mut devices, mut people) = (Vec::new(), Vec::new());
        for who in holders {
            match known(planning, who) {
                Known::Device(id) => devices.push(id),
                Known::Person(id) => people.push(id),
            }
        }
        let devices = self.db.devices_by_id(&devices).await?.into_iter();
        let people = self.db.people_names(&people).await?.into_iter();
        Ok(devices
            .map(|device| (device.id.0, device.name))
            .chain(people.map(|(id, name)| (id.0, name)))
            .collect())
    }
}

pub fn known(planning: &Planning, who: Who) -> Known {
    let (id, _) = named(planning, who);
    match who {
        Who::Device(_) => Known::Device(id.into()),
        Who::Person(_) => Known::Person(id.into()),
    }
}

pub fn kind_of(who: Who) -> LicenseKind {
    match who {
        Who::Device(_) => LicenseKind::Device,
        Who::Person(_) => LicenseKind::User,
    }
}
