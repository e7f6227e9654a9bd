//! What is shown of a change.

use super::{
    rules::irrevocable,
    working::{Worked, shown},
};
use crate::portal::Portal;
use contract::{
    Fault,
    assignments::{Change, ChangeCounts, ChangeView, Prompts, Reason, Verdict},
};
use std::collections::BTreeMap;
use store::{planning::Errand, plans::SavedPlan};

impl Portal {
    /// What is shown of a plan as the data is now.
    pub(super) async fn view_of(
        &self,
        saved: SavedPlan,
        change: Change,
        worked: &Worked,
    ) -> Result<ChangeView, Fault> {
        let group = self.db.group_choice(change.group()).await?;
        let group_gone = saved.applied.is_none() && self.is_groupless(&change, &worked.stored).await?;
        let Worked { stock, plan, .. } = worked;
        let (mut reasons, mut prompts) = (BTreeMap::<Reason, i64>::new(), BTreeMap::<Prompts, i64>::new());
        let mut counts = ChangeCounts::default();
        for line in plan.lines.iter().filter_map(shown) {
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
}

/// What a plan said when it was applied, unless that was another version's.
pub fn as_applied(shown: &str) -> Option<ChangeView> {
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
