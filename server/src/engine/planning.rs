//! Between storage and the plan: what is read becomes the facts of the pure functions, and what they say becomes one
//! [`Fulfilment`](store::fulfilment::Fulfilment). The screen's dry run and the worker both go this way.

mod facts;
mod writing;

use super::{
    desired::{Assigned, Desired, DesiredAsset, Who},
    fulfil::{AssetPlan, Planner, usable_on},
};
use contract::{
    AccountId, AssetId, Caller, Code, DeviceId, Fault, UnixMillis,
    assignments::{Change, GroupChoice, Intent, Reason, Registration, Settled, Target},
    groups::GroupKind,
};
use facts::facts;
use std::collections::BTreeSet;
use store::{
    Db,
    assignments::StoredAssignment,
    catalog::StockAsset,
    fulfilment::NEW_ASSIGNMENT,
    planning::{PlanAssetData, PlanningData},
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

impl From<&Caller> for Actor {
    fn from(caller: &Caller) -> Self {
        Self {
            account: caller.id.clone(),
            name: caller.name.clone(),
        }
    }
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

    /// A3: whether its primary user can use a user licence of the asset on this device, with one account or another.
    pub fn usable_on(&self, asset: &DesiredAsset, device: &DeviceId) -> Result<(), Reason> {
        let directory = &self.desired.directory;
        let devices = &self.data.devices;
        let at = devices.binary_search_by(|known| known.id.cmp(device));
        let position = at.map_err(|_| Reason::DeviceGone)? as u32;
        let owner = directory.device(position).owner.ok_or(Reason::NoPrimaryUser)?;
        let mut answer = Ok(());
        for account in directory.accounts_of(owner) {
            answer = usable_on(directory, asset, position, account);
            if answer.is_ok() {
                break;
            }
        }
        answer
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

/// The name of the group that the assignment is of.
fn group_name(data: &PlanAssetData, assignment: i64) -> Option<&str> {
    let found = data.assignments.iter().find(|one| one.number == assignment)?;
    found.group_name.as_deref()
}
