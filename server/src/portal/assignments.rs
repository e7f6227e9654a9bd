//! Assigning device licences, with the plan first (A7): of devices chosen by hand here, of groups in `groups.rs`.

mod asking;
mod explain;
mod groups;

use super::{
    Portal,
    serials::{self, Pasted},
};
use crate::{
    clock::new_id,
    engine::{
        Limits, calls,
        plan::{AssetFacts, Facts, HolderFacts, Plan, plan},
    },
    secrets::digest,
};
use async_trait::async_trait;
use contract::{
    Caller, Code, Fault, LocationId, OperationId, Page, PageQuery, Permission, PlanId, RequestId, Serial,
    activity::OperationKind,
    assignments::{
        Assignments, DeviceSelection, LicenseKind, NewPlan, Outcome, OutcomeCounts, OutcomeFilter, PlanAsset,
        PlanLine, PlanRequest, PlanView, Planned, PromptCase, Prompts, Reason, Registration, prompts,
    },
    checkin::RequestState,
    devices::Enrolment,
    licenses::{Holder, LicenseState},
    tokens::Deed,
};
use serde_json::json;
use std::collections::{BTreeMap, HashMap};
use store::{
    catalog::StockAsset,
    checkin::Answer,
    devices::DeviceRef,
    operations::{NewBatch, NewOperation},
    plans::SavedPlan,
};

/// Devices of one plan.
const MOST_DEVICES: usize = 100_000;
/// Apps of one plan.
const MOST_ASSETS: usize = 100;

/// Somebody named in the request.
struct Named {
    serial: Serial,
    device: Option<String>,
    facts: HolderFacts,
    /// What its user will be asked.
    prompts: Option<Prompts>,
}

/// A plan with everything it was worked out from.
struct Worked {
    assets: Vec<StockAsset>,
    holders: Vec<Named>,
    plan: Plan,
    fingerprint: Vec<u8>,
}

impl Portal {
    async fn work_out(&self, request: &PlanRequest) -> Result<Worked, Fault> {
        let assets = self.db.assets(&request.assets).await?;
        if assets.len() != request.assets.len() {
            return Err(Code::NotFound.into());
        }
        let holders = self.named(&request.devices).await?;
        let position: HashMap<&str, u32> = holders
            .iter()
            .zip(0..)
            .map(|(holder, at)| (holder.serial.as_str(), at))
            .collect();
        let mut facts = Facts {
            holders: holders.iter().map(|holder| holder.facts).collect(),
            assets: Vec::new(),
        };
        for asset in &assets {
            let mut has = Vec::new();
            for (serial, state) in self.db.device_holders(asset.id).await? {
                if state != LicenseState::Waiting
                    && let Some(at) = position.get(serial.as_str())
                {
                    has.push(*at);
                }
            }
            has.sort_unstable();
            let by_user = self.db.devices_of_user_holders(asset.id).await?;
            let by_user = by_user.iter().filter_map(|serial| position.get(serial.as_str()));
            facts.assets.push(AssetFacts {
                id: asset.id,
                free: self.free(asset).await?,
                device_assignable: asset.device_assignable,
                platforms: asset.platforms,
                has,
                by_user: by_user.copied().collect(),
            });
        }
        let plan = plan(&facts);
        Ok(Worked {
            fingerprint: fingerprint(&facts, &holders),
            assets,
            holders,
            plan,
        })
    }

    async fn named(&self, devices: &DeviceSelection) -> Result<Vec<Named>, Fault> {
        let known = |device: DeviceRef| Named {
            facts: facts_of(&device),
            prompts: Some(prompts_of(&device)),
            serial: device.serial,
            device: Some(device.name),
        };
        let most = u32::try_from(MOST_DEVICES).unwrap_or(u32::MAX);
        let named: Vec<Named> = match devices {
            DeviceSelection::Chosen { devices } => self
                .db
                .devices_by_id(devices)
                .await?
                .into_iter()
                .map(known)
                .collect(),
            DeviceSelection::Matching { query } => self
                .db
                .devices_matching(query, most + 1)
                .await?
                .into_iter()
                .map(known)
                .collect(),
            DeviceSelection::Pasted { text } => self.pasted(text).await?,
        };
        match named.len() {
            0 => Err(Code::NothingChosen.into()),
            count if count > MOST_DEVICES => Err(Fault::new(Code::TooManyChosen).with("most", MOST_DEVICES)),
            _ => Ok(named),
        }
    }

