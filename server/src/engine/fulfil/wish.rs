//! What is to be for one holder of an asset, before licences are shared out (A3, A4, A8, A10, D4, R3).

use super::{
    super::desired::{Assigned, Cell, DesiredAsset, Directory, Held, Person, Who},
    drawn, holds, used_by,
};
use contract::{
    UnixMillis,
    assignments::{
        Intent, LicenseKind, PossibleCase, Reason, Registration, Settled, Shortage, Verdict, possible,
    },
    catalog::ProductType,
    devices::Enrolment,
    licenses::LicenseState,
};

/// Later than everything.
pub const NEW: UnixMillis = UnixMillis::MAX;

/// What is to be for one holder, before licences are shared out.
pub enum Wish {
    Said(Verdict),
    /// Since when; [`NEW`] for those who come after all who wait or asked.
    Claims(UnixMillis),
    Nothing,
}

/// What is known of one holder.
pub struct View<'a> {
    pub directory: &'a Directory,
    pub asset: &'a DesiredAsset,
    pub who: Who,
    pub cell: Cell,
    pub own: Option<&'a Held>,
    pub lead: Option<u16>,
    /// A licence of the other kind is in the way (A3).
    pub other_kind: bool,
    /// The person in whose place devices have licences (A10).
    pub moved: Option<u32>,
}

