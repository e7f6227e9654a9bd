//! What devices are to do about an asset.

use super::{
    super::desired::{DesiredAsset, Device, Directory, Who},
    AssetPlan, Line, Planner, own_of, usable_on,
};
use contract::{
    assignments::{Intent, Settled, Verdict},
    devices::Platform,
    licenses::LicenseState,
};
use std::collections::BTreeSet;
use store::planning::Errand;

/// What is known of one asset once its licences are shared out.
struct Shared<'a> {
    directory: &'a Directory,
    asset: &'a DesiredAsset,
    devices: &'a [Line],
    people: &'a [Line],
    /// Devices that give back what they drew from another location, and the app with it.
    returned: BTreeSet<u32>,
}

impl Planner {
    /// Install what is required or was asked for, where a licence is there or on its way; remove what is to be uninstalled,
    /// or whose licence goes and no other one stands in for it (R2: not from a Mac). A licence of the primary user's counts
    /// for the device. Nothing is installed where it does not run, and nothing at all is told of what another tool installs
    /// (A13).
    pub(super) fn send_errands(&self, directory: &Directory, asset: &DesiredAsset, plan: &mut AssetPlan) {
        let shared = Shared::of(directory, asset, plan);
        let mut own = shared.devices.iter().peekable();
        let mut errands = Vec::new();
        for (device, position) in directory.devices().iter().zip(0..) {
            let who = Who::Device(position);
            let line = own.next_if(|line| line.who == who);
            let errand = match self.spread.device(position).settled {
                Some(Settled::Uninstall) => {
                    let elsewhere = shared.is_license_only(self.spread.lead_of(who));
                    (!elsewhere).then_some(Errand::Uninstall)
                }
                _ if shared.takes_the_app(position, device, line) => Some(Errand::Uninstall),
                None => None,
                Some(settled) => shared
                    .installs(settled, position, device, line)
                    .then_some(Errand::Install),
            };
            let possible = |errand: &Errand| match errand {
                Errand::Install => asset.platforms.suit(device.platform),
                Errand::Uninstall => device.platform != Platform::MacOs,
            };
            if let Some(errand) = errand.filter(possible) {
                errands.push((position, errand));
            }
        }
        plan.errands = errands;
    }
}

impl<'a> Shared<'a> {
    fn of(directory: &'a Directory, asset: &'a DesiredAsset, plan: &'a AssetPlan) -> Self {
        let people_at = plan.lines.partition_point(|line| line.who < Who::Person(0));
        let (devices, people) = plan.lines.split_at_checked(people_at).unwrap_or_default();
        let drawn_by =
            |device: u32, source: usize| asset.sources.get(source)?.of(Who::Device(device))?.assignment;
        let returned = plan
            .returns
            .iter()
            .filter(|(device, source)| !asset.is_license_only(drawn_by(*device, *source)))
            .map(|(device, _)| *device)
            .collect();
        Self {
            directory,
            asset,
            devices,
            people,
            returned,
        }
    }

    /// A licence goes, and none stays that would do for the device.
    fn takes_the_app(&self, position: u32, device: &Device, line: Option<&Line>) -> bool {
        let goes = line.is_some_and(|line| self.loses(line))
            || self.returned.contains(&position)
            || self.owners_lines(device).any(|line| self.loses(line));
        let who = Who::Device(position);
        let covered = || {
            let by_owner = |account| self.stays(Who::Person(account), self.line_of(account));
            self.stays(who, line) || self.accounts(device).any(by_owner)
        };
        goes && !covered()
    }

    /// It is required or was asked for, and licensed by itself, or by its owner with what can be used on it (A3).
    fn installs(&self, settled: Settled, position: u32, device: &Device, line: Option<&Line>) -> bool {
        let usable = |line: &&Line| match line.who {
            Who::Person(account) => usable_on(self.directory, self.asset, position, account).is_ok(),
            Who::Device(_) => true,
        };
        let by_owner = || {
            let mut licensed = self.owners_lines(device).filter(|line| licensed(line));
            licensed.find(usable)
        };
        let Some(line) = line.filter(|line| licensed(line)).or_else(by_owner) else {
            return false;
        };
        let asked = |who: Who| self.asset.asked_by(who).is_some();
        let wanted = settled.holds(Intent::Required)
            || asked(line.who)
            || line.moved && self.accounts(device).map(Who::Person).any(asked);
        wanted && !self.is_license_only(line.lead)
    }

    fn accounts(&self, device: &Device) -> impl Iterator<Item = u32> + use<'a> {
        let directory = self.directory;
        let owner = device.owner.into_iter();
        owner.flat_map(move |owner| directory.accounts_of(owner))
    }

    fn owners_lines(&self, device: &Device) -> impl Iterator<Item = &'a Line> {
        self.accounts(device).filter_map(|account| self.line_of(account))
    }

    fn line_of(&self, account: u32) -> Option<&'a Line> {
        let account = Who::Person(account);
        let at = self.people.binary_search_by_key(&account, |line| line.who).ok()?;
        self.people.get(at)
    }

    fn stays(&self, who: Who, line: Option<&Line>) -> bool {
        match line {
            Some(line) => {
                let kept = matches!(line.verdict, Verdict::Keeps { .. });
                licensed(line) || kept && line.state != Some(LicenseState::Releasing)
            }
            None => own_of(self.asset, who)
                .is_some_and(|held| matches!(held.state, LicenseState::Held | LicenseState::Requested)),
        }
    }

    fn loses(&self, line: &Line) -> bool {
        let given_by = own_of(self.asset, line.who).and_then(|held| held.assignment);
        line.verdict == Verdict::Loses && !self.asset.is_license_only(given_by)
    }

    /// Another tool installs what this assignment licenses (A13).
    fn is_license_only(&self, lead: Option<u16>) -> bool {
        let led_to = lead.and_then(|lead| self.asset.assigned.get(usize::from(lead)));
        self.asset.is_license_only(led_to.map(|assigned| assigned.number))
    }
}

fn licensed(line: &Line) -> bool {
    matches!(line.verdict, Verdict::Has | Verdict::Gets | Verdict::Draws) && !line.by_devices()
}
