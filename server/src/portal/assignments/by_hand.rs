//! Device licences for devices that are chosen, searched or pasted, with the plan first (A7).

mod working;

use super::{
    super::{Portal, requests::APPROVE},
    numbered::numbered,
};
use crate::clock::new_id;
use async_trait::async_trait;
use contract::{
    Caller, Code, Fault, OperationId, Page, PageQuery, Permission, PlanId, RequestId,
    activity::OperationKind,
    assignments::{
        Assignments, DeviceSelection, NewPlan, Outcome, OutcomeCounts, OutcomeFilter, PlanAsset, PlanLine,
        PlanRequest, PlanView, Planned, Prompts, Reason,
    },
    checkin::RequestState,
};
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashSet};
use store::{
    checkin::Answer,
    operations::NewOperation,
    plans::{Applies, SavedPlan},
};
use working::{Worked, asked};

/// Apps of one plan.
const MOST_ASSETS: usize = 100;

/// What a plan comes to in the moment in which it is applied.
struct Ready {
    first: OperationId,
    operations: Vec<NewOperation>,
    /// As JSON.
    shown: String,
}

impl Ready {
    /// For the audit.
    fn details(&self, plan: &PlanId) -> Value {
        json!({ "plan": plan, "operations": self.operations.len() })
    }

    fn applies<'a>(&'a self, plan: &'a PlanId) -> Applies<'a> {
        Applies {
            plan,
            shown: &self.shown,
        }
    }
}

impl Portal {
    /// A plan of devices chosen by hand.
    async fn saved(&self, id: &PlanId) -> Result<(SavedPlan, PlanRequest), Fault> {
        let saved = self.db.saved_plan(id).await?;
        match saved.map(|saved| (saved.request.clone(), saved)) {
            Some((Planned::Devices(request), saved)) => Ok((saved, request)),
            Some((Planned::Change(_), _)) | None => Err(Code::NotFound.into()),
        }
    }
}

impl Portal {
    /// What the plan comes to now. [`Code::PlanLapsed`] if that is no longer what it shows.
    async fn operations_of(
        &self,
        caller: &Caller,
        saved: &SavedPlan,
        request: &PlanRequest,
    ) -> Result<Ready, Fault> {
        let worked = self.work_out(request).await?;
        if worked.fingerprint != saved.fingerprint {
            return Err(Code::PlanLapsed.into());
        }
        let view = self.view_of_plan(saved.clone(), &worked).await?;
        let assets = worked.assets.iter().map(|asset| (asset.id, asset.clone()));
        let (gets, waits) = worked.gets_and_waits();
        let operations = self
            .operations(caller, OperationKind::Assign, "", &assets.collect(), gets, waits)
            .await?;
        Ok(Ready {
            first: operations.first().ok_or(Code::PlanEmpty)?.id.clone(),
            operations,
            shown: serde_json::to_string(&view).map_err(|_| Code::Internal)?,
        })
    }

    /// Answers a request with this plan of the device's, which is applied in the same moment. [`Code::RequestAnswered`] if
    /// somebody else answered, and then nothing is given.
    pub(in crate::portal) async fn answer_with_plan(
        &self,
        caller: &Caller,
        request: &RequestId,
        plan: &PlanId,
        details: impl FnOnce(&OperationId) -> Value,
    ) -> Result<OperationId, Fault> {
        let (saved, planned) = self.saved(plan).await?;
        let ready = self.operations_of(caller, &saved, &planned).await?;
        let answer = Answer {
            state: RequestState::Approved,
            by: caller.name.clone(),
            at: self.clock.now(),
            words: String::new(),
            operation: Some(ready.first.clone()),
        };
        let give = async {
            let applies = ready.applies(plan);
            let given = self.db.answer_with(request, &answer, &ready.operations, applies);
            match given.await? {
                true => Ok(()),
                false => Err(Fault::new(Code::RequestAnswered)),
            }
        };
        self.audited(caller, APPROVE, request.as_str(), details(&ready.first), give)
            .await?;
        Ok(ready.first)
    }
}

#[async_trait]
impl Assignments for Portal {
    async fn plan(&self, caller: &Caller, request: PlanRequest) -> Result<PlanId, Fault> {
        caller.need(Permission::AssignLicenses)?;
        let mut request = request;
        request.assets.sort_unstable();
        request.assets.dedup();
        if let DeviceSelection::Chosen { devices } = &mut request.devices {
            let mut seen = HashSet::new();
            devices.retain(|device| seen.insert(device.clone()));
        }
        if request.assets.is_empty() {
            return Err(Code::NothingChosen.into());
        }
        if request.assets.len() > MOST_ASSETS {
            return Err(Fault::new(Code::TooManyChosen).with("most", MOST_ASSETS));
        }
        let worked = self.work_out(&request).await?;
        let now = self.clock.now();
        let plan = SavedPlan {
            id: PlanId(new_id(now)),
            account: caller.id.clone(),
            by: caller.name.clone(),
            made_at: now,
            request: Planned::Devices(request),
            fingerprint: worked.fingerprint,
            applied: None,
            shown: None,
        };
        self.db.insert_plan(&plan).await?;
        Ok(plan.id)
    }