impl View<'_> {
    fn kind(&self) -> LicenseKind {
        match self.who {
            Who::Device(_) => LicenseKind::Device,
            Who::Person(_) => LicenseKind::User,
        }
    }

    pub fn assigned(&self) -> Option<&Assigned> {
        self.asset.assigned.get(usize::from(self.lead?))
    }

    /// The assignment lets nobody wait (A8).
    pub fn fails(&self) -> bool {
        self.assigned()
            .is_some_and(|assigned| assigned.shortage == Shortage::Fail)
    }

    pub fn wish(&self) -> Wish {
        if self.person().is_some_and(|person| person.left) {
            return self.leave_behind();
        }
        let required = self.cell.holds(Intent::Required, self.kind());
        let available = self.cell.holds(Intent::Available, self.kind());
        if (required || available) && self.has_by_devices() {
            return self.stood_in_for();
        }
        let asked = self.asked_at().is_some();
        match self.cell.settled {
            _ if required || available && asked => self.claim(),
            Some(Settled::Uninstall) => self.release(),
            // Uninstalled if it was there as required; what was given by hand is not.
            Some(Settled::AvailableUninstalled)
                if available && self.own.is_some_and(|held| held.assignment.is_some()) =>
            {
                self.release()
            }
            _ if available => self.offer(),
            _ => self.leave(),
        }
    }

    /// What a person asked for, the devices have asked for that have licences in place of the person's.
    fn asked_at(&self) -> Option<UnixMillis> {
        let accounts = self
            .moved
            .into_iter()
            .flat_map(|owner| self.directory.accounts_of(owner));
        let askers = std::iter::once(self.who).chain(accounts.map(Who::Person));
        askers.filter_map(|who| self.asset.asked_by(who)).min()
    }

    /// Whoever asks is in the line since then (A8); not for having asked for what was refused or given since.
    fn new_since(&self) -> UnixMillis {
        let asked = self.asked_at();
        let asked = asked.filter(|at| self.own.is_none_or(|own| *at > own.since));
        asked.unwrap_or(NEW)
    }

    /// A person without a licence, whose devices have theirs instead.
    fn has_by_devices(&self) -> bool {
        let none = !self.own.is_some_and(|own| holds(own.state));
        none && self.moved.is_some() && self.kind() == LicenseKind::User
    }

    /// Whoever is fulfilled by the devices waits no longer.
    fn stood_in_for(&self) -> Wish {
        Wish::Said(match self.own.map(|own| (own.state, own.assignment)) {
            Some((LicenseState::Waiting, _) | (LicenseState::Failed, Some(_))) => Verdict::Leaves,
            // Of the devices that had one, a rule took it (R3).
            _ if !self.other_kind && self.has_barred_device() => Verdict::Cannot {
                reason: Reason::Reclaimed,
            },
            _ => Verdict::Has,
        })
    }

    fn has_barred_device(&self) -> bool {
        let barred = |device: &Who| self.asset.barred.iter().any(|(who, _)| who == device);
        let owner = self.moved.into_iter();
        let mut devices = owner.flat_map(|owner| self.directory.devices_of(owner));
        devices.any(|device| barred(&Who::Device(*device)))
    }

    /// It is to have a licence.
    fn claim(&self) -> Wish {
        let Some(own) = self.own else {
            return self.claim_since(self.new_since());
        };
        match own.state {
            LicenseState::Held | LicenseState::Requested => Wish::Said(Verdict::Has),
            LicenseState::Releasing => cannot(Reason::UnderWay),
            LicenseState::Waiting => self.claim_since(own.since),
            LicenseState::Released => self.claim_since(self.new_since()),
            // Who found none left is in line for what becomes free, whatever the assignment says of waiting (A8).
            LicenseState::Failed if own.is_short() => self.claim_since(own.since),
            LicenseState::Failed
                if self
                    .assigned()
                    .is_some_and(|assigned| assigned.changed_at > own.since) =>
            {
                self.claim_since(self.new_since())
            }
            // Apple knows the person again, or is to know the person from now on.
            LicenseState::Failed
                if own.unknown
                    && self.person().is_some_and(|person| {
                        let to_join = person.registration == Registration::None && !person.refused;
                        to_join || person.registered_at > own.since
                    }) =>
            {
                self.claim_since(self.new_since())
            }
            LicenseState::Failed => cannot(Reason::Refused),
        }
    }

    fn claim_since(&self, since: UnixMillis) -> Wish {
        let by_hand = self.waits_by_hand();
        if !by_hand && self.asset.lost.binary_search(&self.who).is_ok() {
            return cannot(Reason::LostAtApple);
        }
        if let Who::Device(position) = self.who
            && self.directory.device(position).gone
        {
            return cannot(Reason::DeviceGone);
        }
        if !by_hand && self.barred() {
            return cannot(Reason::Reclaimed);
        }
        match self.possible() {
            Err(reason) => cannot(reason),
            Ok(()) if self.other_kind => cannot(Reason::OtherKind),
            Ok(()) if drawn(self.asset, self.lead, self.who).is_some() => Wish::Said(Verdict::Has),
            Ok(()) if self.person().is_some_and(|person| person.refused) => cannot(Reason::NotRegistered),
            Ok(()) => Wish::Claims(since),
        }
    }

    /// Somebody has decided since that it is to have one, whatever became of the last.
    fn waits_by_hand(&self) -> bool {
        self.own.is_some_and(|own| {
            let waits =
                own.state == LicenseState::Waiting || own.state == LicenseState::Failed && own.shortage;
            waits && own.assignment.is_none()
        })
    }

    /// A rule took it, and nobody saved the assignment since (R3).
    fn barred(&self) -> bool {
        let barred = &self.asset.barred;
        barred
            .binary_search_by_key(&self.who, |(who, _)| *who)
            .ok()
            .and_then(|at| barred.get(at))
            .is_some_and(|(_, at)| self.assigned().is_none_or(|assigned| assigned.changed_at <= *at))
    }

    /// It may ask for one.
    fn offer(&self) -> Wish {
        match self.own.map(|held| (held.state, held.assignment)) {
            Some((LicenseState::Failed, None)) if self.own.is_some_and(|own| own.shortage) => self.by_hand(),
            Some((LicenseState::Held | LicenseState::Requested | LicenseState::Releasing, _)) => {
                Wish::Said(Verdict::Has)
            }
            Some((LicenseState::Waiting, None)) => self.by_hand(),
            Some((LicenseState::Waiting, Some(_))) => Wish::Said(Verdict::Leaves),
            _ => match self.possible() {
                Err(reason) => cannot(reason),
                Ok(()) if self.other_kind => cannot(Reason::OtherKind),
                Ok(()) => Wish::Said(Verdict::Offered),
            },
        }
    }

    /// The app is to go, and the licence with it.
    fn release(&self) -> Wish {
        let Some(own) = self.own else { return Wish::Nothing };
        match own.state {
            LicenseState::Held if !own.known => keeps(Reason::NotGivenHere),
            LicenseState::Held if !self.revocable() => keeps(Reason::NotRevocable),
            LicenseState::Held if own.not_taken_back => keeps(Reason::NotTakenBack),
            LicenseState::Held => Wish::Said(Verdict::Loses),
            LicenseState::Requested | LicenseState::Releasing => keeps(Reason::UnderWay),
            LicenseState::Waiting => Wish::Said(Verdict::Leaves),
            // What failed for the assignment's sake is over with it.
            LicenseState::Failed if own.assignment.is_some() => Wish::Said(Verdict::Leaves),
            LicenseState::Released | LicenseState::Failed => Wish::Nothing,
        }
    }

    /// No assignment brings a licence of this kind: what an assignment gave goes, unless it says that it stays; what was
    /// given by hand, or by others, is left alone.
    fn leave(&self) -> Wish {
        let Some(own) = self.own else {
            return self.refused_for_nobody();
        };
        let Some(number) = own.assignment else {
            return match own.state {
                LicenseState::Waiting => self.by_hand(),
                LicenseState::Failed if own.shortage => self.by_hand(),
                _ => Wish::Nothing,
            };
        };
        if self.asset.foreign.binary_search(&number).is_ok() {
            // The other location's plan decides.
            return Wish::Nothing;
        }
        let stays = self
            .asset
            .assigned
            .iter()
            .any(|assigned| assigned.number == number && assigned.keeps);
        if stays && own.state == LicenseState::Held {
            return Wish::Nothing;
        }
        self.release()
    }

    /// D4: whoever has left keeps nothing that can be taken back, whoever gave it.
    fn leave_behind(&self) -> Wish {
        let Some(own) = self.own else { return Wish::Nothing };
        match own.state {
            LicenseState::Held if !self.revocable() => keeps(Reason::NotRevocable),
            LicenseState::Held if own.not_taken_back => keeps(Reason::NotTakenBack),
            LicenseState::Held => Wish::Said(Verdict::Loses),
            LicenseState::Waiting => Wish::Said(Verdict::Leaves),
            _ => Wish::Nothing,
        }
    }

    fn person(&self) -> Option<Person> {
        match self.who {
            Who::Device(_) => None,
            Who::Person(person) => Some(self.directory.person(person)),
        }
    }

    /// A user licence is wanted for a device that is nobody's.
    fn refused_for_nobody(&self) -> Wish {
        let Who::Device(position) = self.who else {
            return Wish::Nothing;
        };
        let wanted = self.cell.holds(Intent::Required, LicenseKind::User);
        if wanted && self.directory.device(position).owner.is_none() {
            return cannot(Reason::NoPrimaryUser);
        }
        Wish::Nothing
    }

    /// It waits because somebody chose it by hand, or is to wait since Apple had none left.
    fn by_hand(&self) -> Wish {
        self.claim_since(self.own.map_or(NEW, |held| held.since))
    }

    fn revocable(&self) -> bool {
        self.asset.revocable && self.asset.product == ProductType::App
    }

    /// A3. A person can have what one of the devices can; where one runs it, what is in the way there is the reason.
    fn possible(&self) -> Result<(), Reason> {
        match self.who {
            Who::Device(position) => possible(self.case(Some(position), None)),
            Who::Person(person) => {
                let mut why = None;
                for device in used_by(self.directory, person) {
                    match possible(self.case(Some(device), Some(person))) {
                        Ok(()) => return Ok(()),
                        Err(reason) if why.is_none_or(|why| why == Reason::RunsElsewhere) => {
                            why = Some(reason);
                        }
                        Err(_) => {}
                    }
                }
                match why {
                    Some(reason) => Err(reason),
                    None => possible(self.case(None, Some(person))),
                }
            }
        }
    }

    fn case(&self, device: Option<u32>, person: Option<u32>) -> PossibleCase {
        case(self.directory, self.asset, self.kind(), device, person)
    }
}

