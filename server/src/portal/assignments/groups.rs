//! Assignments to groups: the plan of a change, its application, waiting lists, and why somebody has what (A1 to A9).

use super::{super::Portal, explain::explain};
use crate::{
    clock::new_id,
    engine::{
        desired::{Who, gives},
        fulfil::{AssetPlan, Line, holds, prompts_for},
        planning::{Actor, Planning},
    },
    secrets::digest,
};
use async_trait::async_trait;
use contract::{
    AssetId, Caller, Code, Fault, OperationId, Page, PageQuery, Permission, PlanId,
    assignments::{
        AssignmentForm, AssignmentRow, Change, ChangeCounts, ChangeFilter, ChangeLine, ChangeView,
        Explanation, GroupAssignments, GroupChoice, Intent, Known, LicenseKind, Planned, Prompts, Reason,
        Target, Verdict, WaitingRow,
    },
    catalog::ProductType,
    groups::GroupKind,
    licenses::LicenseState,
    tokens::Deed,
};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use store::{
    StoreError,
    assignments::{Applied, Errand, PlanLicense, StoredAssignment, among},
    catalog::StockAsset,
    plans::SavedPlan,
};

/// Longest name of a VPN profile.
const LONGEST_NAME: usize = 200;
const MOST_RESERVED: i64 = 1_000_000;

