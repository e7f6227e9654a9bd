//! Everybody whom a plan is about.

use contract::{
    UnixMillis,
    assignments::Registration,
    devices::{DeviceOwnership, Enrolment, Platform},
};

/// A device or a person, or rather one Apple Account of a person's, by position in the [`Directory`]. The order is that of the
/// ids, which do not change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Who {
    Device(u32),
    Person(u32),
}

#[derive(Clone, Copy, Debug, Default)]
pub struct Device {
    /// The primary user.
    pub owner: Option<u32>,
    pub ownership: DeviceOwnership,
    pub supervised: bool,
    pub enrolment: Enrolment,
    pub kiosk: bool,
    pub store_blocked: bool,
    pub platform: Platform,
    /// Wiped, or out of management.
    pub gone: bool,
}

#[derive(Clone, Copy, Debug, Default)]
pub struct Person {
    pub registration: Registration,
    pub managed_account: bool,
    /// Another account of the one before (A2).
    pub again: bool,
    /// Apple would not have the person.
    pub refused: bool,
    /// The person has left (D4).
    pub left: bool,
    pub registered_at: UnixMillis,
}

/// Everybody whom the plan is about.
#[derive(Clone, Debug, Default)]
pub struct Directory {
    devices: Vec<Device>,
    people: Vec<Person>,
    /// Positions of devices, person by person.
    owned: Vec<u32>,
    /// Where each person's begin in `owned`; one more at the end.
    begins: Vec<u32>,
}

impl Directory {
    pub fn new(devices: Vec<Device>, people: Vec<Person>) -> Self {
        let owner_of = |device: &Device| device.owner.map(|owner| owner as usize);
        let mut begins = vec![0_u32; people.len() + 1];
        for owner in devices.iter().filter_map(owner_of) {
            if let Some(count) = begins.get_mut(owner + 1) {
                *count += 1;
            }
        }
        let mut sum = 0;
        for begin in &mut begins {
            sum += *begin;
            *begin = sum;
        }
        let mut next = begins.clone();
        let mut owned = vec![0; sum as usize];
        for (device, position) in devices.iter().zip(0..) {
            if let Some(next) = owner_of(device)
                .filter(|owner| *owner < people.len())
                .and_then(|at| next.get_mut(at))
            {
                if let Some(slot) = owned.get_mut(*next as usize) {
                    *slot = position;
                }
                *next += 1;
            }
        }
        Self {
            devices,
            people,
            owned,
            begins,
        }
    }

    pub fn devices(&self) -> &[Device] {
        &self.devices
    }

    pub fn people(&self) -> &[Person] {
        &self.people
    }

    pub fn device(&self, position: u32) -> Device {
        self.devices.get(position as usize).copied().unwrap_or_default()
    }

    pub fn person(&self, position: u32) -> Person {
        self.people.get(position as usize).copied().unwrap_or_default()
    }

    /// The first account of the person whose account this is: the one that devices name.
    pub fn first_account(&self, person: u32) -> u32 {
        let mut at = person;
        while at > 0 && self.person(at).again {
            at -= 1;
        }
        at
    }

    /// All accounts of the person whose first one this is.
    pub fn accounts_of(&self, owner: u32) -> std::ops::Range<u32> {
        let mut end = owner + 1;
        while self.people.get(end as usize).is_some_and(|person| person.again) {
            end += 1;
        }
        owner..end
    }

    /// Positions of the devices whose primary user this is.
    pub fn devices_of(&self, person: u32) -> &[u32] {
        let at = self.first_account(person) as usize;
        let ends = (self.begins.get(at), self.begins.get(at + 1));
        let (Some(from), Some(to)) = ends else { return &[] };
        self.owned.get(*from as usize..*to as usize).unwrap_or_default()
    }
}
