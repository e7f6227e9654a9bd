//! Between storage and the plan: what is read becomes the facts of the pure functions, and what they say becomes one
//! [`Fulfilment`]. The screen's dry run and the worker both go this way.

use super::{
    Limits,
    batches::group,
    desired::{Assigned, Desired, DesiredAsset, Device, Directory, Group, Held, Person, Source, Who},
    fulfil::{AssetPlan, Planner, drawn, own_of},
};
use crate::clock::new_id;
use contract::{
    AccountId, AssetId, Code, DeviceId, Fault, LocationId, OperationId, UnixMillis,
    activity::OperationKind,
    assignments::{Change, GroupChoice, Intent, Reason, Registration, Settled, Target, Verdict},
    groups::GroupKind,
    licenses::{Holder, LicenseState},
};
use std::collections::{BTreeMap, BTreeSet};
use store::{
    Db,
    assignments::{
        Errand, Fulfilment, Leave, Mark, NEW_ASSIGNMENT, PlanAssetData, PlanLicense, PlanSource,
        PlanningData, StoredAssignment,
    },
    catalog::StockAsset,
    operations::{NewBatch, NewOperation},
    users::NewUser,
};

/// Apple's number: not enough licences are left.
pub const SHORTAGE: u32 = 9709;
/// D4: why somebody's licences are taken back who is inactive or deleted.
pub const LEFT: &str = "left: inactive";
/// Names of groups that one reason holds.
const NAMES: usize = 5;

/// Some assets with all that their plans depend on.
pub struct Planning {
    pub data: PlanningData,
    /// In the order of `data.assets`.
    pub stock: Vec<StockAsset>,
    pub desired: Desired,
    /// The assignment that the change removes with what it gave, and its group's name.
    removed: Option<(i64, String)>,
}

/// For whom operations are written down.
pub struct Actor {
    pub account: AccountId,
    pub name: String,
}

impl Actor {
    /// The engine itself.
    pub fn pomona() -> Self {
        Self {
            account: AccountId(String::new()),
            name: "Pomona".to_owned(),
        }
    }
}

impl Planning {
    /// Reads these assets' part, as it would be after `change`. [`Code::NotFound`] for an asset that is not shown.
    pub async fn read(db: &Db, assets: &[AssetId], change: Option<&Change>) -> Result<Self, Fault> {
        let stock = db.assets(assets).await?;
        if stock.len() != assets.len() {
            return Err(Code::NotFound.into());
        }
        let more: Vec<_> = change.iter().map(|change| change.group().clone()).collect();
        let draw = match change {
            Some(Change::Save { form, .. }) => form.settings.draw_from.as_ref(),
            _ => None,
        };
        let mut data = db.planning_data(assets, &more, draw).await?;
        let mut removed = None;
        let mut license_only = None;
        if let Some(change) = change
            && let Some(at) = assets.iter().position(|asset| *asset == change.asset())
            && let Some(asset) = data.assets.get_mut(at)
        {
            let former = asset.assignments.iter().find(|one| one.group == *change.group());
            license_only = former
                .filter(|former| former.settings.license_only)
                .map(|former| former.number);
            let group = db.group_choice(change.group()).await?;
            removed = apply(asset, change, group);
        }
        let mut desired = facts(&data, &stock);
        if let Some(asset) = desired
            .assets
            .iter_mut()
            .find(|asset| change.is_some_and(|change| change.asset() == asset.id))
        {
            asset.removed = removed.as_ref().map(|(number, _)| *number);
            asset
                .license_only
                .extend(license_only.filter(|_| asset.removed.is_some()));
        }
        Ok(Self {
            data,
            stock,
            desired,
            removed,
        })
    }

