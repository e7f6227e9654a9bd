//! What no plan is made of (A1, A3, A10, A12).

use super::{super::names::named, working::Worked};
use crate::{
    engine::{
        desired::{Who, gives},
        fulfil::{AssetPlan, Line, holds},
        planning::Planning,
    },
    portal::Portal,
};
use contract::{
    Code, Fault,
    assignments::{AssignmentForm, Change, GroupChoice, Intent, LicenseKind, Reason, Target, Verdict},
    catalog::ProductType,
    groups::GroupKind,
};
use std::collections::BTreeSet;
use store::catalog::StockAsset;

/// Longest name of a VPN profile.
const LONGEST_NAME: usize = 200;
const MOST_RESERVED: i64 = 1_000_000;

impl Portal {
    /// What can be said before the change is worked out.
    pub(super) async fn check_change(&self, change: &Change) -> Result<(), Fault> {
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
pub fn without_idle_reservation(mut change: Change) -> Change {
    if let Change::Save { form, .. } = &mut change
        && gives(form.target).is_none()
    {
        form.reserved = 0;
    }
    change
}

/// A3, A10: a change that would have one more device under both kinds of licences is refused, and one that would turn
/// licences of devices into a person's.
pub async fn check_kinds(portal: &Portal, change: &Change, worked: &Worked) -> Result<(), Fault> {
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
pub fn check_source(change: &Change, worked: &Worked) -> Result<(), Fault> {
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

/// Books that are given to people can never be taken back (A3).
pub fn irrevocable(change: &Change, stock: &StockAsset) -> bool {
    let gives = matches!(change, Change::Save { form, .. }
        if matches!(form.target, Target::Include { intent: Intent::Required | Intent::Available, .. }));
    stock.product == ProductType::Book && gives
}
