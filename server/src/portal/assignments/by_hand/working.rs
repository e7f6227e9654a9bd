//! A plan worked out: what each chosen device would have of each app.

use crate::{
    engine::{
        Limits, calls,
        plan::{AssetFacts, Facts, HolderFacts, Plan, plan},
    },
    moment,
    portal::{
        Portal,
        serials::{self, Pasted},
    },
    secrets::digest,
};
use contract::{
    AssetId, Code, Fault, LocationId, PlanId, Serial,
    assignments::{
        DeviceSelection, LicenseKind, Outcome, PlanRequest, PromptCase, Prompts, Reason, Registration,
        prompts,
    },
    devices::Enrolment,
    licenses::{Holder, LicenseState},
};
use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};
use store::{catalog::StockAsset, devices::DeviceRef, operations::Pair};

/// Devices of one plan.
const MOST_DEVICES: usize = 100_000;

/// Somebody named in the request.
pub struct Named {
    pub serial: Serial,
    pub device: Option<String>,
    facts: HolderFacts,
    /// What its user will be asked.
    pub prompts: Option<Prompts>,
}

/// A plan with everything it was worked out from.
pub struct Worked {
    pub assets: Vec<StockAsset>,
    pub holders: Vec<Named>,
    pub plan: Plan,
    pub fingerprint: Vec<u8>,
}

impl Portal {
    pub(super) async fn work_out(&self, request: &PlanRequest) -> Result<Worked, Fault> {
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
            let (mut has, mut leaving) = (Vec::new(), Vec::new());
            for (serial, state) in self.db.device_holders(asset.id).await? {
                if let Some(at) = position.get(serial.as_str()) {
                    match state {
                        LicenseState::Waiting => {}
                        LicenseState::Releasing => leaving.push(*at),
                        _ => has.push(*at),
                    }
                }
            }
            has.sort_unstable();
            leaving.sort_unstable();
            let by_user = self.db.devices_of_user_holders(asset.id).await?;
            let by_user = by_user.iter().filter_map(|serial| position.get(serial.as_str()));
            facts.assets.push(AssetFacts {
                id: asset.id,
                free: self.free(asset).await?,
                device_assignable: asset.device_assignable,
                platforms: asset.platforms,
                has,
                leaving,
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

    /// The same for who only reads it: once in a moment.
    pub(super) async fn read_plan(&self, id: &PlanId, request: &PlanRequest) -> Result<Arc<Worked>, Fault> {
        let work = async { self.work_out(request).await.map(Arc::new) };
        moment::once(self.moment.as_deref(), id.as_str().as_bytes(), work).await
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
}

impl Worked {
    /// So many lines: each device with each app.
    pub fn most_lines(&self) -> usize {
        self.assets.len() * self.holders.len()
    }

    pub fn line_at(&self, at: usize) -> Option<(&StockAsset, &Named, Outcome)> {
        let (app, device) = (at.checked_div(self.holders.len())?, at % self.holders.len());
        let outcome = self.plan.outcomes.get(app)?.get(device)?;
        Some((self.assets.get(app)?, self.holders.get(device)?, *outcome))
    }

    pub fn lines(&self) -> impl Iterator<Item = (&StockAsset, &Named, Outcome)> {
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

    /// What is to be given now, and what is waited for.
    pub fn gets_and_waits(&self) -> (Vec<Pair>, Vec<Pair>) {
        let (mut gets, mut waits) = (Vec::new(), Vec::new());
        for (asset, holder, outcome) in self.lines() {
            let pair = || (asset.id, Holder::Device(holder.serial.clone()));
            match outcome {
                Outcome::Gets => gets.push(pair()),
                Outcome::Waits => waits.push(pair()),
                Outcome::Has | Outcome::Cannot { .. } => {}
            }
        }
        (gets, waits)
    }

    /// So many calls to Apple it takes, each of one location.
    pub fn calls(&self, limits: Limits) -> i64 {
        let locations: BTreeMap<AssetId, &LocationId> = self
            .assets
            .iter()
            .map(|asset| (asset.id, &asset.location))
            .collect();
        let mut gets: BTreeMap<_, Vec<Pair>> = BTreeMap::new();
        for pair in self.gets_and_waits().0 {
            gets.entry(locations.get(&pair.0)).or_default().push(pair);
        }
        gets.into_values()
            .map(|pairs| calls(pairs, limits).len() as i64)
            .sum()
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
pub fn asked(holder: &Named, outcome: Outcome) -> Option<Prompts> {
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
            "{} {:?} {} {:?} {:?} {:?} {:?}\n",
            asset.id,
            asset.free,
            asset.device_assignable,
            asset.platforms,
            asset.has,
            asset.leaving,
            asset.by_user
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
