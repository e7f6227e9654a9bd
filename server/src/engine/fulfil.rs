//! From what should be to what is to be done: who gets a licence, waits, cannot, loses it (A4, A7, A8, A12, R2). Pure and
//! deterministic: the screen's dry run and the worker use this same function.

use super::{
    desired::{Assigned, Cell, Desired, DesiredAsset, Directory, Held, Person, Spread, Who},
    pool::Pool,
};
use contract::{
    UnixMillis,
    assignments::{
        Intent, LicenseKind, PossibleCase, Priority, PromptCase, Prompts, Reason, Registration, Settled,
        Shortage, Verdict, possible, prompts,
    },
    catalog::ProductType,
    devices::Enrolment,
    licenses::LicenseState,
};
use std::collections::BTreeSet;
use store::assignments::Errand;

/// One holder's part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    pub who: Who,
    pub settled: Option<Settled>,
    /// The assignment that leads to it, by position in the asset's.
    pub lead: Option<u16>,
    pub verdict: Verdict,
    /// The licence's state so far.
    pub state: Option<LicenseState>,
}

/// One asset's plan.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AssetPlan {
    /// Devices, then people, each in order; nobody twice. Whoever has nothing and is to have nothing is not named.
    pub lines: Vec<Line>,
    /// Devices in order.
    pub errands: Vec<(u32, Errand)>,
    /// A12: what devices get of other locations, by the assignment.
    pub draws: Vec<Draw>,
    /// Devices that no longer need what they got of another location: position, and source.
    pub returns: Vec<(u32, usize)>,
}

/// A device's licence of another location.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Draw {
    pub device: u32,
    /// In [`DesiredAsset::sources`].
    pub source: usize,
    /// In the asset's assignments.
    pub lead: usize,
}

/// Works one asset's plan out after another, in the same memory.
#[derive(Debug, Default)]
pub struct Planner {
    spread: Spread,
    /// Devices that have, get or are to get a device licence.
    taken: Vec<bool>,
    claims: Vec<Claim>,
}

/// Somebody who is to have a licence and has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Claim {
    priority: Priority,
    since: UnixMillis,
    who: Who,
    /// In the lines.
    line: usize,
}

/// What is to be for one holder, before licences are shared out.
enum Wish {
    Said(Verdict),
    /// Since when; those who are new come after all who wait.
    Claims(UnixMillis),
    Nothing,
}

impl Planner {
    pub fn plan(&mut self, desired: &Desired, asset: &DesiredAsset) -> AssetPlan {
        let directory = &desired.directory;
        self.spread.fill(directory, &desired.groups, asset);
        self.claims.clear();
        self.taken.clear();
        self.taken.resize(directory.devices().len(), false);
        let mut plan = AssetPlan::default();
        let people_at = asset.held.partition_point(|held| held.who < Who::Person(0));
        let (devices_held, people_held) = asset.held.split_at_checked(people_at).unwrap_or_default();
        let user_held = |person: u32| {
            people_held
                .binary_search_by_key(&Who::Person(person), |held| held.who)
                .ok()
                .and_then(|at| people_held.get(at))
                .is_some_and(|held| holds(held.state))
        };
        let mut held = devices_held.iter().peekable();
        for position in 0..directory.devices().len() as u32 {
            let who = Who::Device(position);
            let own = held.next_if(|held| held.who == who);
            let cell = self.spread.device(position);
            if own.is_none() && cell.settled.is_none() {
                continue;
            }
            let other_kind = !people_held.is_empty()
                && directory
                    .device(position)
                    .owner
                    .is_some_and(|owner| directory.accounts_of(owner).any(user_held));
            let view = View {
                directory,
                asset,
                who,
                cell,
                own,
                lead: self.spread.lead_of(who),
                other_kind,
            };
            let has = self.note(&mut plan, &view);
            if let Some(slot) = self.taken.get_mut(position as usize) {
                *slot = has;
            }
        }
        let mut held = people_held.iter().peekable();
        for position in 0..directory.people().len() as u32 {
            let who = Who::Person(position);
            let own = held.next_if(|held| held.who == who);
            let cell = self.spread.person(directory, position);
            if own.is_none() && cell.settled.is_none() {
                continue;
            }
            let devices = directory.devices_of(position).iter();
            let taken = |device: &u32| self.taken.get(*device as usize).copied().unwrap_or_default();
            let view = View {
                directory,
                asset,
                who,
                cell,
                own,
                lead: self.spread.lead_of(who),
                other_kind: devices.into_iter().any(taken),
            };
            self.note(&mut plan, &view);
        }
        self.share_out(asset, &mut plan);
        self.send_back(asset, &mut plan);
        self.send_errands(directory, asset, &mut plan);
        plan
    }