    /// Reads what concerns one device, its person and that person's devices, of assets of one location: enough for what is
    /// offered and what cannot be, not for what is left or for places in the line.
    pub async fn of_device(db: &Db, stock: Vec<StockAsset>, device: &DeviceId) -> Result<Self, Fault> {
        let assets: Vec<AssetId> = stock.iter().map(|asset| asset.id).collect();
        let data = db.own_planning_data(device, &assets).await?;
        let desired = facts(&data, &stock);
        Ok(Self {
            data,
            stock,
            desired,
            removed: None,
        })
    }

    /// Works all of them out.
    pub fn plans(&self) -> Vec<AssetPlan> {
        let mut planner = Planner::default();
        let assets = self.desired.assets.iter();
        assets.map(|asset| planner.plan(&self.desired, asset)).collect()
    }

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

    /// Licences can be given to it at Apple.
    fn is_registered(&self, who: Who) -> bool {
        match who {
            Who::Device(_) => true,
            Who::Person(position) => self
                .data
                .people
                .get(position as usize)
                .is_some_and(|person| person.registration != Registration::None && !person.retiring),
        }
    }

    /// Apple is to be told of the person, and has not been yet. Whoever is back while being retired comes after that.
    fn joins(&self, person: u32) -> bool {
        let person = self.data.people.get(person as usize);
        person.is_some_and(|person| {
            let free = !person.joining && !person.retiring && !person.refused && !person.left;
            person.registration == Registration::None && free
        })
    }

    /// The group that the assignment was made for; none, if both are gone.
    pub fn group_of(&self, data: &PlanAssetData, assignment: i64) -> Option<String> {
        let removed = self.removed.as_ref().filter(|(number, _)| *number == assignment);
        let found = group_name(data, assignment).or(removed.map(|(_, name)| name.as_str()));
        found.map(str::to_owned)
    }

    /// Why a licence, or a place in the line, is taken back: the person has left, a group uninstalls or excludes, or the
    /// group that gave it no longer does.
    fn why_lost(
        &self,
        data: &PlanAssetData,
        who: Who,
        settled: Option<Settled>,
        lead: Option<&Assigned>,
        given_by: Option<i64>,
    ) -> String {
        if let Who::Person(person) = who
            && self.desired.directory.person(person).left
        {
            return LEFT.to_owned();
        }
        let uninstalled = settled == Some(Settled::AvailableUninstalled);
        if let Some(lead) = lead
            && !uninstalled
        {
            return self.group_of(data, lead.number).unwrap_or_default();
        }
        let concerns = |one: &&StoredAssignment| self.concerns(one, who);
        let included = |members: GroupKind| {
            let gives = |one: &StoredAssignment| {
                one.members_kind == members
                    && matches!(one.target, Target::Include { intent, .. } if intent != Intent::Uninstall)
            };
            data.assignments
                .iter()
                .filter(|one| gives(one))
                .any(|one| concerns(&one))
        };
        let takes = |one: &&StoredAssignment| match one.target {
            Target::Exclude => !uninstalled && included(one.members_kind),
            Target::Include { intent, .. } => uninstalled && intent == Intent::Uninstall,
        };
        let names: BTreeSet<String> = data
            .assignments
            .iter()
            .filter(concerns)
            .filter(takes)
            .filter_map(|one| one.group_name.clone())
            .collect();
        if names.is_empty() {
            let given_by = given_by.and_then(|number| self.group_of(data, number));
            return given_by.unwrap_or_default();
        }
        Vec::from_iter(names.into_iter().take(NAMES)).join(", ")
    }

    /// Whether the holder is in the assignment's group, or the device's primary user is, or one of the person's devices.
    pub fn concerns(&self, one: &StoredAssignment, who: Who) -> bool {
        let groups = &self.data.groups;
        let at = groups.binary_search_by(|(id, ..)| id.cmp(&one.group));
        let Some((_, kind, members)) = at.ok().and_then(|at| groups.get(at)) else {
            return false;
        };
        let directory = &self.desired.directory;
        let has = |position: u32| members.binary_search(&position).is_ok();
        match (kind, who) {
            (GroupKind::Devices, Who::Device(at)) | (GroupKind::People, Who::Person(at)) => has(at),
            (GroupKind::People, Who::Device(at)) => directory.device(at).owner.is_some_and(has),
            (GroupKind::Devices, Who::Person(at)) => {
                directory.devices_of(at).iter().any(|device| has(*device))
            }
        }
    }

