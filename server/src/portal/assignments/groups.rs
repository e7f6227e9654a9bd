//! Assignments to groups: the plan of a change, its application, waiting lists, and why somebody has what (A1 to A9).

use super::super::Portal;
use crate::{
    clock::new_id,
    engine::{
        desired::{Cell, Spread, Who, excluded_by, sources_of},
        fulfil::{AssetPlan, Line, prompts_for},
        planning::{Actor, Planning},
    },
    secrets::digest,
};
use async_trait::async_trait;
use contract::{
    AssetId, Caller, Code, Fault, OperationId, Page, PageQuery, Permission, PlanId,
    assignments::{
        AssignmentForm, AssignmentRow, Brought, Change, ChangeCounts, ChangeFilter, ChangeLine, ChangeView,
        Explained, Explanation, GroupAssignments, GroupChoice, Intent, LicenseKind, Planned, Prompts, Reason,
        Source, Target, Verdict, WaitingRow, conflict,
    },
    catalog::ProductType,
    groups::GroupKind,
    tokens::Deed,
};
use serde_json::json;
use std::collections::BTreeMap;
use store::{
    StoreError,
    assignments::{Applied, Errand},
    catalog::StockAsset,
    plans::SavedPlan,
};

/// Longest name of a VPN profile.
const LONGEST_NAME: usize = 200;
const MOST_RESERVED: i64 = 1_000_000;

/// A change worked out.
struct Worked {
    planning: Planning,
    stock: StockAsset,
    plan: AssetPlan,
    fingerprint: Vec<u8>,
}

impl Portal {
    async fn work_out_change(&self, change: &Change) -> Result<Worked, Fault> {
        let planning = Planning::read(&self.db, &[change.asset()], Some(change)).await?;
        let (Some(stock), Some(plan)) = (planning.stock.first().cloned(), planning.plans().pop()) else {
            return Err(Code::NotFound.into());
        };
        Ok(Worked {
            fingerprint: fingerprint(&planning, &stock, &plan),
            planning,
            stock,
            plan,
        })
    }

    /// What no plan is made of (A1, A3, A10).
    async fn check_change(&self, change: &Change) -> Result<(), Fault> {
        let Change::Save { asset, form } = change else {
            return Ok(());
        };
        let group = self
            .db
            .group_choice(&form.group)
            .await?
            .ok_or_else(|| Fault::field("group", Code::Required))?;
        let assets = self.db.assets(&[*asset]).await?;
        let asset = assets.first().ok_or(Code::NotFound)?;
        check_form(form, &group, asset)
    }

    async fn saved_change(&self, id: &PlanId) -> Result<(SavedPlan, Change), Fault> {
        let saved = self.db.saved_plan(id).await?;
        match saved.map(|saved| (saved.request.clone(), saved)) {
            Some((Planned::Change(change), saved)) => Ok((saved, change)),
            Some((Planned::Devices(_), _)) | None => Err(Code::NotFound.into()),
        }
    }
}

fn check_form(form: &AssignmentForm, group: &GroupChoice, asset: &StockAsset) -> Result<(), Fault> {
    if !(0..=MOST_RESERVED).contains(&form.reserved) {
        return Err(Fault::field("reserved", Code::ChoiceInvalid));
    }
    if form.settings.vpn_profile.chars().count() > LONGEST_NAME {
        return Err(Fault::field("vpn_profile", Code::TooLong));
    }
    let Target::Include { intent, kind } = form.target else {
        return Ok(());
    };
    if intent == Intent::Available && group.kind == GroupKind::Devices {
        return Err(Code::AvailableNeedsPeople.into());
    }
    if asset.product == ProductType::Book && kind == LicenseKind::Device && intent != Intent::Uninstall {
        return Err(Code::BookUserOnly.into());
    }
    Ok(())
}