fn case(
    directory: &Directory,
    asset: &DesiredAsset,
    kind: LicenseKind,
    device: Option<u32>,
    person: Option<u32>,
) -> PossibleCase {
    let device = device.map(|position| directory.device(position));
    let person = person.map(|position| directory.person(position));
    PossibleCase {
        product: asset.product,
        device_assignable: asset.device_assignable,
        kind,
        enrolment: device.map_or(Enrolment::Device, |device| device.enrolment),
        store_blocked: device.is_some_and(|device| device.store_blocked),
        runs_elsewhere: device.is_some_and(|device| !asset.platforms.suit(device.platform)),
        registration: person.map_or(Registration::None, |person| person.registration),
        managed_account: person.is_some_and(|person| person.managed_account),
    }
}

/// A3: whether a user licence of this account's can be used on this device.
pub fn usable_on(
    directory: &Directory,
    asset: &DesiredAsset,
    device: u32,
    account: u32,
) -> Result<(), Reason> {
    possible(case(
        directory,
        asset,
        LicenseKind::User,
        Some(device),
        Some(account),
    ))
}

fn cannot(reason: Reason) -> Wish {
    Wish::Said(Verdict::Cannot { reason })
}

fn keeps(reason: Reason) -> Wish {
    Wish::Said(Verdict::Keeps { reason })
}
