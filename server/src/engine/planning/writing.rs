//! What the plans say becomes one [`Fulfilment`], to be written down.

use super::{Actor, Planning, group_name};
use crate::{
    clock::new_id,
    engine::{
        Limits,
        batches::{group, operation},
        desired::{Assigned, DesiredAsset, Held, Who},
        fulfil::{AssetPlan, Line, drawn, own_of},
    },
};
use contract::{
    AssetId, DeviceId, LocationId, UnixMillis,
    activity::OperationKind,
    assignments::{Reason, Verdict},
    licenses::{Holder, LicenseState},
};
use std::collections::{BTreeMap, BTreeSet};
use store::{
    catalog::StockAsset,
    fulfilment::{Fulfilment, Leave, Mark, NEW_ASSIGNMENT},
    operations::{NewBatch, NewOperation},
    planning::{Errand, PlanAssetData},
    users::NewUser,
};

impl Planning {
    /// What the plans come to, to be written down.
    pub fn fulfilment(
        &self,
        plans: &[AssetPlan],
        limits: Limits,
        actor: &Actor,
        now: UnixMillis,
    ) -> Fulfilment {
        let mut gathered = Gathered::default();
        for (((data, stock), asset), plan) in self
            .data
            .assets
            .iter()
            .zip(&self.stock)
            .zip(&self.desired.assets)
            .zip(plans)
        {
            gathered.asset(self, data, stock, asset, plan);
        }
        let (holders, joining) = self.holders(&gathered.joins, now);
        let Gathered {
            works,
            marks,
            leaves,
            fails,
            since,
            errands,
            joins: _,
        } = gathered;
        let operations = works
            .into_iter()
            .flat_map(|(location, work)| work.operations(&location, &holders, limits, actor, now))
            .collect();
        Fulfilment {
            at: now,
            by: actor.name.clone(),
            applied: None,
            planned: Vec::new(),
            joining: self
                .stock
                .first()
                .filter(|_| !joining.is_empty())
                .map(|stock| (stock.location.clone(), joining)),
            holders,
            operations,
            marks,
            leaves,
            fails,
            since,
            errands,
        }
    }

    /// Devices, then people, so that a position among people follows those among devices; and who of the people joins.
    fn holders(&self, joins: &BTreeSet<u32>, now: UnixMillis) -> (Vec<Holder>, Vec<NewUser>) {
        let devices = self.data.devices.iter();
        let mut holders: Vec<Holder> = devices
            .map(|device| Holder::Device(device.serial.clone()))
            .collect();
        let mut joining = Vec::new();
        for (person, position) in self.data.people.iter().zip(0..) {
            let joins = joins.contains(&position);
            let id = person.client_user_id.clone();
            let id = id.unwrap_or_else(|| if joins { new_id(now) } else { String::new() });
            if joins {
                joining.push(NewUser {
                    person: person.id.clone(),
                    client_user_id: id.clone(),
                    account: person.account,
                });
            }
            holders.push(Holder::User(id));
        }
        (holders, joining)
    }
}

/// One location's part: by reason, so that the ledger names for each holder the group that decided (L2).
#[derive(Default)]
struct Work {
    gets: BTreeMap<String, Vec<(AssetId, u32)>>,
    waits: BTreeMap<String, Vec<(AssetId, u32)>>,
    loses: BTreeMap<String, Vec<(AssetId, u32)>>,
}

fn add(by_reason: &mut BTreeMap<String, Vec<(AssetId, u32)>>, reason: &str, asset: AssetId, place: u32) {
    match by_reason.get_mut(reason) {
        Some(pairs) => pairs.push((asset, place)),
        None => {
            by_reason.insert(reason.to_owned(), vec![(asset, place)]);
        }
    }
}

#[derive(Default)]
struct Gathered {
    works: BTreeMap<LocationId, Work>,
    marks: Vec<Mark>,
    leaves: Vec<Leave>,
    fails: Vec<Mark>,
    since: Vec<(AssetId, u32, UnixMillis)>,
    errands: Vec<(AssetId, DeviceId, Option<Errand>)>,
    /// Positions of people who are to be registered at Apple, so that they can have what they get.
    joins: BTreeSet<u32>,
}

/// One asset's part.
#[derive(Default)]
struct OfAsset {
    marks: BTreeMap<i64, Vec<u32>>,
    fails: BTreeMap<i64, Vec<u32>>,
    leaves: BTreeMap<String, Vec<u32>>,
}

/// One line of a plan with what belongs to it.
struct Entry<'a> {
    line: &'a Line,
    place: u32,
    lead: Option<&'a Assigned>,
    own: Option<&'a Held>,
    /// The group that leads to it.
    led: &'a str,
}