/// A3, A10: a change that would have one device under both kinds of licences is refused, and one that would turn licences
/// of devices into a person's.
fn check_kinds(change: &Change, worked: &Worked) -> Result<(), Fault> {
    let Change::Save { form, .. } = change else {
        return Ok(());
    };
    let Target::Include { intent, kind } = form.target else {
        return Ok(());
    };
    if intent == Intent::Uninstall {
        return Ok(());
    }
    let Some(asset) = worked.planning.data.assets.first() else {
        return Ok(());
    };
    let number = asset
        .assignments
        .iter()
        .find(|one| one.group == form.group)
        .map(|one| one.number);
    let has_devices = asset
        .device_licenses
        .iter()
        .any(|license| license.assignment.is_some() && license.assignment == number);
    if kind == LicenseKind::User && has_devices {
        return Err(Code::DeviceToUser.into());
    }
    let other = Verdict::Cannot {
        reason: Reason::OtherKind,
    };
    let both = worked
        .plan
        .lines
        .iter()
        .filter(|line| line.verdict == other)
        .count();
    if both > 0 {
        return Err(Fault::new(Code::BothKinds).with("count", both));
    }
    Ok(())
}

#[async_trait]
impl GroupAssignments for Portal {
    async fn rows(&self, caller: &Caller, asset: AssetId) -> Result<Vec<AssignmentRow>, Fault> {
        caller.need(Permission::ViewLicenses)?;
        Ok(self.db.assignment_rows(asset).await?)
    }

    async fn choices(&self, caller: &Caller, search: &str) -> Result<Vec<GroupChoice>, Fault> {
        caller.need(Permission::AssignLicenses)?;
        Ok(self.db.group_choices(search).await?)
    }

    async fn waiting(
        &self,
        caller: &Caller,
        asset: AssetId,
        page: PageQuery,
    ) -> Result<Page<WaitingRow>, Fault> {
        caller.need(Permission::ViewLicenses)?;
        Ok(self.db.waiting_list(asset, &page).await?)
    }

    async fn plan_change(&self, caller: &Caller, change: Change) -> Result<PlanId, Fault> {
        caller.need(Permission::AssignLicenses)?;
        self.check_change(&change).await?;
        let worked = self.work_out_change(&change).await?;
        check_kinds(&change, &worked)?;
        let now = self.clock.now();
        let plan = SavedPlan {
            id: PlanId(new_id(now)),
            account: caller.id.clone(),
            by: caller.name.clone(),
            made_at: now,
            request: Planned::Change(change),
            fingerprint: worked.fingerprint,
            applied: None,
        };
        self.db.insert_plan(&plan).await?;
        Ok(plan.id)
    }

    async fn change_view(&self, caller: &Caller, id: &PlanId) -> Result<ChangeView, Fault> {
        caller.need(Permission::ViewLicenses)?;
        let (saved, change) = self.saved_change(id).await?;
        let worked = self.work_out_change(&change).await?;
        let group = self.db.group_choice(change.group()).await?;
        let Worked {
            planning,
            stock,
            plan,
            ..
        } = &worked;
        let (mut reasons, mut prompts) = (BTreeMap::<Reason, i64>::new(), BTreeMap::<Prompts, i64>::new());
        let mut counts = ChangeCounts::default();
        for line in &plan.lines {
            count(&mut counts, line.verdict);
            if let Verdict::Cannot { reason } | Verdict::Keeps { reason } = line.verdict {
                *reasons.entry(reason).or_default() += 1;
            }
            if let Verdict::Gets | Verdict::Draws | Verdict::Waits { .. } = line.verdict
                && let Some(asked) = prompts_for(&planning.desired.directory, line.who)
            {
                *prompts.entry(asked).or_default() += 1;
            }
        }
        let of = |wanted| {
            plan.errands
                .iter()
                .filter(|(_, errand)| *errand == wanted)
                .count() as i64
        };
        counts.installs = of(Errand::Install);
        counts.uninstalls = of(Errand::Uninstall);
        Ok(ChangeView {
            id: saved.id,
            made_at: saved.made_at,
            made_by: saved.by,
            group_name: group.map_or_else(|| change.group().to_string(), |group| group.name),
            asset_name: stock.name.clone(),
            location_name: stock.location_name.clone(),
            reasons: reasons.into_iter().collect(),
            prompts: prompts.into_iter().collect(),
            used_after: stock.counts.used + counts.gets - counts.loses,
            total: stock.counts.total,
            unlimited: stock.unlimited,
            irrevocable: irrevocable(&change, stock),
            lapsed: saved.applied.is_none() && saved.fingerprint != worked.fingerprint,
            applied: saved.applied.is_some(),
            operation: saved.applied.filter(|id| !id.as_str().is_empty()),
            counts,
            change,
        })
    }

