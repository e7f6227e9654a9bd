//! Server functions of assignments to groups.

// On the function itself it would not reach the half that `#[server]` makes for the browser.
#![allow(clippy::too_many_arguments, reason = "the fields of a plain form")]

use crate::{
    call::{Call, Failure},
    json::Json,
};
use contract::{
    AssetId, GroupId, OperationId, Page, PageQuery, PlanId,
    assignments::{
        AssignmentRow, ChangeFilter, ChangeLine, ChangeView, Explanation, GroupChoice, Intent, LicenseKind,
        Priority, Shortage, WaitingRow,
    },
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

/// Whether a group is included or excluded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    #[default]
    Include,
    Exclude,
}

impl Mode {
    pub fn as_str(self) -> &'static str {
        match self {
            Mode::Include => "include",
            Mode::Exclude => "exclude",
        }
    }
}

#[server(prefix = "/api", endpoint = "assignments/groups", protocol = Call)]
pub async fn rows(asset: AssetId) -> Result<Vec<AssignmentRow>, Failure> {
    let services = crate::call::services()?;
    Ok(services.group_assignments.rows(services.caller()?, asset).await?)
}

#[server(prefix = "/api", endpoint = "assignments/choices", protocol = Call)]
pub async fn choices(#[server(default)] search: String) -> Result<Vec<GroupChoice>, Failure> {
    let services = crate::call::services()?;
    let caller = services.caller()?;
    Ok(services.group_assignments.choices(caller, &search).await?)
}

#[server(prefix = "/api", endpoint = "assignments/waiting", protocol = Call<Json>)]
pub async fn waiting(asset: AssetId, page: PageQuery) -> Result<Page<WaitingRow>, Failure> {
    let services = crate::call::services()?;
    let caller = services.caller()?;
    Ok(services.group_assignments.waiting(caller, asset, page).await?)
}

/// Plans what a plain form says, and shows the plan; a refusal brings back what was chosen.
#[server(prefix = "/api", endpoint = "assignments/plan-save", protocol = Call)]
pub async fn plan_save(
    asset: AssetId,
    group: GroupId,
    #[server(default)] mode: Mode,
    #[server(default)] intent: Intent,
    #[server(default)] kind: LicenseKind,
    #[server(default)] priority: Priority,
    #[server(default)] shortage: Shortage,
    #[server(default)] reserved: String,
    #[server(default)] uninstall_on_removal: bool,
    #[server(default)] removable: bool,
    #[server(default)] no_icloud_backup: bool,
    #[server(default)] no_automatic_update: bool,
    #[server(default)] vpn_profile: String,
    #[server(default)] keep_licenses: bool,
    #[server(default)] license_only: bool,
    #[server(default)] draw_from: String,
) -> Result<PlanId, Failure> {
    use crate::refusal::{tick, with_typed};
    use contract::{
        Code, Fault,
        assignments::{AssignmentForm, AssignmentSettings, Change, Target},
    };

    let (chosen_group, vpn, draw) = (group.clone(), vpn_profile.clone(), draw_from.clone());
    let typed = [
        ("group", chosen_group.as_str()),
        ("mode", mode.as_str()),
        ("intent", intent.as_str()),
        ("kind", kind.as_str()),
        ("priority", priority.as_str()),
        ("shortage", shortage.as_str()),
        ("reserved", &reserved),
        ("uninstall_on_removal", tick(uninstall_on_removal)),
        ("removable", tick(removable)),
        ("no_icloud_backup", tick(no_icloud_backup)),
        ("no_automatic_update", tick(no_automatic_update)),
        ("vpn_profile", &vpn),
        ("keep_licenses", tick(keep_licenses)),
        ("license_only", tick(license_only)),
        ("draw_from", &draw),
    ];
    let reserved = match reserved.trim() {
        "" => 0,
        text => text
            .parse()
            .map_err(|_| with_typed(Fault::field("reserved", Code::ChoiceInvalid), typed))?,
    };
    let form = AssignmentForm {
        group,
        target: match mode {
            Mode::Include => Target::Include { intent, kind },
            Mode::Exclude => Target::Exclude,
        },
        settings: AssignmentSettings {
            uninstall_on_removal,
            removable,
            no_icloud_backup,
            no_automatic_update,
            vpn_profile: vpn_profile.trim().to_owned(),
            keep_licenses,
            license_only,
            draw_from: Some(draw_from)
                .filter(|id| !id.is_empty())
                .map(contract::LocationId),
        },
        priority,
        shortage,
        reserved,
    };
    plan(Change::Save { asset, form })
        .await
        .map_err(|Failure(fault)| Failure(with_typed(fault, typed)))
}

/// Plans the removal, and shows the plan.
#[server(prefix = "/api", endpoint = "assignments/plan-remove", protocol = Call)]
pub async fn plan_remove(asset: AssetId, group: GroupId) -> Result<PlanId, Failure> {
    plan(contract::assignments::Change::Remove { asset, group }).await
}

#[cfg(feature = "ssr")]
async fn plan(change: contract::assignments::Change) -> Result<PlanId, Failure> {
    let services = crate::call::services()?;
    let caller = services.caller()?;
    let id = services.group_assignments.plan_change(caller, change).await?;
    leptos_axum::redirect(&format!("/assignments/plans/{id}"));
    Ok(id)
}

#[server(prefix = "/api", endpoint = "assignments/change", protocol = Call)]
pub async fn change(id: PlanId) -> Result<ChangeView, Failure> {
    let services = crate::call::services()?;
    let caller = services.caller()?;
    Ok(services.group_assignments.change_view(caller, &id).await?)
}

#[server(prefix = "/api", endpoint = "assignments/change-lines", protocol = Call<Json>)]
pub async fn change_lines(
    id: PlanId,
    filter: ChangeFilter,
    page: PageQuery,
) -> Result<Page<ChangeLine>, Failure> {
    let services = crate::call::services()?;
    let caller = services.caller()?;
    Ok(services
        .group_assignments
        .change_lines(caller, &id, filter, page)
        .await?)
}

/// Applies the plan, and shows how it goes on; where nothing is to be done at Apple, the plan.
#[server(prefix = "/api", endpoint = "assignments/apply-change", protocol = Call)]
pub async fn apply_change(
    id: PlanId,
    #[server(default)] confirmed: bool,
) -> Result<Option<OperationId>, Failure> {
    let services = crate::call::services()?;
    let caller = services.caller()?;
    let operation = services
        .group_assignments
        .apply_change(caller, &id, confirmed)
        .await?;
    let next = match &operation {
        Some(operation) => format!("/activity/{operation}"),
        None => format!("/assignments/plans/{id}"),
    };
    leptos_axum::redirect(&next);
    Ok(operation)
}

/// None: the address of the page names no holder yet.
#[server(prefix = "/api", endpoint = "assignments/explain", protocol = Call<Json>)]
pub async fn explain(asset: AssetId, holder: String) -> Result<Option<Explanation>, Failure> {
    let services = crate::call::services()?;
    let caller = services.caller()?;
    if holder.trim().is_empty() {
        return Ok(None);
    }
    Ok(Some(
        services.group_assignments.explain(caller, asset, &holder).await?,
    ))
}
