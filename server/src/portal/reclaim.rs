//! Reclaim rules, their review queue, and licences that lead to nobody (R3, L3).

use super::{Portal, first_named, licenses::preview_of, operations::check_reason};
use crate::engine::{
    operation,
    planning::Actor,
    reclaim::{AT_ONCE, SETTING, applied, rules},
};
use async_trait::async_trait;
use contract::{
    AssetId, Caller, Code, DAY, Fault, LocationId, MINUTE, OperationId, Page, PageQuery, Permission, Serial,
    activity::OperationKind,
    licenses::{Holder, RevocationForm, RevocationPreview},
    reclaim::{
        Decision, KeptRow, OrphanQuery, OrphanRow, Reclaim, ReclaimQuery, ReclaimRow, ReclaimRule,
        ReclaimScope, ReportRow, RuleKind, Verdict,
    },
    tokens::Deed,
};
use serde_json::json;
use std::collections::BTreeMap;
use store::{
    StoreError,
    operations::{NewOperation, Pair},
};

/// Licences decided on at once.
const MOST: usize = 100_000;
/// Devices protected at once.
const MOST_DEVICES: usize = 10_000;

/// The rule, if it can be; one that counts no days has those of the beginning.
fn checked(rule: ReclaimRule) -> Result<ReclaimRule, Fault> {
    let days = match rule.kind.has_days() {
        true => rule.days,
        false => ReclaimRule::new(rule.kind).days,
    };
    if !(1..=ReclaimRule::LONGEST).contains(&days) {
        return Err(Fault::field("days", Code::ChoiceInvalid));
    }
    if rule.hold_minutes > RevocationForm::LONGEST_HOLD {
        return Err(Fault::field("hold_minutes", Code::ChoiceInvalid));
    }
    Ok(ReclaimRule { days, ..rule })
}

/// Who decides sees a list, not a plan.
fn decided_meanwhile(error: StoreError) -> Fault {
    match error {
        StoreError::Taken(Code::PlanLapsed) => Code::ChangedMeanwhile.into(),
        other => other.into(),
    }
}

impl Portal {
    async fn chosen_reclaims(&self, scope: &ReclaimScope) -> Result<Vec<(Pair, RuleKind)>, Fault> {
        if matches!(scope, ReclaimScope::Licenses(licenses) if licenses.len() > MOST) {
            return Err(Fault::new(Code::TooManyChosen).with("most", MOST));
        }
        let chosen = self.db.reclaims_of(scope, AT_ONCE).await?;
        if chosen.is_empty() {
            return Err(Code::NothingChosen.into());
        }
        Ok(chosen)
    }

    /// One operation for each location and rule, not yet written down.
    async fn reclaiming(
        &self,
        caller: &Caller,
        chosen: &[(Pair, RuleKind)],
        reason: &str,
        hold_minutes: u32,
    ) -> Result<Vec<NewOperation>, Fault> {
        let assets = self.stock(chosen.iter().map(|((asset, _), _)| *asset)).await?;
        let rules = rules(self.db.setting(SETTING).await?.as_deref());
        let mut shares: BTreeMap<(LocationId, RuleKind), Vec<Pair>> = BTreeMap::new();
        for (pair, rule) in chosen {
            if let Some(asset) = assets.get(&pair.0) {
                let share = shares.entry((asset.location.clone(), *rule)).or_default();
                share.push(pair.clone());
            }
        }
        for (location, _) in shares.keys() {
            self.need_standing(location, Deed::Revoke).await?;
        }
        let limits = self.call_limits().await;
        let now = self.clock.now();
        let actor = Actor::from(caller);
        let operations: Vec<_> = shares
            .into_iter()
            .map(|((location, kind), pairs)| {
                let rule = rules.iter().find(|rule| rule.kind == kind);
                let named = rule.map_or_else(String::new, ReclaimRule::reason);
                let reason = match reason {
                    "" => named,
                    words => format!("{named}; {words}"),
                };
                let mut operation = operation(
                    OperationKind::Revoke,
                    &location,
                    &actor,
                    reason,
                    pairs,
                    limits,
                    now,
                );
                operation.held_until = (hold_minutes > 0).then(|| now + i64::from(hold_minutes) * MINUTE);
                operation
            })
            .collect();
        match operations.is_empty() {
            true => Err(Code::NothingChosen.into()),
            false => Ok(operations),
        }
    }
}

#[async_trait]
impl Reclaim for Portal {
    async fn rules(&self, caller: &Caller) -> Result<Vec<ReclaimRule>, Fault> {
        caller.need(Permission::ViewLicenses)?;
        Ok(rules(self.db.setting(SETTING).await?.as_deref()))
    }

    async fn preview_rule(&self, caller: &Caller, rule: ReclaimRule) -> Result<RevocationPreview, Fault> {
        caller.need(Permission::ViewLicenses)?;
        let rule = checked(rule)?;
        let found = self
            .db
            .candidates(applied(&rule, self.clock.now()), None, AT_ONCE)
            .await?;
        let pairs: Vec<Pair> = found.into_iter().map(|candidate| candidate.pair).collect();
        let assets = self.stock(pairs.iter().map(|(asset, _)| *asset)).await?;
        Ok(preview_of(&pairs, &assets))
    }