    async fn change_lines(
        &self,
        caller: &Caller,
        id: &PlanId,
        filter: ChangeFilter,
        page: PageQuery,
    ) -> Result<Page<ChangeLine>, Fault> {
        caller.need(Permission::ViewLicenses)?;
        let (_, change) = self.saved_change(id).await?;
        let worked = self.work_out_change(&change).await?;
        let start = match &page.cursor {
            None => 0,
            Some(cursor) => cursor
                .parse::<usize>()
                .map_err(|_| Fault::new(Code::CursorInvalid))?,
        };
        let limit = usize::from(page.limit());
        let matching = || worked.plan.lines.iter().filter(|line| filter.shows(line.verdict));
        let total = matching().count();
        let shown: Vec<&Line> = matching().skip(start).take(limit).collect();
        let names = self.names(&worked.planning, &shown).await?;
        let rows: Vec<ChangeLine> = shown.iter().map(|line| worked.line(line, &names)).collect();
        let next = start + rows.len();
        Ok(Page {
            next: (next < total && !rows.is_empty()).then(|| next.to_string()),
            previous: (start > 0).then(|| start.saturating_sub(limit).to_string()),
            total: i64::try_from(total).ok(),
            rows,
        })
    }

    async fn apply_change(
        &self,
        caller: &Caller,
        id: &PlanId,
        confirmed: bool,
    ) -> Result<Option<OperationId>, Fault> {
        caller.need(Permission::AssignLicenses)?;
        let (saved, change) = self.saved_change(id).await?;
        if let Some(applied) = saved.applied {
            return Ok(Some(applied).filter(|id| !id.as_str().is_empty()));
        }
        self.check_change(&change).await?;
        let worked = self.work_out_change(&change).await?;
        if worked.fingerprint != saved.fingerprint {
            return Err(Code::PlanLapsed.into());
        }
        if irrevocable(&change, &worked.stock) && !confirmed {
            return Err(Code::ConfirmationNeeded.into());
        }
        self.need_standing(&worked.stock.location, Deed::Assign).await?;
        let actor = Actor {
            account: caller.id.clone(),
            name: caller.name.clone(),
        };
        let limits = self.call_limits().await?;
        let now = self.clock.now();
        let mut fulfilment =
            worked
                .planning
                .fulfilment(std::slice::from_ref(&worked.plan), limits, &actor, now);
        fulfilment.applied = Some(Applied {
            plan: id.clone(),
            change: change.clone(),
            by: caller.name.clone(),
        });
        match self.db.fulfil(None, &fulfilment).await {
            Ok(()) => {}
            Err(StoreError::Taken(Code::PlanLapsed)) => {
                // Applied by somebody else at the same moment, or there is less than there was.
                let (saved, _) = self.saved_change(id).await?;
                let applied = saved.applied.ok_or(Code::PlanLapsed)?;
                return Ok(Some(applied).filter(|id| !id.as_str().is_empty()));
            }
            Err(error) => return Err(error.into()),
        }
        let first = fulfilment
            .operations
            .first()
            .map(|operation| operation.id.clone());
        let details = json!({ "plan": id, "change": change, "operation": first });
        let object = change.asset().to_string();
        self.audit(caller, "assignments.change", &object, details).await?;
        self.wake.ring();
        Ok(first)
    }

    async fn explain(&self, caller: &Caller, asset: AssetId, holder: &str) -> Result<Explanation, Fault> {
        caller.need(Permission::ViewLicenses)?;
        let planning = Planning::read(&self.db, &[asset], None).await?;
        explain(self, &planning, holder.trim()).await
    }
}

/// Books that are given to people can never be taken back (A3).
fn irrevocable(change: &Change, stock: &StockAsset) -> bool {
    let gives = matches!(change, Change::Save { form, .. }
        if matches!(form.target, Target::Include { intent: Intent::Required | Intent::Available, .. }));
    stock.product == ProductType::Book && gives
}

fn count(counts: &mut ChangeCounts, verdict: Verdict) {
    let slot = match verdict {
        Verdict::Gets => &mut counts.gets,
        Verdict::Draws => &mut counts.draws,
        Verdict::Has => &mut counts.has,
        Verdict::Waits { .. } => &mut counts.waits,
        Verdict::Cannot { .. } => &mut counts.cannot,
        Verdict::Offered => &mut counts.offered,
        Verdict::Loses => &mut counts.loses,
        Verdict::Keeps { .. } => &mut counts.keeps,
        Verdict::Leaves => &mut counts.leaves,
    };
    *slot += 1;
}

