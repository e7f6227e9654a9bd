//! From what should be to what is to be done: who gets a licence, waits, cannot, loses it (A4, A7, A8, A12, R2). Pure and
//! deterministic: the screen's dry run and the worker use this same function.

mod errands;
mod prompts;
mod wish;

pub use prompts::{prompts_for, prompts_on};
pub use wish::usable_on;

use super::{
    desired::{Assigned, Cell, Desired, DesiredAsset, Directory, Held, Spread, Who},
    pool::Pool,
};
use contract::{
    UnixMillis,
    assignments::{Intent, LicenseKind, Priority, Reason, Settled, Shortage, Verdict},
    licenses::LicenseState,
};
use std::collections::BTreeSet;
use store::planning::Errand;
use wish::{NEW, View, Wish};

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
    /// Somebody found none left.
    short: bool,
}

/// Somebody who is to have a licence and has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Claim {
    /// Its assignment lets nobody wait, and somebody found none left already (A8): after all who wait.
    last: bool,
    priority: Priority,
    since: UnixMillis,
    turn: i64,
    who: Who,
    /// In the lines.
    line: usize,
}

impl Planner {
    pub fn plan(&mut self, desired: &Desired, asset: &DesiredAsset) -> AssetPlan {
        let directory = &desired.directory;
        self.spread.fill(directory, &desired.groups, asset);
        self.claims.clear();
        self.short = asset.held.iter().any(Held::is_short);
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
                    last: self.short && view.fails(),
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

    /// Gives the free licences to the first who claim one: by priority, then by time and turn, then by id; to those whose
    /// assignment lets nobody wait, once somebody found none left, what is over then.
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
                if !(own || removed) || held.state != LicenseState::Held || held.not_taken_back {
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

    /// What the last plan's assignments bring.
    pub fn spread(&self) -> &Spread {
        &self.spread
    }
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

/// A person's devices, without those that are gone.
fn used_by(directory: &Directory, person: u32) -> impl Iterator<Item = u32> {
    let devices = directory.devices_of(person).iter().copied();
    devices.filter(|device| !directory.device(*device).gone)
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