impl Entry<'_> {
    fn waited(&self) -> bool {
        self.line.state == Some(LicenseState::Waiting)
    }

    /// What stands at the licence so far.
    fn given_by(&self) -> Option<i64> {
        self.own.and_then(|own| own.assignment)
    }

    /// To whom the assignment's failing for want of licences was told already (A8).
    fn told(&self) -> bool {
        let short = self.own.is_some_and(|own| own.none_left || own.shortage);
        short && self.given_by() == self.lead.map(|lead| lead.number)
    }

    /// Possible now, or once the person has accepted the invitation (A3); or kept by somebody who left, was retired, and is
    /// back (D4).
    fn needs_account(&self) -> bool {
        match self.line.verdict {
            Verdict::Gets
            | Verdict::Waits { .. }
            | Verdict::Cannot {
                reason: Reason::NoneLeft | Reason::StoreBlocked,
            } => true,
            Verdict::Has => !self.line.by_devices(),
            _ => false,
        }
    }
}

impl OfAsset {
    fn note(&mut self, entry: &Entry<'_>, asset: &DesiredAsset) {
        let Entry {
            line, place, lead, ..
        } = *entry;
        let assignment = lead.map_or(NEW_ASSIGNMENT, |lead| lead.number);
        let cannot = matches!(line.verdict, Verdict::Cannot { .. });
        let none_left = line.verdict
            == Verdict::Cannot {
                reason: Reason::NoneLeft,
            };
        // Whoever draws stays in the line until Apple has given it (A12).
        let has_drawn = || {
            let in_line = matches!(line.state, Some(LicenseState::Waiting | LicenseState::Failed));
            in_line && drawn(asset, line.lead, line.who) == Some(LicenseState::Held)
        };
        match line.verdict {
            _ if none_left => {
                if !entry.told() {
                    self.fails.entry(assignment).or_default().push(place);
                }
            }
            _ if cannot && (entry.waited() || entry.own.is_some_and(|own| own.none_left)) => {
                self.leave(entry.led, place);
            }
            Verdict::Has if has_drawn() => self.leave(entry.led, place),
            _ => {}
        }
        // What an assignment gave that is gone, another one has from now on.
        let gone = |number| !asset.assigned.iter().any(|one| one.number == number);
        let marked = match line.verdict {
            Verdict::Has => entry.given_by().is_some_and(gone),
            Verdict::Gets => true,
            Verdict::Waits { .. } => !(entry.waited() && entry.given_by() == Some(assignment)),
            _ => false,
        };
        if marked && lead.is_some() {
            self.marks.entry(assignment).or_default().push(place);
        }
    }

    fn leave(&mut self, reason: &str, place: u32) {
        match self.leaves.get_mut(reason) {
            Some(places) => places.push(place),
            None => {
                self.leaves.insert(reason.to_owned(), vec![place]);
            }
        }
    }
}

impl Work {
    fn note(&mut self, asset: AssetId, entry: &Entry<'_>, registered: bool) {
        let into = match entry.line.verdict {
            Verdict::Gets if registered => &mut self.gets,
            // Registered at Apple first; planned again as soon as that is done.
            Verdict::Gets | Verdict::Waits { .. } if !entry.waited() => &mut self.waits,
            _ => return,
        };
        add(into, entry.led, asset, entry.place);
    }
}

impl Gathered {
    fn asset(
        &mut self,
        planning: &Planning,
        data: &PlanAssetData,
        stock: &StockAsset,
        asset: &DesiredAsset,
        plan: &AssetPlan,
    ) {
        let work = self.works.entry(stock.location.clone()).or_default();
        let mut of_asset = OfAsset::default();
        for line in &plan.lines {
            let lead = line.lead.and_then(|lead| asset.assigned.get(usize::from(lead)));
            let led = lead.and_then(|lead| group_name(data, lead.number));
            let entry = Entry {
                line,
                place: planning.place(line.who),
                lead,
                own: own_of(asset, line.who),
                led: led.unwrap_or_default(),
            };
            if let Who::Person(position) = line.who
                && entry.needs_account()
                && planning.joins(position)
            {
                self.joins.insert(position);
            }
            let why_lost = || planning.why_lost(data, line.who, line.settled, lead, entry.given_by());
            match line.verdict {
                Verdict::Loses => add(&mut work.loses, &why_lost(), stock.id, entry.place),
                Verdict::Leaves => of_asset.leave(&why_lost(), entry.place),
                _ => work.note(stock.id, &entry, planning.is_registered(line.who)),
            }
            of_asset.note(&entry, asset);
            let moved = |since: &UnixMillis| entry.own.is_none_or(|own| own.since != *since);
            if let Some(since) = line.since.filter(moved) {
                self.since.push((stock.id, entry.place, since));
            }
        }
        self.elsewhere(planning, data, asset, plan);
        let marks = |marks: BTreeMap<i64, Vec<u32>>| {
            marks.into_iter().map(|(assignment, holders)| Mark {
                asset: stock.id,
                assignment,
                holders,
            })
        };
        self.marks.extend(marks(of_asset.marks));
        self.fails.extend(marks(of_asset.fails));
        self.leaves
            .extend(of_asset.leaves.into_iter().map(|(reason, holders)| Leave {
                asset: stock.id,
                reason,
                holders,
            }));
        self.errands(planning, data, asset, plan);
    }