    async fn save_rule(&self, caller: &Caller, rule: ReclaimRule) -> Result<(), Fault> {
        caller.need(Permission::ManageReclaim)?;
        let rule = checked(rule)?;
        loop {
            let setting = self.db.setting(SETTING).await?;
            let mut all = rules(setting.as_deref());
            let before = all.iter().find(|own| own.kind == rule.kind).copied();
            for own in &mut all {
                if own.kind == rule.kind {
                    *own = rule;
                }
            }
            let changed = json!(all).to_string();
            let change = async {
                let change = self.db.change_setting(SETTING, setting.as_deref(), &changed);
                match change.await? {
                    true => Ok(()),
                    false => Err(Fault::new(Code::ChangedMeanwhile)),
                }
            };
            let details = json!({ "before": before, "after": rule });
            match self
                .audited(caller, "reclaim.rule", rule.kind.as_str(), details, change)
                .await
            {
                // Another rule was saved at the same moment.
                Err(fault) if fault.code == Code::ChangedMeanwhile => {}
                saved => break saved?,
            }
        }
        Ok(self.db.reclaim_soon(self.clock.now()).await?)
    }

    async fn queue(&self, caller: &Caller, query: ReclaimQuery) -> Result<Page<ReclaimRow>, Fault> {
        caller.need(Permission::ViewLicenses)?;
        Ok(self.db.reclaim_list(&query).await?)
    }

    async fn preview_decision(&self, caller: &Caller, what: Decision) -> Result<RevocationPreview, Fault> {
        caller.need(Permission::RevokeLicenses)?;
        let chosen = self.chosen_reclaims(&what.scope).await?;
        let pairs: Vec<Pair> = chosen.into_iter().map(|(pair, _)| pair).collect();
        let assets = self.stock(pairs.iter().map(|(asset, _)| *asset)).await?;
        Ok(preview_of(&pairs, &assets))
    }

    async fn decide(
        &self,
        caller: &Caller,
        what: Decision,
        reason: &str,
        hold_minutes: u32,
    ) -> Result<Option<OperationId>, Fault> {
        caller.need(Permission::RevokeLicenses)?;
        let reason = check_reason(reason)?;
        if hold_minutes > RevocationForm::LONGEST_HOLD {
            return Err(Fault::field("hold_minutes", Code::ChoiceInvalid));
        }
        let chosen = self.chosen_reclaims(&what.scope).await?;
        let now = self.clock.now();
        let operations = match what.how {
            Verdict::Approve => self.reclaiming(caller, &chosen, reason, hold_minutes).await?,
            Verdict::Keep => Vec::new(),
        };
        let first = operations.first().map(|operation| operation.id.clone());
        let decide = async {
            let decided = match what.how {
                Verdict::Approve => self.db.reclaim(None, &operations, &chosen, now).await,
                Verdict::Keep => {
                    let keep = self.db.keep_licenses(&chosen, &caller.name, reason, now);
                    keep.await
                }
            };
            decided.map_err(decided_meanwhile)
        };
        let details = json!({
            "how": what.how, "licenses": chosen.len(), "reason": reason, "hold_minutes": hold_minutes,
        });
        let object = first.as_ref().map_or("kept", OperationId::as_str);
        self.audited(caller, "reclaim.decide", object, details, decide)
            .await?;
        Ok(first)
    }

    async fn kept(&self, caller: &Caller, page: PageQuery) -> Result<Page<KeptRow>, Fault> {
        caller.need(Permission::ViewLicenses)?;
        Ok(self.db.kept_list(&page).await?)
    }

    async fn protect(&self, caller: &Caller, serials: &str, reason: &str) -> Result<(), Fault> {
        caller.need(Permission::ManageReclaim)?;
        let reason = check_reason(reason)?;
        let parts = serials.split(|sign: char| sign.is_whitespace() || matches!(sign, ',' | ';'));
        let serials = parts
            .filter(|part| !part.is_empty())
            .map(Serial::parse)
            .collect::<Result<Vec<_>, _>>()
            .map_err(|_| Fault::field("serials", Code::SerialInvalid))?;
        match serials.len() {
            0 => return Err(Fault::field("serials", Code::Required)),
            count if count > MOST_DEVICES => {
                return Err(Fault::new(Code::TooManyChosen).with("most", MOST_DEVICES));
            }
            _ => {}
        }
        let details = json!({
            "devices": serials.len(), "serials": first_named(&serials), "reason": reason,
        });
        let now = self.clock.now();
        let keep = self.db.keep_devices(&serials, &caller.name, reason, now);
        self.audited(caller, "reclaim.protect", "devices", details, keep)
            .await
    }

    async fn unprotect(&self, caller: &Caller, asset: Option<AssetId>, holder: Holder) -> Result<(), Fault> {
        caller.need(Permission::ManageReclaim)?;
        let details = json!({ "asset": asset });
        let keep_no_longer = self.db.keep_no_longer(asset, &holder);
        self.audited(caller, "reclaim.unprotect", holder.id(), details, keep_no_longer)
            .await?;
        Ok(self.db.reclaim_soon(self.clock.now()).await?)
    }

    async fn report(&self, caller: &Caller) -> Result<Vec<ReportRow>, Fault> {
        caller.need(Permission::ViewLicenses)?;
        let since = self.clock.now() - ReportRow::DAYS * DAY;
        Ok(self.db.reclaim_report(since).await?)
    }

    async fn orphans(&self, caller: &Caller, query: OrphanQuery) -> Result<Page<OrphanRow>, Fault> {
        caller.need(Permission::ViewLicenses)?;
        Ok(self.db.orphan_list(&query).await?)
    }
}