/// Of all that the plan shows: another one means that the data has changed.
fn fingerprint(planning: &Planning, stock: &StockAsset, plan: &AssetPlan) -> Vec<u8> {
    let mut text = format!("{} {:?} {}\n", stock.id, stock.counts, stock.unlimited);
    for line in &plan.lines {
        let (id, _) = named(planning, line.who);
        text.push_str(&format!("{id} {:?} {:?}\n", line.lead, line.verdict));
    }
    for (device, errand) in &plan.errands {
        let (id, _) = named(planning, Who::Device(*device));
        text.push_str(&format!("{id} {errand:?}\n"));
    }
    digest(text.as_bytes())
}

/// The id, and the serial number or user name.
fn named(planning: &Planning, who: Who) -> (&str, &str) {
    match who {
        Who::Device(position) => planning
            .data
            .devices
            .get(position as usize)
            .map_or(("", ""), |device| (device.id.as_str(), device.serial.as_str())),
        Who::Person(position) => planning
            .data
            .people
            .get(position as usize)
            .map_or(("", ""), |person| (person.id.as_str(), &person.user_name)),
    }
}

impl Portal {
    /// The devices' names, by id; people go by their user names.
    async fn names(&self, planning: &Planning, lines: &[&Line]) -> Result<BTreeMap<String, String>, Fault> {
        let devices = lines.iter().filter_map(|line| match line.who {
            Who::Device(position) => planning.data.devices.get(position as usize),
            Who::Person(_) => None,
        });
        let ids: Vec<_> = devices.map(|device| device.id.clone()).collect();
        let found = self.db.devices_by_id(&ids).await?;
        Ok(found
            .into_iter()
            .map(|device| (device.id.0, device.name))
            .collect())
    }
}

impl Worked {
    fn line(&self, line: &Line, names: &BTreeMap<String, String>) -> ChangeLine {
        let (id, key) = named(&self.planning, line.who);
        ChangeLine {
            name: names.get(id).cloned().unwrap_or_else(|| key.to_owned()),
            key: key.to_owned(),
            kind: kind_of(line.who),
            group_name: lead_name(&self.planning, line.lead),
            verdict: line.verdict,
        }
    }
}

fn kind_of(who: Who) -> LicenseKind {
    match who {
        Who::Device(_) => LicenseKind::Device,
        Who::Person(_) => LicenseKind::User,
    }
}

fn lead_name(planning: &Planning, lead: Option<u16>) -> Option<String> {
    let lead = planning
        .desired
        .assets
        .first()?
        .assigned
        .get(usize::from(lead?))?;
    let data = planning.data.assets.first()?;
    let found = data.assignments.iter().find(|one| one.number == lead.number)?;
    Some(
        found
            .group_name
            .clone()
            .unwrap_or_else(|| found.group.to_string()),
    )
}

