//! Assignments to groups: the plan of a change, its application, waiting lists, and why somebody has what (A1 to A9).

mod rules;
mod view;
mod working;

use super::{super::Portal, explain::explain, numbered::numbered};
use crate::{
    clock::new_id,
    engine::planning::{Actor, Planning},
};
use app::groups::built_in_called;
use async_trait::async_trait;
use contract::{
    AssetId, Caller, Code, Fault, OperationId, Page, PageQuery, Permission, PlanId,
    assignments::{
        AssignmentRow, Change, ChangeFilter, ChangeLine, ChangeView, Explanation, GroupAssignments,
        GroupChoice, Planned, WaitingRow,
    },
    tokens::Deed,
};
use rules::{check_kinds, check_source, irrevocable, without_idle_reservation};
use serde_json::json;
use store::{
    assignments::StoredAssignment,
    fold,
    fulfilment::{Applied, among},
    plans::SavedPlan,
};
use view::as_applied;

impl Portal {
    /// The operation of a plan that somebody else applied at the same moment; lapsed, if nobody did.
    async fn applied_meanwhile(&self, id: &PlanId) -> Result<Option<OperationId>, Fault> {
        let (saved, _) = self.saved_change(id).await?;
        let applied = saved.applied.ok_or(Code::PlanLapsed)?;
        Ok(Some(applied).filter(|id| !id.as_str().is_empty()))
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

#[async_trait]
impl GroupAssignments for Portal {
    async fn rows(&self, caller: &Caller, asset: AssetId) -> Result<Vec<AssignmentRow>, Fault> {
        caller.need(Permission::ViewLicenses)?;
        Ok(self.db.assignment_rows(asset).await?)
    }

    async fn choices(&self, caller: &Caller, search: &str) -> Result<Vec<GroupChoice>, Fault> {
        caller.need(Permission::AssignLicenses)?;
        let mut choices = self.db.group_choices(search).await?;
        // By their names in the reader's language they are found, too.
        let sought = fold(search);
        for built_in in built_in_called(|name| fold(name).contains(&sought)) {
            let id = built_in.id();
            if choices.iter().all(|choice| choice.id != id) {
                choices.extend(self.db.group_choice(&id).await?);
            }
        }
        Ok(choices)
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
        let worked = self.read_change(id, &change).await?;
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
        let (saved, change) = self.saved_change(id).await?;
        // Who has what now, its operation says.
        if saved.applied.is_some() {
            return Ok(Page::default());
        }
        let worked = self.read_change(id, &change).await?;
        let shown = |at| worked.line_at(at).filter(|line| filter.shows(line.verdict));
        let lines = numbered(&page, worked.most_lines(), shown)?;
        let names = self
            .names(&worked.planning, lines.rows.iter().map(|line| line.who))
            .await?;
        Ok(lines.map(|line| worked.line(&line, &names)))
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
        let actor = Actor::from(caller);
        let limits = self.call_limits().await;
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
        let first = fulfilment
            .operations
            .first()
            .map(|operation| operation.id.clone());
        let details = json!({ "plan": id, "change": change, "operation": first });
        let object = change.asset().to_string();
        let fulfil = self.db.fulfil(None, &fulfilment);
        match self
            .audited(caller, "assignments.change", &object, details, fulfil)
            .await
        {
            Err(fault) if fault.code == Code::PlanLapsed => self.applied_meanwhile(id).await,
            done => done.map(|()| first),
        }
    }

    async fn explain(&self, caller: &Caller, asset: AssetId, holder: &str) -> Result<Explanation, Fault> {
        caller.need(Permission::ViewLicenses)?;
        let planning = Planning::read(&self.db, &[asset], None).await?;
        explain(self, &planning, holder.trim()).await
    }
}
