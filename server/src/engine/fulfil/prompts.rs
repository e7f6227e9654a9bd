//! A9: what people will be asked before they have it.

use super::{
    super::desired::{DesiredAsset, Directory, Who},
    used_by,
};
use contract::assignments::{LicenseKind, PromptCase, Prompts, prompts};

/// A9: what whoever uses this device will be asked. Of a person, whatever is asked on any of the devices that run it; without
/// one nothing is known.
pub fn prompts_for(directory: &Directory, asset: &DesiredAsset, who: Who) -> Option<Prompts> {
    match who {
        Who::Device(position) => {
            let owner = directory.device(position).owner;
            Some(prompts_on(directory, position, LicenseKind::Device, owner))
        }
        Who::Person(person) => {
            let runs = |device: &u32| asset.platforms.suit(directory.device(*device).platform);
            used_by(directory, person)
                .filter(runs)
                .map(|device| prompts_on(directory, device, LicenseKind::User, Some(person)))
                .reduce(Prompts::with)
        }
    }
}

/// A9: what is asked on this device where it has a licence of this kind, its own or that of this account.
pub fn prompts_on(directory: &Directory, device: u32, kind: LicenseKind, account: Option<u32>) -> Prompts {
    let device = directory.device(device);
    let person = account
        .map(|account| directory.person(account))
        .unwrap_or_default();
    prompts(PromptCase {
        ownership: device.ownership,
        supervised: device.supervised,
        kind,
        kiosk: device.kiosk,
        enrolment: device.enrolment,
        registration: person.registration,
        managed_account: person.managed_account,
    })
}