    /// What comes from another location (A12), and what goes back there.
    fn elsewhere(
        &mut self,
        planning: &Planning,
        data: &PlanAssetData,
        asset: &DesiredAsset,
        plan: &AssetPlan,
    ) {
        let place = |device| planning.place(Who::Device(device));
        let mut marks: BTreeMap<(AssetId, i64), Vec<u32>> = BTreeMap::new();
        for draw in &plan.draws {
            let (Some(source), Some(lead)) = (data.sources.get(draw.source), asset.assigned.get(draw.lead))
            else {
                continue;
            };
            let work = self.works.entry(source.location.clone()).or_default();
            let led = group_name(data, lead.number).unwrap_or_default();
            add(&mut work.gets, led, source.asset, place(draw.device));
            let marked = marks.entry((source.asset, lead.number)).or_default();
            marked.push(place(draw.device));
        }
        self.marks
            .extend(marks.into_iter().map(|((asset, assignment), holders)| Mark {
                asset,
                assignment,
                holders,
            }));
        for (device, source) in &plan.returns {
            if let Some(source) = data.sources.get(*source) {
                let held = source.held.iter().find(|license| license.position == *device);
                let given_by = held.and_then(|license| license.assignment);
                let reason = planning.why_lost(data, Who::Device(*device), None, None, given_by);
                let work = self.works.entry(source.location.clone()).or_default();
                add(&mut work.loses, &reason, source.asset, place(*device));
            }
        }
    }

    /// Where what devices are to do is another than before. An uninstall stays until it is done, taken back, or a licence
    /// given by hand; an install that was asked for stays with a licence given by hand.
    fn errands(&mut self, planning: &Planning, data: &PlanAssetData, asset: &DesiredAsset, plan: &AssetPlan) {
        let by_hand = |position: u32| {
            let own = own_of(asset, Who::Device(position));
            own.filter(|own| own.assignment.is_none()).map(|own| own.state)
        };
        let mut before = data.errands.iter().copied().peekable();
        let mut wanted = plan.errands.iter().copied().peekable();
        let mut note = |position: u32, errand: Option<Errand>| {
            if let Some(device) = planning.data.devices.get(position as usize) {
                self.errands.push((asset.id, device.id.clone(), errand));
            }
        };
        while let Some(next) = [before.peek(), wanted.peek()]
            .into_iter()
            .flatten()
            .map(|(at, _)| *at)
            .min()
        {
            let former = before.next_if(|(at, _)| *at == next).map(|(_, errand)| errand);
            let wish = wanted.next_if(|(at, _)| *at == next).map(|(_, errand)| errand);
            match (former, wish) {
                (Some(former), None) => {
                    let own = by_hand(next);
                    let licensed = matches!(own, Some(LicenseState::Requested | LicenseState::Held));
                    let ends = match former {
                        Errand::Install => !licensed && own != Some(LicenseState::Waiting),
                        Errand::Uninstall => licensed,
                    };
                    if ends {
                        note(next, None);
                    }
                }
                (former, Some(wish)) if former != Some(wish) => note(next, Some(wish)),
                _ => {}
            }
        }
    }
}

impl Work {
    /// For each reason an operation that gives, then one that takes back, as far as there is anything.
    fn operations(
        self,
        location: &LocationId,
        holders: &[Holder],
        limits: Limits,
        actor: &Actor,
        now: UnixMillis,
    ) -> Vec<NewOperation> {
        let named = |places: Vec<u32>| -> Vec<Holder> {
            let places = places.into_iter();
            places
                .filter_map(|place| holders.get(place as usize).cloned())
                .collect()
        };
        let batches = |pairs: Vec<(AssetId, u32)>| -> Vec<NewBatch> {
            group(pairs, limits)
                .into_iter()
                .map(|(assets, places)| NewBatch {
                    assets,
                    holders: named(places),
                })
                .collect()
        };
        let waiting = |pairs: Vec<(AssetId, u32)>| {
            let pairs = pairs.into_iter();
            pairs
                .filter_map(|(asset, place)| Some((asset, holders.get(place as usize)?.clone())))
                .collect()
        };
        let of = |kind, reason, pairs, waits| NewOperation {
            batches: batches(pairs),
            waiting: waiting(waits),
            ..operation(kind, location, actor, reason, [], limits, now)
        };
        let mut gives: BTreeMap<String, (Vec<_>, Vec<_>)> = BTreeMap::new();
        for (reason, gets) in self.gets {
            gives.entry(reason).or_default().0 = gets;
        }
        for (reason, waits) in self.waits {
            gives.entry(reason).or_default().1 = waits;
        }
        let given = gives
            .into_iter()
            .map(|(reason, (gets, waits))| of(OperationKind::Assign, reason, gets, waits));
        let taken = self
            .loses
            .into_iter()
            .map(|(reason, loses)| of(OperationKind::Revoke, reason, loses, Vec::new()));
        given.chain(taken).collect()
    }
}