    /// Takes one holder into the plan; answers whether there is or is to be a licence.
    fn note(&mut self, plan: &mut AssetPlan, view: &View<'_>) -> bool {
        let there = view.own.is_some_and(|held| holds(held.state));
        let verdict = match view.wish() {
            Wish::Nothing => return there,
            Wish::Said(verdict) => verdict,
            Wish::Claims(since) => {
                let priority = view
                    .assigned()
                    .map_or_else(Priority::default, |assigned| assigned.priority);
                self.claims.push(Claim {
                    priority,
                    since,
                    who: view.who,
                    line: plan.lines.len(),
                });
                // Settled when licences are shared out.
                Verdict::Waits { before: 0 }
            }
        };
        plan.lines.push(Line {
            who: view.who,
            settled: view.cell.settled,
            lead: view.lead,
            verdict,
            state: view.own.map(|held| held.state),
        });
        there || matches!(verdict, Verdict::Waits { .. })
    }

    /// Gives the free licences to the first who claim one: by priority, then by time, then by id.
    fn share_out(&mut self, asset: &DesiredAsset, plan: &mut AssetPlan) {
        self.claims.sort_unstable();
        let reserved = asset.assigned.iter().map(|assigned| {
            let used = asset
                .held
                .iter()
                .filter(|held| held.assignment == Some(assigned.number) && holds(held.state));
            match assigned.reserved {
                0 => 0,
                reserved => reserved.saturating_sub(used.count() as i64),
            }
        });
        let mut pool = Pool::with_reservations(asset.free, reserved.collect());
        let mut elsewhere: Vec<Pool> = asset.sources.iter().map(|source| Pool::of(source.free)).collect();
        let mut draw = |who: Who, lead: Option<usize>| {
            let (Who::Device(device), Some(lead)) = (who, lead) else {
                return None;
            };
            let source = asset.assigned.get(lead)?.draw?;
            let pool = elsewhere.get_mut(source)?;
            pool.take(None).then_some(Draw { device, source, lead })
        };
        let mut before = 0;
        for claim in &self.claims {
            let Some(line) = plan.lines.get_mut(claim.line) else {
                continue;
            };
            let lead = line.lead.map(usize::from);
            let fails = lead
                .and_then(|lead| asset.assigned.get(lead))
                .is_some_and(|assigned| assigned.shortage == Shortage::Fail);
            line.verdict = match () {
                () if pool.take(lead) => Verdict::Gets,
                () if let Some(draw) = draw(line.who, lead) => {
                    plan.draws.push(draw);
                    Verdict::Draws
                }
                () if fails => Verdict::Cannot {
                    reason: Reason::NoneLeft,
                },
                () => {
                    before += 1;
                    Verdict::Waits { before: before - 1 }
                }
            };
        }
    }

    /// What an assignment of this asset drew from another location goes back when it is removed, or the device is no longer
    /// to have the app, or has a licence of this location by now.
    fn send_back(&self, asset: &DesiredAsset, plan: &mut AssetPlan) {
        for (source, at) in asset.sources.iter().zip(0..) {
            for held in &source.held {
                let removed = held.assignment.is_some() && held.assignment == asset.removed;
                let own = held
                    .assignment
                    .is_some_and(|number| asset.assigned.iter().any(|one| one.number == number));
                let Who::Device(position) = held.who else { continue };
                if !(own || removed) || held.state != LicenseState::Held {
                    continue;
                }
                let cell = self.spread.device(position);
                let asked = asset.asked.binary_search(&held.who).is_ok();
                let wanted = cell.holds(Intent::Required, LicenseKind::Device)
                    || cell.holds(Intent::Available, LicenseKind::Device) && asked;
                let here = own_of(asset, held.who).is_some_and(|held| holds(held.state));
                if removed || !wanted || here {
                    plan.returns.push((position, at));
                }
            }
        }
    }