    fn place(&self, who: Who) -> u32 {
        match who {
            Who::Device(position) => position,
            Who::Person(position) => self.data.devices.len() as u32 + position,
        }
    }
}

/// The change, as if it were stored. What is new comes after everything, as it will. Answers the assignment that is
/// removed with what it gave, and its group's name.
fn apply(asset: &mut PlanAssetData, change: &Change, group: Option<GroupChoice>) -> Option<(i64, String)> {
    let at = asset
        .assignments
        .iter()
        .position(|one| one.group == *change.group());
    let former = at.map(|at| asset.assignments.remove(at));
    match change {
        Change::Save { form, .. } => {
            asset.assignments.push(StoredAssignment {
                number: former.as_ref().map_or(NEW_ASSIGNMENT, |former| former.number),
                group: form.group.clone(),
                members_kind: group.as_ref().map_or(GroupKind::People, |group| group.kind),
                group_name: group.map(|group| group.name),
                target: form.target,
                settings: form.settings.clone(),
                priority: form.priority,
                shortage: form.shortage,
                reserved: form.reserved,
                created_at: former.map_or(UnixMillis::MAX, |former| former.created_at),
                changed_at: UnixMillis::MAX,
            });
            asset
                .assignments
                .sort_by_key(|one| (one.priority, one.created_at, one.number));
            None
        }
        Change::Remove { .. } => {
            let former = former?;
            if former.settings.keep_licenses {
                let licenses = asset.device_licenses.iter_mut().chain(&mut asset.user_licenses);
                for license in licenses.filter(|license| license.assignment == Some(former.number)) {
                    license.assignment = None;
                }
                return None;
            }
            Some((former.number, former.group_name?))
        }
    }
}

fn facts(data: &PlanningData, stock: &[StockAsset]) -> Desired {
    let devices = data.devices.iter().map(|device| Device {
        owner: device.owner,
        ownership: device.ownership,
        supervised: device.supervised,
        enrolment: device.enrolment,
        kiosk: device.kiosk,
        store_blocked: device.store_blocked,
        platform: device.platform,
        gone: device.gone,
    });
    let mut before = None;
    let people = data.people.iter().map(|person| Person {
        registration: person.registration,
        managed_account: person.managed_account,
        again: before.replace(&person.id) == Some(&person.id),
        refused: person.refused,
        left: person.left,
        registered_at: person.registered_at,
    });
    let groups = data.groups.iter().map(|(_, kind, members)| Group {
        kind: *kind,
        members: members.clone(),
    });
    let assets = data
        .assets
        .iter()
        .zip(stock)
        .map(|(own, stock)| asset_facts(data, own, stock));
    Desired {
        directory: Directory::new(devices.collect(), people.collect()),
        groups: groups.collect(),
        assets: assets.collect(),
    }
}