    async fn pasted(&self, text: &str) -> Result<Vec<Named>, Fault> {
        let pasted = serials::read(text);
        let wanted: Vec<Serial> = pasted
            .iter()
            .filter_map(|word| match word {
                Pasted::Serial(serial) => Some(serial.clone()),
                Pasted::Other(_) => None,
            })
            .collect();
        let known = self.db.devices_by_serial(&wanted).await?;
        let known: HashMap<Serial, DeviceRef> = known
            .into_iter()
            .map(|device| (device.serial.clone(), device))
            .collect();
        Ok(pasted
            .into_iter()
            .map(|word| match word {
                Pasted::Serial(serial) => {
                    let device = known.get(&serial);
                    Named {
                        serial,
                        facts: device.map_or(HolderFacts::Cannot(Reason::UnknownSerial), facts_of),
                        prompts: device.map(prompts_of),
                        device: device.map(|device| device.name.clone()),
                    }
                }
                Pasted::Other(text) => Named {
                    serial: Serial::known(text),
                    device: None,
                    facts: HolderFacts::Cannot(Reason::NotASerial),
                    prompts: None,
                },
            })
            .collect())
    }

    async fn limits(&self) -> Result<Limits, Fault> {
        let limits = self.apple_limits().await;
        Ok(Limits {
            assets: limits.max_assets as usize,
            holders: limits.max_serial_numbers as usize,
        })
    }

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
    /// What the plan comes to now, the first of it by its id. [`Code::PlanLapsed`] if that is no longer what it shows.
    async fn operations_of(
        &self,
        caller: &Caller,
        saved: &SavedPlan,
        request: &PlanRequest,
    ) -> Result<(OperationId, Vec<NewOperation>), Fault> {
        let worked = self.work_out(request).await?;
        if worked.fingerprint != saved.fingerprint {
            return Err(Code::PlanLapsed.into());
        }
        let batches = worked.batches(self.limits().await?);
        for location in batches.keys() {
            self.need_standing(location, Deed::Assign).await?;
        }
        let now = self.clock.now();
        let operations: Vec<NewOperation> = batches
            .into_iter()
            .map(|(location, (batches, waiting))| NewOperation {
                id: OperationId(new_id(now)),
                location,
                kind: OperationKind::Assign,
                account: caller.id.clone(),
                by: caller.name.clone(),
                reason: String::new(),
                created_at: now,
                held_until: None,
                undoes: None,
                batches,
                waiting,
            })
            .collect();
        let first = operations.first().ok_or(Code::PlanEmpty)?.id.clone();
        Ok((first, operations))
    }

    /// Written down: the audit says so, and the workers hear of it.
    async fn is_applied(
        &self,
        caller: &Caller,
        plan: &PlanId,
        operations: &[NewOperation],
    ) -> Result<(), Fault> {
        if let Some(first) = operations.first() {
            let details = json!({ "plan": plan, "operations": operations.len() });
            self.audit(caller, "assignments.apply", first.id.as_str(), details)
                .await?;
        }
        self.wake.ring();
        Ok(())
    }

    /// Answers a request with this plan of the device's, which is applied in the same moment. [`Code::RequestAnswered`] if
    /// somebody else answered, and then nothing is given.
    pub(super) async fn answer_with_plan(
        &self,
        caller: &Caller,
        request: &RequestId,
        plan: &PlanId,
    ) -> Result<OperationId, Fault> {
        let (saved, planned) = self.saved(plan).await?;
        let (first, operations) = self.operations_of(caller, &saved, &planned).await?;
        let answer = Answer {
            state: RequestState::Approved,
            by: caller.name.clone(),
            at: self.clock.now(),
            words: String::new(),
            operation: Some(first.clone()),
        };
        if !self.db.answer_with(request, &answer, &operations, plan).await? {
            return Err(Code::RequestAnswered.into());
        }
        self.is_applied(caller, plan, &operations).await?;
        Ok(first)
    }
}