    async fn again(&self, caller: &Caller, id: &PlanId) -> Result<NewPlan, Fault> {
        let saved = self.db.saved_plan(id).await?.ok_or(Code::NotFound)?;
        match saved.request {
            Planned::Devices(request) => self.plan(caller, request).await.map(NewPlan::Devices),
            Planned::Change(change) => self.change_again(caller, change).await.map(NewPlan::Change),
        }
    }

    async fn view(&self, caller: &Caller, id: &PlanId) -> Result<PlanView, Fault> {
        caller.need(Permission::ViewLicenses)?;
        let (saved, request) = self.saved(id).await?;
        if let Some(view) = saved.shown.as_deref().and_then(as_applied) {
            return Ok(PlanView {
                applied: saved.applied,
                ..view
            });
        }
        let worked = self.read_plan(id, &request).await?;
        self.view_of_plan(saved, &worked).await
    }

    async fn lines(
        &self,
        caller: &Caller,
        id: &PlanId,
        filter: OutcomeFilter,
        page: PageQuery,
    ) -> Result<Page<PlanLine>, Fault> {
        caller.need(Permission::ViewLicenses)?;
        let (saved, request) = self.saved(id).await?;
        // Who has what now, its operation says.
        if saved.applied.is_some() {
            return Ok(Page::default());
        }
        let worked = self.read_plan(id, &request).await?;
        numbered(&page, worked.most_lines(), |at| {
            let (asset, holder, outcome) = worked.line_at(at)?;
            shown(filter, outcome).then(|| PlanLine {
                asset_name: asset.name.clone(),
                serial: holder.serial.clone(),
                device_name: holder.device.clone(),
                outcome,
                prompts: asked(holder, outcome),
            })
        })
    }

    async fn apply(&self, caller: &Caller, id: &PlanId) -> Result<OperationId, Fault> {
        caller.need(Permission::AssignLicenses)?;
        let (saved, request) = self.saved(id).await?;
        if let Some(applied) = saved.applied {
            return Ok(applied);
        }
        let ready = self.operations_of(caller, &saved, &request).await?;
        let applies = Some(ready.applies(id));
        let insert = self.db.insert_operations(&ready.operations, applies);
        match self
            .audited(
                caller,
                "assignments.apply",
                ready.first.as_str(),
                ready.details(id),
                insert,
            )
            .await
        {
            Ok(()) => Ok(ready.first),
            // Applied by somebody else at the same moment.
            Err(fault) if fault.code == Code::PlanLapsed => {
                let (saved, _) = self.saved(id).await?;
                saved.applied.ok_or_else(|| Code::PlanLapsed.into())
            }
            Err(fault) => Err(fault),
        }
    }
}

impl Portal {
    /// What is shown of a plan as the data is now.
    async fn view_of_plan(&self, saved: SavedPlan, worked: &Worked) -> Result<PlanView, Fault> {
        let limits = self.device_limits().await;
        let (mut outcomes, mut reasons) = (OutcomeCounts::default(), BTreeMap::<Reason, i64>::new());
        let mut assets = Vec::new();
        for (asset, row) in worked.assets.iter().zip(&worked.plan.outcomes) {
            let counts = count(row, &mut reasons);
            let requested = self.db.spoken_for(asset.id).await?.requested;
            outcomes.gets += counts.gets;
            outcomes.has += counts.has;
            outcomes.waits += counts.waits;
            outcomes.cannot += counts.cannot;
            assets.push(PlanAsset {
                id: asset.id,
                name: asset.name.clone(),
                location_name: asset.location_name.clone(),
                icon: asset.icon.clone(),
                outcomes: counts,
                used_after: asset.used_soon(requested) + counts.gets,
                total: asset.counts.total,
                unlimited: asset.unlimited,
            });
        }
        let mut prompts = BTreeMap::<Prompts, i64>::new();
        for asked in worked
            .lines()
            .filter_map(|(_, holder, outcome)| asked(holder, outcome))
        {
            *prompts.entry(asked).or_default() += 1;
        }
        Ok(PlanView {
            id: saved.id,
            made_at: saved.made_at,
            made_by: saved.by,
            assets,
            outcomes,
            reasons: reasons.into_iter().collect(),
            prompts: prompts.into_iter().collect(),
            calls: worked.calls(limits),
            lapsed: saved.applied.is_none() && saved.fingerprint != worked.fingerprint,
            applied: saved.applied,
        })
    }
}

/// What a plan said when it was applied, unless that was another version's.
fn as_applied(shown: &str) -> Option<PlanView> {
    serde_json::from_str(shown).ok()
}

fn count(row: &[Outcome], reasons: &mut BTreeMap<Reason, i64>) -> OutcomeCounts {
    let mut counts = OutcomeCounts::default();
    for outcome in row {
        match outcome {
            Outcome::Gets => counts.gets += 1,
            Outcome::Has => counts.has += 1,
            Outcome::Waits => counts.waits += 1,
            Outcome::Cannot { reason } => {
                counts.cannot += 1;
                *reasons.entry(*reason).or_default() += 1;
            }
        }
    }
    counts
}

fn shown(filter: OutcomeFilter, outcome: Outcome) -> bool {
    match filter {
        OutcomeFilter::All => true,
        OutcomeFilter::Gets => outcome == Outcome::Gets,
        OutcomeFilter::Has => outcome == Outcome::Has,
        OutcomeFilter::Waits => outcome == Outcome::Waits,
        OutcomeFilter::Cannot => matches!(outcome, Outcome::Cannot { .. }),
    }
}