fn asset_facts(data: &PlanningData, own: &PlanAssetData, stock: &StockAsset) -> DesiredAsset {
    let assigned = own.assignments.iter().filter_map(|one| {
        // A group that is gone brings nobody anything.
        let group = data.groups.binary_search_by(|(id, ..)| id.cmp(&one.group)).ok()?;
        Some(Assigned {
            number: one.number,
            group,
            target: one.target,
            priority: one.priority,
            shortage: one.shortage,
            reserved: one.reserved,
            keeps: one.settings.keep_licenses,
            created_at: one.created_at,
            changed_at: one.changed_at,
            draw: one
                .settings
                .draw_from
                .as_ref()
                .and_then(|from| own.sources.iter().position(|source| source.location == *from)),
        })
    });
    let devices = own
        .device_licenses
        .iter()
        .map(|license| held(Who::Device(license.position), license));
    let people = own
        .user_licenses
        .iter()
        .map(|license| held(Who::Person(license.position), license));
    let asked_devices = own.asked_devices.iter();
    let asked_devices = asked_devices.map(|(position, at)| (Who::Device(*position), *at));
    let asked_people = own.asked_people.iter();
    let asked_people = asked_people.map(|(position, at)| (Who::Person(*position), *at));
    DesiredAsset {
        id: stock.id,
        product: stock.product,
        platforms: stock.platforms,
        device_assignable: stock.device_assignable,
        revocable: stock.revocable,
        free: (!stock.unlimited).then_some(stock.counts.available - own.requested),
        assigned: assigned.collect(),
        held: devices.chain(people).collect(),
        asked: asked_devices.chain(asked_people).collect(),
        removed: None,
        license_only: own
            .assignments
            .iter()
            .filter(|one| one.settings.license_only)
            .map(|one| one.number)
            .collect(),
        moved: own.moved_people.clone(),
        barred: own
            .barred_devices
            .iter()
            .map(|(position, at)| (Who::Device(*position), *at))
            .collect(),
        sources: own.sources.iter().map(source).collect(),
        foreign: own.foreign.clone(),
        lost: own
            .lost_devices
            .iter()
            .map(|position| Who::Device(*position))
            .chain(own.lost_people.iter().map(|position| Who::Person(*position)))
            .collect(),
    }
}

fn source(source: &PlanSource) -> Source {
    let held = source
        .held
        .iter()
        .map(|license| held(Who::Device(license.position), license));
    Source {
        free: source.free,
        held: held.collect(),
    }
}