#[async_trait]
impl Assignments for Portal {
    async fn plan(&self, caller: &Caller, request: PlanRequest) -> Result<PlanId, Fault> {
        caller.need(Permission::AssignLicenses)?;
        let mut request = request;
        request.assets.sort_unstable();
        request.assets.dedup();
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
        let worked = self.work_out(&request).await?;
        let limits = self.limits().await?;
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
            calls: worked
                .batches(limits)
                .values()
                .map(|(batches, _)| batches.len() as i64)
                .sum(),
            lapsed: saved.applied.is_none() && saved.fingerprint != worked.fingerprint,
            applied: saved.applied,
        })
    }

    async fn lines(
        &self,
        caller: &Caller,
        id: &PlanId,
        filter: OutcomeFilter,
        page: PageQuery,
    ) -> Result<Page<PlanLine>, Fault> {
        caller.need(Permission::ViewLicenses)?;
        let (_, request) = self.saved(id).await?;
        let worked = self.work_out(&request).await?;
        let start = match &page.cursor {
            None => 0,
            Some(cursor) => cursor
                .parse::<usize>()
                .map_err(|_| Fault::new(Code::CursorInvalid))?,
        };
        let limit = usize::from(page.limit());
        let matching = || worked.lines().filter(|(_, _, outcome)| shown(filter, *outcome));
        let total = matching().count();
        let rows: Vec<PlanLine> = matching()
            .skip(start)
            .take(limit)
            .map(|(asset, holder, outcome)| PlanLine {
                asset_name: asset.name.clone(),
                serial: holder.serial.clone(),
                device_name: holder.device.clone(),
                outcome,
                prompts: asked(holder, outcome),
            })
            .collect();
        let next = start + rows.len();
        Ok(Page {
            next: (next < total && !rows.is_empty()).then(|| next.to_string()),
            previous: (start > 0).then(|| start.saturating_sub(limit).to_string()),
            total: i64::try_from(total).ok(),
            rows,
        })
    }

    async fn apply(&self, caller: &Caller, id: &PlanId) -> Result<OperationId, Fault> {
        caller.need(Permission::AssignLicenses)?;
        let (saved, request) = self.saved(id).await?;
        if let Some(applied) = saved.applied {
            return Ok(applied);
        }
        let (first, operations) = self.operations_of(caller, &saved, &request).await?;
        match self.db.insert_operations(&operations, Some(id)).await {
            Ok(()) => {}
            // Applied by somebody else at the same moment.
            Err(store::StoreError::Taken(Code::PlanLapsed)) => {
                let (saved, _) = self.saved(id).await?;
                return saved.applied.ok_or_else(|| Code::PlanLapsed.into());
            }
            Err(error) => return Err(error.into()),
        }
        self.is_applied(caller, id, &operations).await?;
        Ok(first)
    }
}

impl Worked {
    fn lines(&self) -> impl Iterator<Item = (&StockAsset, &Named, Outcome)> {
        self.assets
            .iter()
            .zip(&self.plan.outcomes)
            .flat_map(|(asset, row)| {
                self.holders
                    .iter()
                    .zip(row)
                    .map(move |(holder, outcome)| (asset, holder, *outcome))
            })
    }

    /// What is to be sent, and who waits, for each location that has either.
    fn batches(&self, limits: Limits) -> BTreeMap<LocationId, (Vec<NewBatch>, Vec<store::operations::Pair>)> {
        let mut gets: BTreeMap<LocationId, Vec<_>> = BTreeMap::new();
        let mut by_location = BTreeMap::new();
        for (asset, holder, outcome) in self.lines() {
            let pair = || (asset.id, Holder::Device(holder.serial.clone()));
            match outcome {
                Outcome::Gets => gets.entry(asset.location.clone()).or_default().push(pair()),
                Outcome::Waits => {
                    let entry: &mut (Vec<NewBatch>, Vec<_>) =
                        by_location.entry(asset.location.clone()).or_default();
                    entry.1.push(pair());
                }
                Outcome::Has | Outcome::Cannot { .. } => {}
            }
        }
        for (location, pairs) in gets {
            let entry = by_location.entry(location).or_default();
            entry.0 = calls(pairs, limits);
        }
        by_location
    }
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

/// Whether a device can have device licences at all (A3).
fn facts_of(device: &DeviceRef) -> HolderFacts {
    match device {
        DeviceRef { gone: true, .. } => HolderFacts::Cannot(Reason::DeviceGone),
        DeviceRef {
            enrolment: Enrolment::User,
            ..
        } => HolderFacts::Cannot(Reason::UserEnrolment),
        device => HolderFacts::Device(device.platform),
    }
}

/// A9; the person's account plays no part in device licences.
fn prompts_of(device: &DeviceRef) -> Prompts {
    prompts(PromptCase {
        ownership: device.ownership,
        supervised: device.supervised,
        kind: LicenseKind::Device,
        kiosk: device.kiosk,
        enrolment: device.enrolment,
        registration: Registration::None,
        managed_account: false,
    })
}

/// What is asked where something is to come.
fn asked(holder: &Named, outcome: Outcome) -> Option<Prompts> {
    match outcome {
        Outcome::Gets | Outcome::Waits => holder.prompts,
        Outcome::Has | Outcome::Cannot { .. } => None,
    }
}

/// Of everything the plan depends on: another one means that the data has changed.
fn fingerprint(facts: &Facts, holders: &[Named]) -> Vec<u8> {
    let mut text = String::new();
    for asset in &facts.assets {
        text.push_str(&format!(
            "{} {:?} {} {:?} {:?} {:?}\n",
            asset.id, asset.free, asset.device_assignable, asset.platforms, asset.has, asset.by_user
        ));
    }
    for holder in holders {
        text.push_str(&format!(
            "{} {:?} {:?}\n",
            holder.serial, holder.facts, holder.prompts
        ));
    }
    digest(text.as_bytes())
}
