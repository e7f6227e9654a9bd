//! `/assignments?asset=…`: which groups are to have an app or book, and how far that is (A1).

use super::{
    group_calls::{self, PlanRemove},
    words,
};
use crate::{
    call::Failure,
    catalog,
    form::{ActionForm, FormAction},
    groups::group_name,
    i18n, live,
    reading::{reading, when_read},
    session, t,
    ui::{Address, ButtonLink, Column, Empty, Kind, PageHead, Table, address, either, keyed},
};
use contract::{
    AssetId, Permission,
    assignments::{AssignmentRow, Target},
    catalog::AssetDetail,
    groups::GroupKind,
    live::LiveEvent,
};
use leptos::prelude::*;

/// The asset that the address names. What is no number is no asset either: the server says "not found".
pub fn asset(address: &Address) -> AssetId {
    AssetId(address.get("asset").parse().unwrap_or(-1))
}

async fn read(asset: AssetId) -> Result<(AssetDetail, Vec<AssignmentRow>), Failure> {
    let detail = catalog::calls::detail(asset).await?;
    Ok((detail, group_calls::rows(asset).await?))
}

pub fn groups_page() -> AnyView {
    let address = address();
    let rows = reading(move || address.with(asset), read);
    let concerns = move |event: &LiveEvent| match event {
        LiveEvent::Counts { asset: of, .. } => address.with_untracked(asset) == *of,
        LiveEvent::Missed => true,
        _ => false,
    };
    live::on_change(concerns, move || rows.refetch());
    when_read(move || async move {
        let may = session::caller()
            .await
            .is_some_and(|caller| caller.may(Permission::AssignLicenses));
        either(
            rows.await,
            move |(asset, rows)| view! { <Groups asset rows may/> },
        )
    })
}

#[component]
fn Groups(asset: AssetDetail, rows: Vec<AssignmentRow>, may: bool) -> impl IntoView {
    let id = asset.row.id;
    let add = format!("/assignments/edit?asset={id}");
    let action = FormAction::<PlanRemove>::new();
    let list = if rows.is_empty() {
        let href = add.clone();
        let first = may.then(|| view! { <ButtonLink href label=t!(assignment_add) kind=Kind::Main/> });
        view! {
            <Empty title=t!(assignment_empty_title) text=t!(assignment_empty_text)>
                {first}
            </Empty>
        }
        .into_any()
    } else {
        let rows = keyed(
            rows,
            |row| row.group.clone(),
            |row| view! { <Row asset=id row may action/> },
        );
        let head = view! {
            <Column label=t!(assignment_group)/>
            <Column label=t!(assignment_mode)/>
            <Column label=t!(assignment_intent)/>
            <Column label=t!(assignment_kind)/>
            <Column label=t!(assignment_settings)/>
            <Column label=t!(assignment_members) number=true/>
            <Column label=t!(assignment_licensed) number=true/>
            <Column label=t!(assignment_waiting) number=true/>
            <Column label=t!(assignment_failed) number=true/>
            {may.then(|| view! { <Column label=t!(assignment_commands)/> })}
        };
        view! { <Table caption=t!(assignment_title) head>{rows}</Table> }.into_any()
    };
    let (name, place, product) = (asset.row.name, asset.row.location_name, asset.row.product);
    let add = may.then(|| view! { <ButtonLink href=add label=t!(assignment_add) kind=Kind::Main/> });
    view! {
        <PageHead title=format!("{name}: {}", t!(assignment_title)) sub=place>
            {add}
        </PageHead>
        {catalog::asset_tabs(product, id, catalog::AssetTab::Assignments)}
        {action.refusal().note()}
        {list}
    }
}

#[component]
fn Row(asset: AssetId, row: AssignmentRow, may: bool, action: FormAction<PlanRemove>) -> impl IntoView {
    let (intent, kind) = match row.target {
        Target::Include { intent, kind } => (words::intent(intent), words::kind(kind)),
        Target::Exclude => ("–", "–"),
    };
    let members = match row.members_kind {
        GroupKind::People => t!(assignment_of_people),
        GroupKind::Devices => t!(assignment_of_devices),
    };
    let settings = settings(&row);
    let (group, name) = (row.group, group_name(row.group_name));
    let (change, remove) = (
        t!(assignment_change_of, group = &name),
        t!(assignment_remove_of, group = &name),
    );
    let commands = may.then(|| {
        let edit = format!("/assignments/edit?asset={asset}&group={group}");
        view! {
            <td data-label=t!(assignment_commands)>
                <div class="commands">
                    <a class="button" href=edit aria-label=change>{t!(assignment_change)}</a>
                    <ActionForm action=action>
                        <input type="hidden" name="asset" value=asset.0/>
                        <input type="hidden" name="group" value=group.0/>
                        <button class="button" type="submit" data-kind="danger" aria-label=remove>
                            {t!(assignment_remove)}
                        </button>
                    </ActionForm>
                </div>
            </td>
        }
        .into_any()
    });
    view! {
        <tr>
            <th scope="row"><div class="stack"><span>{name}</span> <small>{members}</small></div></th>
            <td data-label=t!(assignment_mode)>{words::mode(row.target)}</td>
            <td data-label=t!(assignment_intent)>{intent}</td>
            <td data-label=t!(assignment_kind)>{kind}</td>
            <td data-label=t!(assignment_settings)>{settings}</td>
            <td data-label=t!(assignment_members) class="number">{i18n::number(row.members)}</td>
            <td data-label=t!(assignment_licensed) class="number">
                <div class="stack">
                    <span>{i18n::number(row.licensed)}</span>
                    {(row.drawn > 0).then(|| view! { <small>{t!(assignment_drawn_of, count = row.drawn)}</small> })}
                </div>
            </td>
            <td data-label=t!(assignment_waiting) class="number">{i18n::number(row.waiting)}</td>
            <td data-label=t!(assignment_failed) class="number">{i18n::number(row.failed)}</td>
            {commands}
        </tr>
    }
}

/// In words; of an exclusion there is nothing to set.
fn settings(row: &AssignmentRow) -> String {
    if row.target == Target::Exclude {
        return "–".to_owned();
    }
    let own = &row.settings;
    let named = [
        (own.uninstall_on_removal, t!(assignment_set_uninstall_on_removal)),
        (own.removable, t!(assignment_set_removable)),
        (own.no_icloud_backup, t!(assignment_set_no_icloud_backup)),
        (own.no_automatic_update, t!(assignment_set_no_automatic_update)),
        (own.keep_licenses, t!(assignment_set_keep_licenses)),
        (own.license_only, t!(assignment_set_license_only)),
    ];
    let mut parts: Vec<String> = vec![
        words::priority(row.priority).to_owned(),
        words::shortage(row.shortage).to_owned(),
    ];
    if row.reserved > 0 {
        parts.push(t!(assignment_reserved_of, count = row.reserved));
    }
    if let Some(location) = &row.draws_from {
        parts.push(t!(assignment_draws_from, location = location));
    }
    let set = named.into_iter().filter(|(set, _)| *set);
    parts.extend(set.map(|(_, words)| words.to_owned()));
    if !own.vpn_profile.is_empty() {
        parts.push(format!("{}: {}", t!(assignment_set_vpn_profile), own.vpn_profile));
    }
    parts.join(" · ")
}