    /// What devices are to do: install what is required or was asked for, where a licence is there or on its way; remove
    /// what is to be uninstalled, or whose licence goes and no other one stands in for it (R2: not from a Mac). A licence
    /// of the primary user's counts for the device.
    fn send_errands(&mut self, directory: &Directory, asset: &DesiredAsset, plan: &mut AssetPlan) {
        let licensed = |line: &Line| matches!(line.verdict, Verdict::Has | Verdict::Gets | Verdict::Draws);
        let people_at = plan.lines.partition_point(|line| line.who < Who::Person(0));
        let (devices, people) = plan.lines.split_at_checked(people_at).unwrap_or_default();
        let line_of = |account: u32| {
            let account = Who::Person(account);
            let at = people.binary_search_by_key(&account, |line| line.who).ok()?;
            people.get(at)
        };
        let stays = |who: Who, line: Option<&Line>| match line {
            Some(line) => {
                let kept = matches!(line.verdict, Verdict::Keeps { .. });
                licensed(line) || kept && line.state != Some(LicenseState::Releasing)
            }
            None => own_of(asset, who)
                .is_some_and(|held| matches!(held.state, LicenseState::Held | LicenseState::Requested)),
        };
        let returned: BTreeSet<u32> = plan.returns.iter().map(|(device, _)| *device).collect();
        let mut own = devices.iter().peekable();
        for (device, position) in directory.devices().iter().zip(0..) {
            let who = Who::Device(position);
            let line = own.next_if(|line| line.who == who);
            let settled = self.spread.device(position).settled;
            let accounts = || {
                device
                    .owner
                    .into_iter()
                    .flat_map(|owner| directory.accounts_of(owner))
            };
            let loses = |line: &Line| line.verdict == Verdict::Loses;
            let goes = line.is_some_and(loses)
                || returned.contains(&position)
                || accounts().filter_map(line_of).any(loses);
            let covered = || {
                stays(who, line) || accounts().any(|account| stays(Who::Person(account), line_of(account)))
            };
            let errand = match settled {
                Some(Settled::Uninstall) => Some(Errand::Uninstall),
                _ if goes && !covered() => Some(Errand::Uninstall),
                None => None,
                Some(settled) => {
                    let by_owner = || accounts().filter_map(line_of).find(|line| licensed(line));
                    let line = line.filter(|line| licensed(line)).or_else(by_owner);
                    let wanted = settled.holds(Intent::Required)
                        || line.is_some_and(|line| asset.asked.binary_search(&line.who).is_ok());
                    (wanted && line.is_some()).then_some(Errand::Install)
                }
            };
            if let Some(errand) = errand.filter(|errand| *errand == Errand::Install || !device.mac) {
                plan.errands.push((position, errand));
            }
        }
    }

    /// What the last plan's assignments bring.
    pub fn spread(&self) -> &Spread {
        &self.spread
    }
}

/// What is known of one holder.
struct View<'a> {
    directory: &'a Directory,
    asset: &'a DesiredAsset,
    who: Who,
    cell: Cell,
    own: Option<&'a Held>,
    lead: Option<u16>,
    /// A licence of the other kind is in the way (A3).
    other_kind: bool,
}

/// There is one, or one is on its way or on its way back.
fn holds(state: LicenseState) -> bool {
    matches!(
        state,
        LicenseState::Requested | LicenseState::Held | LicenseState::Releasing
    )
}

/// What a holder has of the asset so far.
pub(super) fn own_of(asset: &DesiredAsset, who: Who) -> Option<&Held> {
    let at = asset.held.binary_search_by_key(&who, |held| held.who).ok()?;
    asset.held.get(at)
}

fn cannot(reason: Reason) -> Wish {
    Wish::Said(Verdict::Cannot { reason })
}

