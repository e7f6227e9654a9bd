//! `/assignments/edit?asset=…&group=…`: what a group is to have; leads to the plan. Where a group is looked for, the address
//! has all fields of the form.

use super::{
    group_calls::{self, Mode, PlanSave},
    groups::asset,
    words,
};
use crate::{
    call::Failure,
    catalog,
    form::{ActionForm, FormAction},
    groups, i18n,
    reading::{reading, when_read},
    refusal::Refusal,
    t,
    ui::{Address, ButtonLink, Checkbox, Field, Kind, PageHead, Select, Show, Submit, address, either},
};
use contract::{
    AssetId, LocationId,
    assignments::{
        AssignmentRow, AssignmentSettings, GroupChoice, Intent, LicenseKind, Priority, Shortage, Target,
    },
    catalog::{AssetDetail, ProductType},
    groups::GroupKind,
};
use leptos::prelude::*;

type Locations = Vec<(LocationId, String)>;
type Read = (AssetDetail, Vec<AssignmentRow>, Vec<GroupChoice>, Locations);

async fn read((asset, find): (AssetId, String)) -> Result<Read, Failure> {
    let detail = catalog::calls::detail(asset).await?;
    let rows = group_calls::rows(asset).await?;
    let locations = catalog::calls::locations(None).await?;
    Ok((detail, rows, group_calls::choices(find).await?, locations))
}

pub fn edit_page() -> AnyView {
    let address = address();
    let asked = move || address.with(|address| (asset(address), address.get("find")));
    let all = reading(asked, read);
    when_read(move || async move {
        either(all.await, move |(asset, rows, groups, locations)| {
            let address = address.get_untracked();
            let chosen = address.get("group");
            let rows = rows.into_iter().filter(|_| !is_sent(&address));
            let former = rows.into_iter().find(|row| row.group.as_str() == chosen);
            view! { <Edit address asset former groups locations/> }
        })
    })
}

/// Whether the form sent it, which always has a mode.
fn is_sent(address: &Address) -> bool {
    !address.get("mode").is_empty()
}

/// What was typed: brought back by a refusal or, where a group was looked for, by the address.
struct Typed {
    refusal: Refusal,
    sent: Option<Address>,
}

impl Typed {
    fn text(&self, field: &str, or: impl Into<String>) -> String {
        let sent = self.sent.as_ref().map(|address| address.get(field));
        self.refusal.at_first(field, sent.unwrap_or_else(|| or.into()))
    }

    fn ticked(&self, field: &str, or: bool) -> bool {
        let sent = self.sent.as_ref().map(|address| address.has(field, "true"));
        self.refusal.ticked(field, sent.unwrap_or(or))
    }
}

#[component]
fn Edit(
    address: Address,
    asset: AssetDetail,
    former: Option<AssignmentRow>,
    groups: Vec<GroupChoice>,
    locations: Locations,
) -> impl IntoView {
    let name = asset.row.name.clone();
    let title = match &former {
        Some(row) => t!(
            assignment_change_of,
            group = groups::called(&row.group, &row.group_name)
        ),
        None => t!(assignment_edit_title).to_owned(),
    };
    view! {
        <PageHead title sub=format!("{name} · {}", asset.row.location_name)/>
        <Form address asset former groups locations/>
    }
}

/// Value and words of each choice.
fn options<T: Copy>(
    all: &[T],
    name: fn(T) -> &'static str,
    words: fn(T) -> &'static str,
) -> Vec<(String, String)> {
    all.iter()
        .map(|one| (name(*one).to_owned(), words(*one).to_owned()))
        .collect()
}

