//! One licence in the list.

use super::{
    selection::{revoke_one, value},
    state::{StateTag, apple_words, kind},
};
use crate::{
    catalog::AssetIcon,
    groups, t,
    ui::{Address, Column, Moment, Pick},
};
use contract::{
    PersonId,
    licenses::{LicenseRow, LicenseState, Origin},
};
use leptos::prelude::*;
use leptos_router::location::Url;

pub(super) fn head(address: Memo<Address>) -> impl IntoView {
    view! {
        <Column label=t!(license_app) sort=("app", address) first=true/>
        <Column label=t!(license_holder) sort=("holder", address)/>
        <Column label=t!(license_kind)/>
        <Column label=t!(license_state)/>
        <Column label=t!(license_since)/>
        <Column label=t!(license_given_by)/>
        <Column label=t!(asset_location)/>
        <Column label=t!(license_action)/>
    }
}

/// Whether it can be taken back.
pub(super) fn possible(row: &LicenseRow) -> bool {
    row.revocable && row.state == LicenseState::Held
}

/// `revoke`: the reader may take licences back.
#[component]
pub(super) fn Row(row: LicenseRow, revoke: bool) -> impl IntoView {
    let possible = revoke && possible(&row);
    let holder = row.holder.id().to_owned();
    let (app, of) = (row.asset_name.clone(), holder.clone());
    let label = t!(license_of, app = &row.asset_name, holder = &holder);
    let pick = match (revoke, possible) {
        (true, true) => {
            Some(view! { <Pick name="license" value=value(row.asset, &row.holder) label/> }.into_any())
        }
        (true, false) => Some(view! { <td class="pick"></td> }.into_any()),
        (false, _) => None,
    };
    let link = possible.then(|| {
        let label = t!(license_revoke_of, app = &row.asset_name, holder = &holder);
        view! { <a href=revoke_one(row.asset, &row.holder) aria-label=label>{t!(license_revoke)}</a> }
            .into_any()
    });
    let history = format!("/ledger?asset={}&holder={}", row.asset, Url::escape(&holder));
    let why = crate::assignments::explain_path(row.asset, &holder);
    let waits = row.not_joined && row.state == LicenseState::Held;
    let not_joined = waits.then(|| view! { <small>{t!(license_not_joined)}</small> });
    let given_by = match row.origin {
        Origin::Unknown => t!(license_found).into_any(),
        Origin::Operation { id, by } => view! { <a href=format!("/activity/{id}")>{by}</a> }.into_any(),
        Origin::Assignment { group_name } => {
            let href = format!("/assignments?asset={}", row.asset);
            view! { <a href=href>{t!(license_by_assignment, group = groups::group_name(group_name))}</a> }
                .into_any()
        }
    };
    view! {
        <tr>
            {pick}
            <th scope="row">
                <div class="item">
                    <AssetIcon url=row.icon name=row.asset_name.clone()/>
                    <div><a href=format!("/apps/{}", row.asset)>{row.asset_name}</a></div>
                </div>
            </th>
            <td data-label=t!(license_holder)>
                {holder_cell(holder, row.holder_name, row.person)}
            </td>
            <td data-label=t!(license_kind)>{kind(&row.holder)}</td>
            <td data-label=t!(license_state)>
                <div class="stack"><StateTag state=row.state/> {not_joined} {apple_words(row.error)}</div>
            </td>
            <td data-label=t!(license_since)><Moment at=row.since/></td>
            <td data-label=t!(license_given_by)>{given_by}</td>
            <td data-label=t!(asset_location)>{row.location_name}</td>
            <td data-label=t!(license_action)>
                <div class="links">
                    <a href=why aria-label=t!(explain_why_of, app = &app, holder = &of)>{t!(explain_why)}</a>
                    <a href=history aria-label=t!(license_history_of, app = app, holder = of)>{t!(license_history)}</a>
                    {link}
                </div>
            </td>
        </tr>
    }
}

/// A person goes by the name, with the way to the page; what Apple calls the person says nothing.
fn holder_cell(holder: String, name: Option<String>, person: Option<PersonId>) -> AnyView {
    match (person, name) {
        (Some(person), Some(name)) => {
            view! { <div class="stack"><a href=format!("/people/{person}")>{name}</a> <small>{holder}</small></div> }
                .into_any()
        }
        (_, name) => {
            view! { <div class="stack">{holder} {name.map(|name| view! { <small>{name}</small> })}</div> }
                .into_any()
        }
    }
}