async fn explain(portal: &Portal, planning: &Planning, holder: &str) -> Result<Explanation, Fault> {
    let (Some(asset), Some(data), Some(stock)) = (
        planning.desired.assets.first(),
        planning.data.assets.first(),
        planning.stock.first(),
    ) else {
        return Err(Code::NotFound.into());
    };
    let device = planning
        .data
        .devices
        .iter()
        .position(|device| device.serial.as_str().eq_ignore_ascii_case(holder));
    let person = planning
        .data
        .people
        .iter()
        .position(|person| person.user_name.eq_ignore_ascii_case(holder));
    let who = match (device, person) {
        (Some(at), _) => Who::Device(at as u32),
        (None, Some(at)) => Who::Person(at as u32),
        (None, None) => return unconcerned(portal, stock, holder).await,
    };
    let directory = &planning.desired.directory;
    let mut spread = Spread::default();
    spread.fill(directory, &planning.desired.groups, asset);
    let (bits, cell) = match who {
        Who::Device(at) => (spread.device_bits(at), spread.device(at)),
        Who::Person(at) => (spread.person_bits(at), spread.person(directory, at)),
    };
    let plan = planning.plans().pop().unwrap_or_default();
    let line = plan.lines.iter().find(|line| line.who == who);
    let held = asset.held.binary_search_by_key(&who, |held| held.who).ok();
    let errand = match who {
        Who::Device(at) => plan.errands.iter().find(|(device, _)| *device == at),
        Who::Person(_) => None,
    };
    let names = portal
        .names(planning, &line.into_iter().collect::<Vec<_>>())
        .await?;
    let (id, key) = named(planning, who);
    let brought = data
        .assignments
        .iter()
        .filter(|one| concerns(planning, one, who))
        .map(|one| Brought {
            group: one.group.clone(),
            group_name: one.group_name.clone().unwrap_or_else(|| one.group.to_string()),
            members_kind: one.members_kind,
            target: one.target,
            counts: cell.count & crate::engine::desired::brings(one.members_kind, one.target) != 0,
        })
        .collect();
    Ok(Explanation {
        asset_name: stock.name.clone(),
        holder_name: names.get(id).cloned().unwrap_or_else(|| key.to_owned()),
        key: key.to_owned(),
        kind: kind_of(who),
        brought,
        steps: steps(bits, cell),
        settled: cell.settled,
        verdict: line.map(|line| line.verdict),
        state: held.and_then(|at| asset.held.get(at)).map(|held| held.state),
        prompts: prompts_for(directory, who).filter(|_| cell.settled.is_some()),
        wanted: errand.map(|(_, errand)| match errand {
            Errand::Install => Intent::Required,
            Errand::Uninstall => Intent::Uninstall,
        }),
    })
}

/// Somebody whom no assignment of the asset concerns.
async fn unconcerned(portal: &Portal, stock: &StockAsset, holder: &str) -> Result<Explanation, Fault> {
    let serial = contract::Serial::parse(holder).map_err(|_| Fault::new(Code::NotFound))?;
    let found = portal.db.devices_by_serial(std::slice::from_ref(&serial)).await?;
    let device = found.into_iter().next().ok_or(Code::NotFound)?;
    let holders = portal.db.device_holders(stock.id).await?;
    Ok(Explanation {
        asset_name: stock.name.clone(),
        holder_name: device.name,
        key: serial.to_string(),
        kind: LicenseKind::Device,
        brought: Vec::new(),
        steps: vec![Explained::Nothing],
        settled: None,
        verdict: None,
        state: holders
            .into_iter()
            .find(|(own, _)| *own == serial)
            .map(|(_, state)| state),
        prompts: None,
        wanted: None,
    })
}

/// Whether the holder is in the assignment's group, or the device's primary user is, or one of the person's devices.
fn concerns(planning: &Planning, one: &store::assignments::StoredAssignment, who: Who) -> bool {
    let groups = &planning.data.groups;
    let Ok(at) = groups.binary_search_by(|(id, ..)| id.cmp(&one.group)) else {
        return false;
    };
    let Some((_, kind, members)) = groups.get(at) else {
        return false;
    };
    let directory = &planning.desired.directory;
    let has = |position: u32| members.binary_search(&position).is_ok();
    match (kind, who) {
        (GroupKind::Devices, Who::Device(at)) | (GroupKind::People, Who::Person(at)) => has(at),
        (GroupKind::People, Who::Device(at)) => directory.device(at).owner.is_some_and(has),
        (GroupKind::Devices, Who::Person(at)) => directory.devices_of(at).iter().any(|device| has(*device)),
    }
}

/// Exclusions first, then the rows of the table that were used.
fn steps(bits: crate::engine::desired::Bits, cell: Cell) -> Vec<Explained> {
    let mut steps: Vec<Explained> = excluded_by(bits)
        .map(|members| Explained::Excluded { members })
        .collect();
    let left: Vec<Source> = sources_of(bits).iter().collect();
    match left.as_slice() {
        [] => steps.push(Explained::Nothing),
        [source] => steps.push(Explained::Alone { source: *source }),
        several => {
            let pairs = several
                .iter()
                .enumerate()
                .flat_map(|(at, one)| several.iter().skip(at + 1).map(move |other| (*one, *other)));
            steps.extend(pairs.filter_map(|(one, other)| {
                conflict(one, other).map(|settled| Explained::Row { one, other, settled })
            }));
        }
    }
    if cell.settled.is_some() && left.is_empty() {
        // A person has it through the own devices.
        steps.retain(|step| *step != Explained::Nothing);
    }
    steps
}