#[component]
fn Form(
    address: Address,
    asset: AssetDetail,
    former: Option<AssignmentRow>,
    groups: Vec<GroupChoice>,
    locations: Locations,
) -> impl IntoView {
    let action = FormAction::<PlanSave>::new();
    let refusal = action.refusal();
    let find = address.get("find");
    let typed = Typed {
        refusal,
        sent: is_sent(&address).then_some(address),
    };
    let id = asset.row.id;
    let book = asset.row.product == ProductType::Book;
    let usual = Target::Include {
        intent: Intent::Required,
        kind: if book {
            LicenseKind::User
        } else {
            LicenseKind::Device
        },
    };
    let target = former.as_ref().map_or(usual, |row| row.target);
    let mode = match target {
        Target::Include { .. } => Mode::Include,
        Target::Exclude => Mode::Exclude,
    };
    let (intent, kind) = match target {
        Target::Include { intent, kind } => (intent, kind),
        Target::Exclude => (Intent::Required, LicenseKind::Device),
    };
    let settings = former
        .as_ref()
        .map_or_else(AssignmentSettings::default, |row| row.settings.clone());
    let draw = (!book).then(|| {
        let former = settings.draw_from.as_ref().map_or("", |id| id.as_str());
        let chosen = typed.text("draw_from", former);
        let own = asset.row.location.clone();
        view! { <DrawFrom locations own chosen/> }
    });
    let priority = former.as_ref().map_or_else(Priority::default, |row| row.priority);
    let shortage = former.as_ref().map_or_else(Shortage::default, |row| row.shortage);
    let reserved = former.as_ref().map_or(0, |row| row.reserved);
    let modes = vec![
        (
            Mode::Include.as_str().to_owned(),
            t!(assignment_include).to_owned(),
        ),
        (
            Mode::Exclude.as_str().to_owned(),
            t!(assignment_exclude).to_owned(),
        ),
    ];
    let kinds: &[LicenseKind] = if book {
        &[LicenseKind::User]
    } else {
        &LicenseKind::ALL
    };
    let group = match former {
        Some(row) => view! { <input type="hidden" name="group" value=row.group.0/> }.into_any(),
        None => view! { <ChooseGroup find groups chosen=typed.text("group", "")/> }.into_any(),
    };
    view! {
        {refusal.note()}
        <div class="form card">
            <ActionForm action=action>
                <input type="hidden" name="asset" value=id.0/>
                {group}
                <Select name="mode" label=t!(assignment_mode) options=modes value=typed.text("mode", mode.as_str())/>
                <Select
                    name="intent"
                    label=t!(assignment_intent)
                    hint=t!(assignment_intent_hint)
                    options=options(&Intent::ALL, Intent::as_str, words::intent)
                    value=typed.text("intent", intent.as_str())
                />
                <Select
                    name="kind"
                    label=t!(assignment_kind)
                    options=options(kinds, LicenseKind::as_str, words::kind)
                    value=typed.text("kind", kind.as_str())
                />
                <Select
                    name="priority"
                    label=t!(assignment_priority)
                    hint=t!(assignment_priority_hint)
                    options=options(&Priority::ALL, Priority::as_str, words::priority)
                    value=typed.text("priority", priority.as_str())
                />
                <Select
                    name="shortage"
                    label=t!(assignment_shortage)
                    options=options(&Shortage::ALL, Shortage::as_str, words::shortage)
                    value=typed.text("shortage", shortage.as_str())
                />
                <Field
                    name="reserved"
                    kind="number"
                    min="0"
                    label=t!(assignment_reserved)
                    hint=t!(assignment_reserved_hint)
                    value=typed.text("reserved", reserved.to_string())
                    error=refusal.of("reserved")
                />
                {draw}
                <Settings settings refusal typed/>
                <div class="commands">
                    <Submit kind=Kind::Main label=t!(assignment_plan) pending=action.pending()/>
                    <ButtonLink href=format!("/assignments?asset={id}") label=t!(edit_cancel)/>
                </div>
            </ActionForm>
        </div>
    }
}

/// A12: the other locations.
#[component]
fn DrawFrom(locations: Locations, own: LocationId, chosen: String) -> impl IntoView {
    let others: Vec<_> = locations.into_iter().filter(|(id, _)| *id != own).collect();
    (!others.is_empty()).then(|| {
        let none = (String::new(), t!(assignment_draw_none).to_owned());
        let others = others.into_iter().map(|(id, name)| (id.0, name));
        view! {
            <Select
                name="draw_from"
                label=t!(assignment_draw)
                hint=t!(assignment_draw_hint)
                options=std::iter::once(none).chain(others).collect()
                value=chosen
            />
        }
    })
}

#[component]
fn ChooseGroup(find: String, groups: Vec<GroupChoice>, chosen: String) -> impl IntoView {
    let more = groups.len() >= GroupChoice::MOST as usize;
    let options = groups
        .into_iter()
        .map(|group| {
            let of = match group.kind {
                GroupKind::People => t!(assignment_of_people),
                GroupKind::Devices => t!(assignment_of_devices),
            };
            let words = format!(
                "{} ({} {of})",
                groups::called(&group.id, &group.name),
                i18n::number(group.members)
            );
            (group.id.0, words)
        })
        .collect();
    view! {
        <Field name="find" kind="search" label=t!(assignment_find_group) value=find/>
        <div class="commands">
            <Show path="/assignments/edit" label=t!(list_search)/>
        </div>
        <Select name="group" label=t!(assignment_group) options value=chosen/>
        {more.then(|| view! { <p class="hint">{t!(assignment_more_groups)}</p> })}
    }
}

#[component]
fn Settings(settings: AssignmentSettings, refusal: Refusal, typed: Typed) -> impl IntoView {
    view! {
        <fieldset>
            <legend>{t!(assignment_settings)}</legend>
            <Checkbox
                name="uninstall_on_removal"
                label=t!(assignment_set_uninstall_on_removal)
                checked=typed.ticked("uninstall_on_removal", settings.uninstall_on_removal)
            />
            <Checkbox name="removable" label=t!(assignment_set_removable) checked=typed.ticked("removable", settings.removable)/>
            <Checkbox
                name="no_icloud_backup"
                label=t!(assignment_set_no_icloud_backup)
                checked=typed.ticked("no_icloud_backup", settings.no_icloud_backup)
            />
            <Checkbox
                name="no_automatic_update"
                label=t!(assignment_set_no_automatic_update)
                checked=typed.ticked("no_automatic_update", settings.no_automatic_update)
            />
            <Checkbox
                name="keep_licenses"
                label=t!(assignment_set_keep_licenses)
                checked=typed.ticked("keep_licenses", settings.keep_licenses)
            />
            <Checkbox
                name="license_only"
                label=t!(assignment_set_license_only)
                checked=typed.ticked("license_only", settings.license_only)
            />
            <Field
                name="vpn_profile"
                label=t!(assignment_set_vpn_profile)
                value=typed.text("vpn_profile", settings.vpn_profile)
                error=refusal.of("vpn_profile")
            />
        </fieldset>
    }
}