impl View<'_> {
    fn kind(&self) -> LicenseKind {
        match self.who {
            Who::Device(_) => LicenseKind::Device,
            Who::Person(_) => LicenseKind::User,
        }
    }

    fn assigned(&self) -> Option<&Assigned> {
        self.asset.assigned.get(usize::from(self.lead?))
    }

    fn wish(&self) -> Wish {
        if self.person().is_some_and(|person| person.left) {
            return self.leave_behind();
        }
        let required = self.cell.holds(Intent::Required, self.kind());
        let available = self.cell.holds(Intent::Available, self.kind());
        let asked = self.asset.asked.binary_search(&self.who).is_ok();
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

    /// It is to have a licence.
    fn claim(&self) -> Wish {
        const NEW: UnixMillis = UnixMillis::MAX;
        let Some(own) = self.own else {
            return self.claim_since(NEW);
        };
        match own.state {
            LicenseState::Held | LicenseState::Requested => Wish::Said(Verdict::Has),
            LicenseState::Releasing => cannot(Reason::UnderWay),
            LicenseState::Waiting => self.claim_since(own.since),
            LicenseState::Released => self.claim_since(NEW),
            LicenseState::Failed if own.shortage => self.claim_since(own.since),
            LicenseState::Failed
                if self
                    .assigned()
                    .is_some_and(|assigned| assigned.changed_at > own.since) =>
            {
                self.claim_since(NEW)
            }
            // Apple knows the person again, or is to know the person from now on.
            LicenseState::Failed
                if own.unknown
                    && self.person().is_some_and(|person| {
                        let to_join = person.registration == Registration::None && !person.refused;
                        to_join || person.registered_at > own.since
                    }) =>
            {
                self.claim_since(NEW)
            }
            LicenseState::Failed if own.none_left => cannot(Reason::NoneLeft),
            LicenseState::Failed => cannot(Reason::Refused),
        }
    }

    fn claim_since(&self, since: UnixMillis) -> Wish {
        if self.asset.lost.binary_search(&self.who).is_ok() {
            return cannot(Reason::LostAtApple);
        }
        if let Who::Device(position) = self.who
            && self.directory.device(position).gone
        {
            return cannot(Reason::DeviceGone);
        }
        if self.barred() {
            return cannot(Reason::Reclaimed);
        }
        match self.possible() {
            Err(reason) => cannot(reason),
            Ok(()) if self.other_kind => cannot(Reason::OtherKind),
            Ok(()) if self.drawn() => Wish::Said(Verdict::Has),
            Ok(()) if self.person().is_some_and(|person| person.refused) => cannot(Reason::NotRegistered),
            Ok(()) => Wish::Claims(since),
        }
    }

    /// There is a licence of the location that the assignment draws from.
    fn drawn(&self) -> bool {
        let draw = self.assigned().and_then(|assigned| assigned.draw);
        let source = draw.and_then(|at| self.asset.sources.get(at));
        let held = source.and_then(|source| {
            let at = source
                .held
                .binary_search_by_key(&self.who, |held| held.who)
                .ok()?;
            source.held.get(at)
        });
        held.is_some_and(|held| {
            matches!(
                held.state,
                LicenseState::Waiting | LicenseState::Requested | LicenseState::Held
            )
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
        match self.own.map(|held| held.state) {
            Some(LicenseState::Held) if self.revocable() => Wish::Said(Verdict::Loses),
            Some(LicenseState::Waiting) => Wish::Said(Verdict::Leaves),
            Some(LicenseState::Held) => keeps(Reason::NotRevocable),
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
        self.claim_since(self.own.map_or(UnixMillis::MAX, |held| held.since))
    }

    fn revocable(&self) -> bool {
        self.asset.revocable && self.asset.product == ProductType::App
    }

    /// A3. A person can have what one of the devices can.
    fn possible(&self) -> Result<(), Reason> {
        match self.who {
            Who::Device(position) => possible(self.case(Some(position), None)),
            Who::Person(person) => {
                let devices = self.directory.devices_of(person);
                let mut first = None;
                for device in devices {
                    match possible(self.case(Some(*device), Some(person))) {
                        Ok(()) => return Ok(()),
                        Err(reason) => first = first.or(Some(reason)),
                    }
                }
                match first {
                    Some(reason) => Err(reason),
                    None => possible(self.case(None, Some(person))),
                }
            }
        }
    }

    fn case(&self, device: Option<u32>, person: Option<u32>) -> PossibleCase {
        let device = device.map(|position| self.directory.device(position));
        let person = person.map(|position| self.directory.person(position));
        PossibleCase {
            product: self.asset.product,
            device_assignable: self.asset.device_assignable,
            kind: self.kind(),
            enrolment: device.map_or(Enrolment::Device, |device| device.enrolment),
            store_blocked: device.is_some_and(|device| device.store_blocked),
            registration: person.map_or(Registration::None, |person| person.registration),
            managed_account: person.is_some_and(|person| person.managed_account),
        }
    }
}

fn keeps(reason: Reason) -> Wish {
    Wish::Said(Verdict::Keeps { reason })
}

/// A9: what whoever uses this device will be asked. Of a person, the first device counts; without one nothing is known.
pub fn prompts_for(directory: &Directory, who: Who) -> Option<Prompts> {
    let (position, kind) = match who {
        Who::Device(position) => (position, LicenseKind::Device),
        Who::Person(person) => (*directory.devices_of(person).first()?, LicenseKind::User),
    };
    let device = directory.device(position);
    let person = match who {
        Who::Person(person) => Some(person),
        Who::Device(_) => device.owner,
    };
    let person = person.map(|person| directory.person(person)).unwrap_or_default();
    Some(prompts(PromptCase {
        ownership: device.ownership,
        supervised: device.supervised,
        kind,
        kiosk: device.kiosk,
        enrolment: device.enrolment,
        registration: person.registration,
        managed_account: person.managed_account,
    }))
}

#[cfg(test)]
#[path = "fulfil/tests.rs"]
mod tests;

#[cfg(test)]
#[path = "fulfil/ends.rs"]
mod ends;