/// A change worked out.
struct Worked {
    /// With the change.
    planning: Planning,
    /// Before it.
    stored: Vec<StoredAssignment>,
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
        let stored = self.db.assignments_of(change.asset()).await?;
        Ok(Worked {
            fingerprint: fingerprint(&planning, &stored, &stock, &plan),
            planning,
            stored,
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

    /// The operation of a plan that somebody else applied at the same moment; lapsed, if nobody did.
    async fn applied_meanwhile(&self, id: &PlanId) -> Result<Option<OperationId>, Fault> {
        let (saved, _) = self.saved_change(id).await?;
        let applied = saved.applied.ok_or(Code::PlanLapsed)?;
        Ok(Some(applied).filter(|id| !id.as_str().is_empty()))
    }

    /// What is shown of a plan as the data is now.
    async fn view_of(&self, saved: SavedPlan, change: Change, worked: &Worked) -> Result<ChangeView, Fault> {
        let group = self.db.group_choice(change.group()).await?;
        let group_gone = saved.applied.is_none() && self.is_groupless(&change, &worked.stored).await?;
        let Worked { stock, plan, .. } = worked;
        let (mut reasons, mut prompts) = (BTreeMap::<Reason, i64>::new(), BTreeMap::<Prompts, i64>::new());
        let mut counts = ChangeCounts::default();
        for line in shown(plan) {
            count(&mut counts, line.verdict);
            if let Verdict::Cannot { reason } | Verdict::Keeps { reason } = line.verdict {
                *reasons.entry(reason).or_default() += 1;
            }
            if line.verdict != Verdict::Offered
                && let Some(asked) = worked.prompts(&line)
            {
                *prompts.entry(asked).or_default() += 1;
            }
        }
        let before = worked.planning.data.assets.first();
        let before: &[(u32, Errand)] = before.map_or(&[], |asset| &asset.errands);
        let of = |wanted| {
            let new = |errand: &&(u32, Errand)| errand.1 == wanted && before.binary_search(errand).is_err();
            plan.errands.iter().filter(new).count() as i64
        };
        counts.installs = of(Errand::Install);
        counts.uninstalls = of(Errand::Uninstall);
        counts.returns = plan.returns.len() as i64;
        Ok(ChangeView {
            id: saved.id,
            made_at: saved.made_at,
            made_by: saved.by,
            group_name: group.map(|group| group.name).unwrap_or_default(),
            group_gone,
            asset_name: stock.name.clone(),
            location_name: stock.location_name.clone(),
            reasons: reasons.into_iter().collect(),
            prompts: prompts.into_iter().collect(),
            used_after: stock.used_soon(worked.requested()) + counts.gets - counts.loses,
            total: stock.counts.total,
            unlimited: stock.unlimited,
            irrevocable: irrevocable(&change, stock),
            lapsed: saved.applied.is_none() && (group_gone || saved.fingerprint != worked.fingerprint),
            applied: saved.applied.is_some(),
            operation: saved.applied.filter(|id| !id.as_str().is_empty()),
            counts,
            change,
        })
    }

    /// The change is about a group that was deleted since the plan was made. An assignment that is there all the same can be
    /// removed.
    async fn is_groupless(&self, change: &Change, stored: &[StoredAssignment]) -> Result<bool, Fault> {
        let removes = matches!(change, Change::Remove { .. });
        if removes && stored.iter().any(|one| one.group == *change.group()) {
            return Ok(false);
        }
        Ok(self.db.group_choice(change.group()).await?.is_none())
    }

    /// [`Code::NotFound`] if its group was deleted: no form is there to choose another one in.
    pub(super) async fn change_again(&self, caller: &Caller, change: Change) -> Result<PlanId, Fault> {
        let stored = self.db.assignments_of(change.asset()).await?;
        if self.is_groupless(&change, &stored).await? {
            return Err(Code::NotFound.into());
        }
        self.plan_change(caller, change).await
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

/// A12: nothing is kept for a group that is to have no licence.
fn without_idle_reservation(mut change: Change) -> Change {
    if let Change::Save { form, .. } = &mut change
        && gives(form.target).is_none()
    {
        form.reserved = 0;
    }
    change
}

/// A3, A10: a change that would have one more device under both kinds of licences is refused, and one that would turn
/// licences of devices into a person's.
async fn check_kinds(portal: &Portal, change: &Change, worked: &Worked) -> Result<(), Fault> {
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
    let former = worked.stored.iter().find(|one| one.group == form.group);
    let number = former.map(|former| former.number);
    let gave = former.and_then(|former| gives(former.target));
    if (gave, kind) == (Some(LicenseKind::User), LicenseKind::Device) {
        users_have_moved(portal, change, number).await?;
    }
    let has_devices = asset
        .device_licenses
        .iter()
        .any(|license| license.assignment.is_some() && license.assignment == number);
    // Those that a migration gave stand in for user licences, as long as it gives such.
    if kind == LicenseKind::User && gave != Some(kind) && has_devices {
        return Err(Code::DeviceToUser.into());
    }
    let both = under_both_kinds(&worked.planning, &worked.plan);
    if both.is_empty() {
        return Ok(());
    }
    let before = Planning::read(&portal.db, &[change.asset()], None).await?;
    let plan = before.plans().pop().unwrap_or_default();
    let already = under_both_kinds(&before, &plan);
    match both.difference(&already).count() {
        0 => Ok(()),
        more => Err(Fault::new(Code::BothKinds).with("count", more)),
    }
}

/// A10: whoever holds a user licence of an assignment that is to give device licences has to be migrated first.
async fn users_have_moved(portal: &Portal, change: &Change, number: Option<i64>) -> Result<(), Fault> {
    let before = Planning::read(&portal.db, &[change.asset()], None).await?;
    let plan = before.plans().pop().unwrap_or_default();
    let Some(asset) = before.desired.assets.first() else {
        return Ok(());
    };
    let given = asset.held.iter().filter(|held| held.assignment == number);
    let given = given.map(|held| (held.who, held.state));
    let leads = |line: &&Line| {
        let lead = line.lead.and_then(|lead| asset.assigned.get(usize::from(lead)));
        lead.map(|lead| lead.number) == number
    };
    let led = plan.lines.iter().filter(leads);
    let led = led.filter_map(|line| Some((line.who, line.state?)));
    let users: BTreeSet<Who> = given
        .chain(led)
        .filter(|(who, state)| matches!(who, Who::Person(_)) && holds(*state))
        .map(|(who, _)| who)
        .collect();
    match users.len() {
        0 => Ok(()),
        count => Err(Fault::new(Code::UserToDevice)
            .with("count", count)
            .with("asset", change.asset())),
    }
}

/// The ids of those who cannot have a licence because they have one of the other kind.
fn under_both_kinds(planning: &Planning, plan: &AssetPlan) -> BTreeSet<String> {
    let other = Verdict::Cannot {
        reason: Reason::OtherKind,
    };
    let lines = plan.lines.iter().filter(|line| line.verdict == other);
    lines.map(|line| named(planning, line.who).0.to_owned()).collect()
}

/// A12: what an assignment draws from is another location that has the same app, or what it was before.
fn check_source(change: &Change, worked: &Worked) -> Result<(), Fault> {
    let Change::Save { form, .. } = change else {
        return Ok(());
    };
    let Some(from) = &form.settings.draw_from else {
        return Ok(());
    };
    let data = worked.planning.data.assets.first();
    let known = data.is_some_and(|asset| asset.sources.iter().any(|source| source.location == *from));
    let former = worked.stored.iter().find(|one| one.group == form.group);
    match known || former.is_some_and(|former| former.settings.draw_from.as_ref() == Some(from)) {
        true => Ok(()),
        false => Err(Fault::field("draw_from", Code::ChoiceInvalid)),
    }
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
        let change = without_idle_reservation(change);
        let worked = self.work_out_change(&change).await?;
        check_kinds(self, &change, &worked).await?;
        check_source(&change, &worked)?;
        let now = self.clock.now();
        let plan = SavedPlan {
            id: PlanId(new_id(now)),
            account: caller.id.clone(),
            by: caller.name.clone(),
            made_at: now,
            request: Planned::Change(change),
            fingerprint: worked.fingerprint,
            applied: None,
            shown: None,
        };
        self.db.insert_plan(&plan).await?;
        Ok(plan.id)
    }

    async fn change_view(&self, caller: &Caller, id: &PlanId) -> Result<ChangeView, Fault> {
        caller.need(Permission::ViewLicenses)?;
        let (saved, change) = self.saved_change(id).await?;
        if let Some(view) = saved.shown.as_deref().and_then(as_applied) {
            return Ok(ChangeView {
                applied: true,
                operation: saved.applied.filter(|id| !id.as_str().is_empty()),
                ..view
            });
        }
        let worked = self.work_out_change(&change).await?;
        self.view_of(saved, change, &worked).await
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
        let matching = || worked.lines().filter(|line| filter.shows(line.verdict));
        let total = matching().count();
        let shown: Vec<Line> = matching().skip(start).take(limit).collect();
        let names = self
            .names(&worked.planning, shown.iter().map(|line| line.who))
            .await?;
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
        let worked = self.work_out_change(&change).await?;
        if worked.fingerprint != saved.fingerprint || self.is_groupless(&change, &worked.stored).await? {
            return self.applied_meanwhile(id).await;
        }
        self.check_change(&change).await?;
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
        let view = self.view_of(saved, change.clone(), &worked).await?;
        fulfilment.applied = Some(Applied {
            shown: serde_json::to_string(&view).map_err(|_| Code::Internal)?,
            plan: id.clone(),
            change: change.clone(),
            by: caller.name.clone(),
            among: among(&worked.stored),
        });
        match self.db.fulfil(None, &fulfilment).await {
            Ok(()) => {}
            Err(StoreError::Taken(Code::PlanLapsed)) => return self.applied_meanwhile(id).await,
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

/// Whoever is fulfilled by devices is not told of beside them. What is to go and still on its way goes as soon as it is
/// there.
fn shown(plan: &AssetPlan) -> impl Iterator<Item = Line> {
    let lines = plan.lines.iter().filter(|line| !line.by_devices());
    lines.map(|line| {
        let goes = line.state == Some(LicenseState::Requested)
            && line.verdict
                == Verdict::Keeps {
                    reason: Reason::UnderWay,
                };
        Line {
            verdict: if goes { Verdict::Loses } else { line.verdict },
            ..*line
        }
    })
}

/// What a plan said when it was applied, unless that was another version's.
fn as_applied(shown: &str) -> Option<ChangeView> {
    serde_json::from_str(shown).ok()
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
        Verdict::Returns => &mut counts.returns,
    };
    *slot += 1;
}

/// Of all that the plan shows and overwrites: another one means that the data has changed.
fn fingerprint(
    planning: &Planning,
    stored: &[StoredAssignment],
    stock: &StockAsset,
    plan: &AssetPlan,
) -> Vec<u8> {
    let mut text = format!(
        "{} {:?} {}\n{stored:?}\n",
        stock.id, stock.counts, stock.unlimited
    );
    for line in &plan.lines {
        let (id, _) = named(planning, line.who);
        let prompts = prompts_of(planning, line);
        text.push_str(&format!("{id} {:?} {:?} {prompts:?}\n", line.lead, line.verdict));
    }
    for (device, errand) in &plan.errands {
        let (id, _) = named(planning, Who::Device(*device));
        text.push_str(&format!("{id} {errand:?}\n"));
    }
    let sources = planning.data.assets.first().map(|asset| asset.sources.as_slice());
    let mut elsewhere = |what: &str, device: u32, source: usize| {
        let (id, _) = named(planning, Who::Device(device));
        let source = sources.and_then(|sources| sources.get(source));
        let location = source.map_or("", |source| source.location.as_str());
        text.push_str(&format!("{what} {id} {location}\n"));
    };
    for draw in &plan.draws {
        elsewhere("draws", draw.device, draw.source);
    }
    for (device, source) in &plan.returns {
        elsewhere("returns", *device, *source);
    }
    digest(text.as_bytes())
}

/// The id, and the serial number or user name.
pub(super) fn named(planning: &Planning, who: Who) -> (&str, &str) {
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
    /// The names of devices and people, by id.
    pub(super) async fn names(
        &self,
        planning: &Planning,
        holders: impl IntoIterator<Item = Who>,
    ) -> Result<BTreeMap<String, String>, Fault> {
        let (mut devices, mut people) = (Vec::new(), Vec::new());
        for who in holders {
            match known(planning, who) {
                Known::Device(id) => devices.push(id),
                Known::Person(id) => people.push(id),
            }
        }
        let devices = self.db.devices_by_id(&devices).await?.into_iter();
        let people = self.db.people_names(&people).await?.into_iter();
        Ok(devices
            .map(|device| (device.id.0, device.name))
            .chain(people.map(|(id, name)| (id.0, name)))
            .collect())
    }
}

impl Worked {
    /// Holder by holder; what goes back to other locations comes last (A12).
    fn lines(&self) -> impl Iterator<Item = Line> {
        let back = self.plan.returns.iter().map(|(device, source)| Line {
            who: Who::Device(*device),
            settled: None,
            lead: None,
            verdict: Verdict::Returns,
            state: self.drawn(*device, *source).map(|held| held.state),
            since: None,
            moved: false,
        });
        shown(&self.plan).chain(back)
    }

    /// The device's licence of another location.
    fn drawn(&self, device: u32, source: usize) -> Option<&PlanLicense> {
        let held = &self.planning.data.assets.first()?.sources.get(source)?.held;
        let at = held.binary_search_by_key(&device, |license| license.position);
        held.get(at.ok()?)
    }

    /// The group whose assignment drew what goes back.
    fn returned_by(&self, line: &Line) -> Option<String> {
        let (Verdict::Returns, Who::Device(device)) = (line.verdict, line.who) else {
            return None;
        };
        let data = self.planning.data.assets.first()?;
        let mut returns = self.plan.returns.iter().filter(|(own, _)| *own == device);
        let held = returns.find_map(|(device, source)| self.drawn(*device, *source))?;
        self.planning.group_of(data, held.assignment?)
    }

    fn line(&self, line: &Line, names: &BTreeMap<String, String>) -> ChangeLine {
        let (id, key) = named(&self.planning, line.who);
        ChangeLine {
            who: known(&self.planning, line.who),
            name: names.get(id).cloned().unwrap_or_else(|| key.to_owned()),
            key: key.to_owned(),
            kind: kind_of(line.who),
            group_name: lead_name(&self.planning, line.lead).or_else(|| self.returned_by(line)),
            verdict: line.verdict,
            prompts: self.prompts(line),
        }
    }

    /// What whoever gets one now or later will be asked.
    fn prompts(&self, line: &Line) -> Option<Prompts> {
        prompts_of(&self.planning, line)
    }

    /// Licences that are on their way already.
    fn requested(&self) -> i64 {
        self.planning
            .data
            .assets
            .first()
            .map_or(0, |asset| asset.requested)
    }
}

fn prompts_of(planning: &Planning, line: &Line) -> Option<Prompts> {
    let asset = planning.desired.assets.first()?;
    match line.verdict {
        Verdict::Gets | Verdict::Draws | Verdict::Waits { .. } | Verdict::Offered => {
            prompts_for(&planning.desired.directory, asset, line.who)
        }
        _ => None,
    }
}

pub(super) fn known(planning: &Planning, who: Who) -> Known {
    let (id, _) = named(planning, who);
    match who {
        Who::Device(_) => Known::Device(id.into()),
        Who::Person(_) => Known::Person(id.into()),
    }
}

pub(super) fn kind_of(who: Who) -> LicenseKind {
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
