//! Applies the reclaim rules (R3) and looks for licences that lead to nobody (L3), location by location: every hour, after
//! a sync, and when somebody asks for it. What a rule that acts by itself finds becomes operations like all others.

use super::{Engine, batches::operation, planning::Actor};
use contract::{
    Code, DAY, Fault, HOUR, MINUTE, UnixMillis,
    activity::OperationKind,
    reclaim::{ReclaimRule, RuleKind, RuleMode},
    tokens::Deed,
};
use std::collections::BTreeMap;
use store::{
    StoreError,
    locations::{Fence, Location},
    operations::Pair,
    reclaim::{Applied, ByRule, Candidate},
};

/// Where the rules are stored.
pub const SETTING: &str = "reclaim_rules";
const EVERY: UnixMillis = HOUR;
/// Licences of one location and rule that are looked at together; the others come the next time.
pub const AT_ONCE: u32 = 100_000;
/// Orphans of one location and reason that are listed.
const ORPHANS: u32 = 10_000;

/// All four, as the setting says.
pub fn rules(setting: Option<&str>) -> Vec<ReclaimRule> {
    let stored: Vec<ReclaimRule> = match setting {
        None => Vec::new(),
        Some(text) => serde_json::from_str(text).unwrap_or_else(|error| {
            tracing::warn!(%error, "the stored reclaim rules cannot be read; all of them are off");
            Vec::new()
        }),
    };
    let rule = |kind| {
        let found = stored.iter().find(|rule| rule.kind == kind);
        found.copied().unwrap_or_else(|| ReclaimRule::new(kind))
    };
    RuleKind::ALL.map(rule).to_vec()
}

/// The rule at this moment.
pub fn applied(rule: &ReclaimRule, now: UnixMillis) -> Applied {
    Applied {
        rule: rule.kind,
        before: now - rule.days * DAY,
    }
}

/// Each licence once, under the first rule that takes it.
fn each_once(found: Vec<Vec<Candidate>>) -> Vec<Candidate> {
    let mut first: BTreeMap<Pair, Candidate> = BTreeMap::new();
    for candidate in found.into_iter().flatten() {
        first.entry(candidate.pair.clone()).or_insert(candidate);
    }
    first.into_values().collect()
}

impl Engine {
    pub(super) async fn reclaim(&self, fence: &Fence, location: &Location) -> Result<(), Fault> {
        let now = self.clock.now();
        let Some(asked) = self.db.reclaim_due(&location.id, now - EVERY).await? else {
            return Ok(());
        };
        let setting = self.db.setting(SETTING).await?;
        let rules = rules(setting.as_deref());
        let mut found = Vec::new();
        for rule in rules.iter().filter(|rule| rule.mode != RuleMode::Off) {
            let of_rule = self
                .db
                .candidates(applied(rule, now), Some(&location.id), AT_ONCE)
                .await?;
            found.push(of_rule);
        }
        let found = each_once(found);
        let orphans = self.db.find_orphans(&location.id, ORPHANS).await?;
        self.db
            .write_reclaims(fence, &found, &orphans, asked, now)
            .await?;
        let by_rule = ByRule {
            fence,
            rules: (SETTING, setting.as_deref()),
        };
        self.take_by_rule(by_rule, location, &rules, found, now).await
    }

    /// What rules take that act by themselves, where the token's state allows it (T3, T5).
    async fn take_by_rule(
        &self,
        by_rule: ByRule<'_>,
        location: &Location,
        rules: &[ReclaimRule],
        found: Vec<Candidate>,
        now: UnixMillis,
    ) -> Result<(), Fault> {
        let mut of_rule: BTreeMap<RuleKind, Vec<Pair>> = BTreeMap::new();
        for candidate in found {
            of_rule.entry(candidate.rule).or_default().push(candidate.pair);
        }
        let acting = rules.iter().filter(|rule| rule.mode == RuleMode::Automatic);
        let acting: Vec<_> = acting
            .filter_map(|rule| Some((rule, of_rule.remove(&rule.kind)?)))
            .collect();
        if acting.is_empty() || !self.may(location, Deed::Revoke).await? {
            return Ok(());
        }
        let limits = self.limits().await?;
        for (rule, pairs) in acting {
            let taken: Vec<_> = pairs.iter().map(|pair| (pair.clone(), rule.kind)).collect();
            let mut operation = operation(
                OperationKind::Revoke,
                &location.id,
                &Actor::pomona(),
                rule.reason(),
                pairs,
                limits,
                now,
            );
            operation.held_until =
                (rule.hold_minutes > 0).then(|| now + i64::from(rule.hold_minutes) * MINUTE);
            match self.db.reclaim(Some(by_rule), &[operation], &taken, now).await {
                // Somebody wants some of it left alone since it was looked at, or changed a rule: the rules look again.
                Err(StoreError::Taken(Code::PlanLapsed)) => {
                    self.db.reclaim_soon(now).await?;
                    continue;
                }
                written => written?,
            }
            tracing::info!(
                uid = location.uid,
                rule = rule.kind.as_str(),
                licences = taken.len(),
                "a reclaim rule acts"
            );
        }
        self.wake.ring();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::{AssetId, Serial, licenses::Holder};

    #[test]
    fn r3_where_several_rules_would_take_a_licence_the_first_is_named() {
        let candidate = |serial: &str, rule| Candidate {
            pair: (AssetId(1), Holder::Device(Serial::known(serial))),
            rule,
            fact_at: None,
        };
        let found = each_once(vec![
            vec![candidate("B", RuleKind::Gone)],
            vec![candidate("A", RuleKind::Unseen), candidate("B", RuleKind::Unseen)],
        ]);
        assert_eq!(
            found,
            [candidate("A", RuleKind::Unseen), candidate("B", RuleKind::Gone)]
        );
    }

    #[test]
    fn r3_days_count_from_now() {
        let rule = ReclaimRule {
            days: 30,
            ..ReclaimRule::new(RuleKind::Unseen)
        };
        assert_eq!(applied(&rule, 31 * DAY).before, DAY);
    }
}