fn held(who: Who, license: &PlanLicense) -> Held {
    Held {
        who,
        state: license.state,
        since: license.since,
        turn: license.turn,
        assignment: license.assignment,
        known: license.known,
        shortage: license.error == Some(i64::from(SHORTAGE)),
        unknown: license.error == Some(i64::from(apple::number::UNKNOWN_USER)),
        none_left: license.state == LicenseState::Failed && license.error.is_none(),
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
        let mut marks: BTreeMap<i64, Vec<u32>> = BTreeMap::new();
        let mut fails: BTreeMap<i64, Vec<u32>> = BTreeMap::new();
        let mut leaves: BTreeMap<String, Vec<u32>> = BTreeMap::new();
        for line in &plan.lines {
            let place = planning.place(line.who);
            let lead = line.lead.and_then(|lead| asset.assigned.get(usize::from(lead)));
            let own = own_of(asset, line.who);
            let waited = line.state == Some(LicenseState::Waiting);
            let led = || {
                lead.and_then(|lead| group_name(data, lead.number))
                    .unwrap_or_default()
            };
            let why_lost = || {
                let given_by = own.and_then(|own| own.assignment);
                planning.why_lost(data, line.who, line.settled, lead, given_by)
            };
            if let (
                Verdict::Gets
                | Verdict::Waits { .. }
                | Verdict::Cannot {
                    // Possible once the person has accepted the invitation (A3).
                    reason: Reason::NoneLeft | Reason::StoreBlocked,
                },
                Who::Person(position),
            ) = (line.verdict, line.who)
                && planning.joins(position)
            {
                self.joins.insert(position);
            }
            match line.verdict {
                // Registered at Apple first; planned again as soon as that is done.
                Verdict::Gets if !planning.is_registered(line.who) => {
                    if !waited {
                        add(&mut work.waits, led(), stock.id, place);
                    }
                }
                Verdict::Gets => add(&mut work.gets, led(), stock.id, place),
                Verdict::Waits { .. } if !waited => add(&mut work.waits, led(), stock.id, place),
                Verdict::Loses => add(&mut work.loses, &why_lost(), stock.id, place),
                Verdict::Leaves => leaves.entry(why_lost()).or_default().push(place),
                // Whoever draws stays in the line until Apple has given it (A12).
                Verdict::Has
                    if matches!(line.state, Some(LicenseState::Waiting | LicenseState::Failed))
                        && drawn(asset, line.lead, line.who) == Some(LicenseState::Held) =>
                {
                    leaves.entry(led().to_owned()).or_default().push(place);
                }
                Verdict::Cannot {
                    reason: Reason::NoneLeft,
                } => {
                    // Told once, and again if another assignment says it.
                    let told = own.is_some_and(|own| {
                        (own.none_left || own.shortage) && own.assignment == lead.map(|lead| lead.number)
                    });
                    if !told {
                        fails
                            .entry(lead.map_or(NEW_ASSIGNMENT, |lead| lead.number))
                            .or_default()
                            .push(place);
                    }
                }
                Verdict::Cannot { .. } if waited || own.is_some_and(|own| own.none_left) => {
                    leaves.entry(led().to_owned()).or_default().push(place);
                }
                _ => {}
            }
            // What an assignment gave that is gone, another one has from now on.
            if let (Verdict::Has, Some(lead), Some(number)) =
                (line.verdict, lead, own.and_then(|own| own.assignment))
                && !asset.assigned.iter().any(|one| one.number == number)
            {
                marks.entry(lead.number).or_default().push(place);
            }
            if let Some(since) = line
                .since
                .filter(|since| own.is_none_or(|own| own.since != *since))
            {
                self.since.push((stock.id, place, since));
            }
            if let (Verdict::Gets | Verdict::Waits { .. }, Some(lead)) = (line.verdict, lead) {
                let marked = waited && own.is_some_and(|own| own.assignment == Some(lead.number));
                if !marked || line.verdict == Verdict::Gets {
                    marks.entry(lead.number).or_default().push(place);
                }
            }
        }
        self.elsewhere(planning, data, asset, plan);
        let of_asset = |marks: BTreeMap<i64, Vec<u32>>| {
            marks.into_iter().map(|(assignment, holders)| Mark {
                asset: stock.id,
                assignment,
                holders,
            })
        };
        self.marks.extend(of_asset(marks));
        self.fails.extend(of_asset(fails));
        self.leaves
            .extend(leaves.into_iter().map(|(reason, holders)| Leave {
                asset: stock.id,
                reason,
                holders,
            }));
        self.errands(planning, data, stock, plan);
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

    /// Where what devices are to do is another than before. An uninstall stays until it is done or taken back.
    fn errands(&mut self, planning: &Planning, data: &PlanAssetData, stock: &StockAsset, plan: &AssetPlan) {
        let mut before = data.errands.iter().copied().peekable();
        let mut wanted = plan.errands.iter().copied().peekable();
        let mut note = |position: u32, errand: Option<Errand>| {
            if let Some(device) = planning.data.devices.get(position as usize) {
                self.errands.push((stock.id, device.id.clone(), errand));
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
                (Some(Errand::Install), None) => note(next, None),
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
        let operation = |kind, reason, pairs, waiting: Vec<(AssetId, u32)>| NewOperation {
            id: OperationId(new_id(now)),
            location: location.clone(),
            kind,
            account: actor.account.clone(),
            by: actor.name.clone(),
            reason,
            created_at: now,
            held_until: None,
            undoes: None,
            batches: batches(pairs),
            waiting: waiting
                .into_iter()
                .filter_map(|(asset, place)| Some((asset, holders.get(place as usize)?.clone())))
                .collect(),
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
            .map(|(reason, (gets, waits))| operation(OperationKind::Assign, reason, gets, waits));
        let taken = self
            .loses
            .into_iter()
            .map(|(reason, loses)| operation(OperationKind::Revoke, reason, loses, Vec::new()));
        given.chain(taken).collect()
    }
}

/// The name of the group that the assignment is of.
fn group_name(data: &PlanAssetData, assignment: i64) -> Option<&str> {
    let found = data.assignments.iter().find(|one| one.number == assignment)?;
    found.group_name.as_deref()
}
