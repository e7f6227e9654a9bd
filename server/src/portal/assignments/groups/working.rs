//! A change worked out: who gets, keeps and loses what.

use super::super::names::{kind_of, known, named};
use crate::{
    engine::{
        desired::Who,
        fulfil::{AssetPlan, Line, prompts_for},
        planning::Planning,
    },
    moment,
    portal::Portal,
    secrets::digest,
};
use contract::{
    Code, Fault, PlanId,
    assignments::{Change, ChangeLine, Prompts, Reason, Verdict},
    licenses::LicenseState,
};
use std::{collections::BTreeMap, sync::Arc};
use store::{assignments::StoredAssignment, catalog::StockAsset, planning::PlanLicense};

/// A change worked out.
pub struct Worked {
    /// With the change.
    pub planning: Planning,
    /// Before it.
    pub stored: Vec<StoredAssignment>,
    pub stock: StockAsset,
    pub plan: AssetPlan,
    pub fingerprint: Vec<u8>,
}

impl Portal {
    pub(super) async fn work_out_change(&self, change: &Change) -> Result<Worked, Fault> {
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

    /// The same for who only reads it: once in a moment.
    pub(super) async fn read_change(&self, id: &PlanId, change: &Change) -> Result<Arc<Worked>, Fault> {
        let work = async { self.work_out_change(change).await.map(Arc::new) };
        moment::once(self.moment.as_deref(), id.as_str().as_bytes(), work).await
    }
}

impl Worked {
    /// So many lines there are to look at.
    pub fn most_lines(&self) -> usize {
        self.plan.lines.len() + self.plan.returns.len()
    }

    /// Holder by holder; what goes back to other locations comes last (A12). None where nobody is told of it.
    pub fn line_at(&self, at: usize) -> Option<Line> {
        if let Some(line) = self.plan.lines.get(at) {
            return shown(line);
        }
        let (device, source) = *self.plan.returns.get(at - self.plan.lines.len())?;
        Some(Line {
            who: Who::Device(device),
            settled: None,
            lead: None,
            verdict: Verdict::Returns,
            state: self.drawn(device, source).map(|held| held.state),
            since: None,
            moved: false,
        })
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

    pub fn line(&self, line: &Line, names: &BTreeMap<String, String>) -> ChangeLine {
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
    pub fn prompts(&self, line: &Line) -> Option<Prompts> {
        prompts_of(&self.planning, line)
    }

    /// Licences that are on their way already.
    pub fn requested(&self) -> i64 {
        self.planning
            .data
            .assets
            .first()
            .map_or(0, |asset| asset.requested)
    }
}

/// Whoever is fulfilled by devices is not told of beside them. What is to go and still on its way goes as soon as it is
/// there.
pub fn shown(line: &Line) -> Option<Line> {
    let goes = line.state == Some(LicenseState::Requested)
        && line.verdict
            == Verdict::Keeps {
                reason: Reason::UnderWay,
            };
    (!line.by_devices()).then_some(Line {
        verdict: if goes { Verdict::Loses } else { line.verdict },
        ..*line
    })
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
