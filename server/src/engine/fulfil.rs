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
    devices::{Enrolment, Platform},
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
    /// Since when it is in the line, or asks to be (A4, A8); none for whoever has no place in it so far.
    pub since: Option<UnixMillis>,
    /// A10: devices have licences in place of their person's. This is one of them, or the person.
    pub moved: bool,
}

impl Line {
    /// A person without a licence, fulfilled by those of the devices (A10).
    pub fn by_devices(&self) -> bool {
        let none = !self.state.is_some_and(holds);
        self.moved && none && self.verdict == Verdict::Has && matches!(self.who, Who::Person(_))
    }
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
    /// People whose devices have licences in place of theirs (A10).
    moved: BTreeSet<u32>,
    claims: Vec<Claim>,
}

/// Somebody who is to have a licence and has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Claim {
    priority: Priority,
    since: UnixMillis,
    turn: i64,
    who: Who,
    /// In the lines.
    line: usize,
}

/// Later than everything.
const NEW: UnixMillis = UnixMillis::MAX;

/// What is to be for one holder, before licences are shared out.
enum Wish {
    Said(Verdict),
    /// Since when; [`NEW`] for those who come after all who wait or asked.
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
        self.moved = moved(directory, asset, devices_held);
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
            let owner = directory.device(position).owner;
            let concerned = own.is_some() || cell.settled.is_some();
            if !concerned && !owner.is_some_and(|owner| self.moved.contains(&owner)) {
                continue;
            }
            let other_kind = !people_held.is_empty()
                && owner.is_some_and(|owner| directory.accounts_of(owner).any(user_held));
            // Until the person's own is gone, the migration gives what the devices still lack.
            let moved = owner.filter(|owner| {
                own.is_some_and(|own| asset.in_place_of_a_users(own))
                    || !other_kind && self.moved.contains(owner)
            });
            let (cell, lead) = match moved {
                Some(owner) => self.moved_part(directory, position, owner),
                None => (cell, self.spread.lead_of(who)),
            };
            if own.is_none() && cell.settled.is_none() {
                continue;
            }
            let view = View {
                directory,
                asset,
                who,
                cell,
                own,
                lead,
                other_kind,
                moved,
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
                moved: Some(directory.first_account(position)).filter(|first| self.moved.contains(first)),
            };
            self.note(&mut plan, &view);
        }
        self.share_out(asset, &mut plan);
        self.send_back(asset, &mut plan);
        self.send_errands(directory, asset, &mut plan);
        plan
    }

    /// What it comes to for a device that has, or is to have, a licence in place of this owner's, and what leads to it.
    fn moved_part(&self, directory: &Directory, position: u32, owner: u32) -> (Cell, Option<u16>) {
        let own = self.spread.device(position);
        let own_lead = self.spread.lead_of(Who::Device(position));
        let by_itself = [Intent::Required, Intent::Available]
            .into_iter()
            .any(|intent| own.holds(intent, LicenseKind::Device));
        if by_itself {
            return (own, own_lead);
        }
        // A group that another device of the same owner's is in brings nothing to this one, but to the owner.
        let cell = match own.settled {
            None => self.spread.person(directory, owner),
            Some(_) => own,
        };
        let lead = self.spread.lead_of(Who::Person(owner)).or(own_lead);
        (cell.for_moved(), lead)
    }

    /// Takes one holder into the plan; answers whether there is or is to be a licence.
    fn note(&mut self, plan: &mut AssetPlan, view: &View<'_>) -> bool {
        let there = view.own.is_some_and(|held| holds(held.state));
        let mut placed = None;
        let verdict = match view.wish() {
            Wish::Nothing => return there,
            Wish::Said(verdict) => verdict,
            Wish::Claims(since) => {
                let priority = view
                    .assigned()
                    .map_or_else(Priority::default, |assigned| assigned.priority);
                placed = (since != NEW).then_some(since);
                self.claims.push(Claim {
                    priority,
                    since,
                    turn: view
                        .own
                        .filter(|own| own.since == since)
                        .map_or(0, |own| own.turn),
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
            since: placed,
            moved: view.moved.is_some(),
        });
        there || matches!(verdict, Verdict::Waits { .. })
    }

    /// Gives the free licences to the first who claim one: by priority, then by time and turn, then by id.
    fn share_out(&mut self, asset: &DesiredAsset, plan: &mut AssetPlan) {
        self.claims.sort_unstable();
        let reserved = asset.assigned.iter().map(|assigned| {
            let used = asset
                .held
                .iter()
                .filter(|held| held.assignment == Some(assigned.number) && holds(held.state));
            match assigned.reserved {
                reserved if reserved == 0 || !assigned.gives() => 0,
                reserved => reserved.saturating_sub(used.count() as i64),
            }
        });
        let mut pool = Pool::with_reservations(asset.free, reserved.collect());
        let mut elsewhere: Vec<Pool> = asset.sources.iter().map(|source| Pool::of(source.free)).collect();
        let mut draw = |who: Who, lead: Option<usize>| {
            let (Who::Device(device), Some(lead)) = (who, lead) else {
                return None;
            };
            let assigned = asset.assigned.get(lead)?;
            let source = assigned.draw?;
            // Until the assignment is saved again.
            if asset.sources.get(source)?.refused(who, assigned.changed_at) {
                return None;
            }
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
                let asked = asset.asked_by(held.who).is_some();
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
    /// of the primary user's counts for the device. Nothing is installed where it does not run, and nothing at all is told
    /// of what another tool installs (A13).
    fn send_errands(&mut self, directory: &Directory, asset: &DesiredAsset, plan: &mut AssetPlan) {
        let licensed = |line: &Line| {
            matches!(line.verdict, Verdict::Has | Verdict::Gets | Verdict::Draws) && !line.by_devices()
        };
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
        let drawn_by =
            |device: u32, source: usize| asset.sources.get(source)?.of(Who::Device(device))?.assignment;
        let returned: BTreeSet<u32> = plan
            .returns
            .iter()
            .filter(|(device, source)| !asset.is_license_only(drawn_by(*device, *source)))
            .map(|(device, _)| *device)
            .collect();
        let led_to = |lead: Option<u16>| Some(asset.assigned.get(usize::from(lead?))?.number);
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
            let loses = |line: &Line| {
                let given_by = own_of(asset, line.who).and_then(|held| held.assignment);
                line.verdict == Verdict::Loses && !asset.is_license_only(given_by)
            };
            let goes = line.is_some_and(loses)
                || returned.contains(&position)
                || accounts().filter_map(line_of).any(loses);
            let covered = || {
                stays(who, line) || accounts().any(|account| stays(Who::Person(account), line_of(account)))
            };
            let errand = match settled {
                Some(Settled::Uninstall) => {
                    let elsewhere = asset.is_license_only(led_to(self.spread.lead_of(who)));
                    (!elsewhere).then_some(Errand::Uninstall)
                }
                _ if goes && !covered() => Some(Errand::Uninstall),
                None => None,
                Some(settled) => {
                    let by_owner = || accounts().filter_map(line_of).find(|line| licensed(line));
                    let line = line.filter(|line| licensed(line)).or_else(by_owner);
                    let asked = |who: Who| asset.asked_by(who).is_some();
                    let wanted = settled.holds(Intent::Required)
                        || line.is_some_and(|line| {
                            asked(line.who) || line.moved && accounts().map(Who::Person).any(asked)
                        });
                    let here = line.is_some_and(|line| !asset.is_license_only(led_to(line.lead)));
                    (wanted && here).then_some(Errand::Install)
                }
            };
            let possible = |errand: &Errand| match errand {
                Errand::Install => asset.platforms.suit(device.platform),
                Errand::Uninstall => device.platform != Platform::MacOs,
            };
            if let Some(errand) = errand.filter(possible) {
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
    /// The person in whose place devices have licences (A10).
    moved: Option<u32>,
}

/// People whose devices have licences in place of theirs, by their first accounts (A10): as those show, and whoever was
/// migrated, even if the devices have lost them since.
fn moved(directory: &Directory, asset: &DesiredAsset, devices: &[Held]) -> BTreeSet<u32> {
    if !asset.assigned.iter().any(Assigned::gives_users) {
        return BTreeSet::new();
    }
    let there = |held: &&Held| matches!(held.state, LicenseState::Requested | LicenseState::Held);
    let owners = devices
        .iter()
        .filter(there)
        .filter(|held| asset.in_place_of_a_users(held))
        .filter_map(|held| match held.who {
            Who::Device(position) => directory.device(position).owner,
            Who::Person(_) => None,
        });
    let migrated = asset.moved.iter();
    let migrated = migrated.map(|person| directory.first_account(*person));
    owners.chain(migrated).collect()
}

/// There is one, or one is on its way or on its way back.
pub fn holds(state: LicenseState) -> bool {
    matches!(
        state,
        LicenseState::Requested | LicenseState::Held | LicenseState::Releasing
    )
}

/// What a holder has of the asset so far.
pub fn own_of(asset: &DesiredAsset, who: Who) -> Option<&Held> {
    let at = asset.held.binary_search_by_key(&who, |held| held.who).ok()?;
    asset.held.get(at)
}

/// How far the licence is of the location that the leading assignment draws from, if there is one or is to be (A12).
pub fn drawn(asset: &DesiredAsset, lead: Option<u16>, who: Who) -> Option<LicenseState> {
    let assigned = asset.assigned.get(usize::from(lead?))?;
    let held = asset.sources.get(assigned.draw?)?.of(who)?;
    let there = matches!(
        held.state,
        LicenseState::Waiting | LicenseState::Requested | LicenseState::Held
    );
    there.then_some(held.state)
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
            LicenseState::Failed if own.shortage || own.none_left => self.claim_since(own.since),
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
            Ok(()) if drawn(self.asset, self.lead, self.who).is_some() => Wish::Said(Verdict::Has),
            Ok(()) if self.person().is_some_and(|person| person.refused) => cannot(Reason::NotRegistered),
            Ok(()) => Wish::Claims(since),
        }
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
        let device = device.map(|position| self.directory.device(position));
        let person = person.map(|position| self.directory.person(position));
        PossibleCase {
            product: self.asset.product,
            device_assignable: self.asset.device_assignable,
            kind: self.kind(),
            enrolment: device.map_or(Enrolment::Device, |device| device.enrolment),
            store_blocked: device.is_some_and(|device| device.store_blocked),
            runs_elsewhere: device.is_some_and(|device| !self.asset.platforms.suit(device.platform)),
            registration: person.map_or(Registration::None, |person| person.registration),
            managed_account: person.is_some_and(|person| person.managed_account),
        }
    }
}

fn keeps(reason: Reason) -> Wish {
    Wish::Said(Verdict::Keeps { reason })
}

/// A person's devices, without those that are gone.
fn used_by(directory: &Directory, person: u32) -> impl Iterator<Item = u32> {
    let devices = directory.devices_of(person).iter().copied();
    devices.filter(|device| !directory.device(*device).gone)
}

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

#[cfg(test)]
#[path = "fulfil/tests.rs"]
mod tests;

#[cfg(test)]
#[path = "fulfil/ends.rs"]
mod ends;

#[cfg(test)]
#[path = "fulfil/installs.rs"]
mod installs;
