//! Who is in a group, page by page; those who were put into it can be taken out again.

use super::{
    add::members_label,
    calls::{AddMembers, RemoveMember},
};
#[cfg(feature = "ssr")]
use crate::ui::query_string;
use crate::{
    browser,
    form::{ActionForm, FormAction},
    i18n, t,
    ui::{Address, Area, Column, ExportLink, Note, Submit, Table, Tone, changing, keyed, pager},
};
use contract::{
    GroupId, Page,
    groups::{GroupKind, MemberRow},
    shown_key,
};
use leptos::prelude::*;

/// Bytes of an address that a proxy takes with all else in an answer's head.
#[cfg(feature = "ssr")]
const LONGEST_QUERY: usize = 2_000;

/// The group's page, with what came of pasted names in the address.
#[cfg(feature = "ssr")]
pub(super) fn address_after(id: &GroupId, added: &contract::groups::Added) -> String {
    let mut params = leptos_router::params::ParamsMap::new();
    if added.added > 0 {
        params.insert("added", added.added.to_string());
    }
    for name in added.unknown.iter().take(20) {
        let mut more = params.clone();
        more.insert("unknown", name.chars().take(60).collect::<String>());
        // An address holds only so much.
        if query_string(&more).len() > LONGEST_QUERY {
            break;
        }
        params = more;
    }
    let query = query_string(&params);
    format!("/groups/{id}{}", if query == "?" { "" } else { &query })
}

/// What the last form did.
#[component]
pub(super) fn AddedNote(address: Memo<Address>) -> impl IntoView {
    changing(move || {
        let (added, unknown) = address.with(|address| (address.get("added"), address.all("unknown")));
        let added: i64 = added.parse().unwrap_or_default();
        if added == 0 && unknown.is_empty() {
            return None;
        }
        let tone = if unknown.is_empty() {
            Tone::Good
        } else {
            Tone::Warn
        };
        let names = (!unknown.is_empty()).then(|| {
            let names = unknown.join(", ");
            view! { <p>{t!(members_unknown)} " " <b>{names}</b></p> }
        });
        Some(view! {
            <div role="status">
                <Note tone title=t!(members_added, count = added)>{names}</Note>
            </div>
        })
    })
}

#[component]
pub(super) fn Members(
    address: Memo<Address>,
    id: GroupId,
    kind: GroupKind,
    page: Page<MemberRow>,
    /// The reader may put members in and take them out.
    change: bool,
    read_again: impl Fn() + Copy + Send + Sync + 'static,
) -> impl IntoView {
    let pager = pager(address, &page);
    let remove = FormAction::<RemoveMember>::new();
    Effect::new(move |_| {
        if remove.done().get().is_some() {
            read_again();
        }
    });
    let refused = remove.refusal().note();
    let total = page.total.unwrap_or_default();
    let add = change.then(|| view! { <AddForm id=id.clone() kind read_again/> });
    let export = (!page.rows.is_empty()).then(|| {
        let also = vec![("group", id.0.clone())];
        view! { <div class="bar"><ExportLink address file="members.csv" also/></div> }.into_any()
    });
    let table = if page.rows.is_empty() {
        view! { <p class="muted">{t!(members_none)}</p> }.into_any()
    } else {
        let head = view! {
            <Column label=t!(person_name)/>
            <Column label=key_label(kind)/>
            {change.then(|| view! { <Column label=t!(account_commands)/> })}
        };
        let row = |row| member(row, kind, change.then(|| (id.clone(), remove)));
        let rows = keyed(page.rows, |row| row.id.clone(), row);
        view! { <Table caption=t!(group_members) head>{rows}</Table> }.into_any()
    };
    view! {
        <h2 class="section">{t!(group_members)} " (" {i18n::number(total)} ")"</h2>
        {refused}
        {export}
        {table}
        {pager}
        {add}
    }
}

fn key_label(kind: GroupKind) -> &'static str {
    match kind {
        GroupKind::People => t!(person_user_name),
        GroupKind::Devices => t!(device_serial),
    }
}

fn member(
    row: MemberRow,
    kind: GroupKind,
    remove: Option<(GroupId, FormAction<RemoveMember>)>,
) -> impl IntoView {
    let href = match kind {
        GroupKind::People => format!("/people/{}", row.id),
        GroupKind::Devices => format!("/devices/{}", row.id),
    };
    let command = remove.map(|(group, action)| {
        let form = row.fixed.then(|| {
            let of = row.name.clone();
            view! {
                <ActionForm action=action>
                    <input type="hidden" name="id" value=group.0/>
                    <input type="hidden" name="member" value=row.id.clone()/>
                    <Submit label=t!(member_remove) of=of pending=action.pending()/>
                </ActionForm>
            }
        });
        let from_inside = (!row.fixed)
            .then(|| view! { <span class="muted small">{t!(member_from_inside)}</span> }.into_any());
        view! { <td data-label=t!(account_commands)>{form} {from_inside}</td> }.into_any()
    });
    view! {
        <tr>
            <th scope="row"><a href=href>{row.name}</a></th>
            <td data-label=key_label(kind)>{shown_key(&row.key).to_owned()}</td>
            {command}
        </tr>
    }
}

#[component]
fn AddForm(
    id: GroupId,
    kind: GroupKind,
    read_again: impl Fn() + Copy + Send + Sync + 'static,
) -> impl IntoView {
    let action = FormAction::<AddMembers>::new();
    Effect::new(move |_| {
        if action.done().get().is_some() {
            browser::begin_anew("members");
            read_again();
        }
    });
    let refusal = action.refusal();
    view! {
        <div class="form card">
            <h2>{t!(members_add)}</h2>
            {refusal.note()}
            <ActionForm action=action>
                <input type="hidden" name="id" value=id.0/>
                <Area
                    name="members"
                    label=members_label(kind)
                    hint=t!(members_paste_hint)
                    required=true
                    error=refusal.of("members")
                />
                <div class="commands">
                    <Submit label=t!(members_add) pending=action.pending()/>
                </div>
            </ActionForm>
        </div>
    }
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;
    use contract::groups::Added;

    #[test]
    fn unknown_names_come_along_as_far_as_an_address_holds() {
        let added = Added {
            added: 2,
            unknown: (0..40).map(|n| format!("name {n}")).collect(),
        };
        let address = address_after(&"g1".into(), &added);
        assert!(
            address.starts_with("/groups/g1?added=2&unknown=name%200"),
            "{address}"
        );
        assert_eq!(address.matches("unknown").count(), 20);
        assert_eq!(address_after(&"g1".into(), &Added::default()), "/groups/g1");
        let foreign = Added {
            added: 0,
            unknown: vec!["ö".repeat(60); 40],
        };
        let address = address_after(&"g1".into(), &foreign);
        assert!(
            address.contains("unknown=") && address.len() < 2_100,
            "{}",
            address.len()
        );
    }
}
