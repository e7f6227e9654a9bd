//! `/drift/licenses`: the licences that only one side knows of; some or all of an app's are settled from here (S5, S6).

use super::{calls, list::location, scope::settle_all};
use crate::{
    catalog::AssetIcon,
    licenses::{StateTag, revoke_found, value},
    reading::{reading, when_read},
    session, t,
    ui::{
        Address, ButtonLink, Column, Empty, ExportLink, FilterForm, Filters, Kind, Moment, PageHead, Pick,
        PickAll, Pill, Table, Ticked, address, either, elsewhere, keyed, nothing_found, pager,
    },
};
use contract::{
    AssetId, Caller, Page, Permission,
    drift::{DriftHolder, DriftHolderQuery, Settling, Side},
    licenses::LicenseState,
};
use leptos::prelude::*;

/// What the address asks for; that of the export too.
pub fn query(address: &Address) -> DriftHolderQuery {
    DriftHolderQuery {
        side: address.choice("side").unwrap_or_default(),
        holder: address.get("holder"),
        asset: address.get("asset").parse().ok().map(AssetId),
        location: location(address),
        page: address.page(),
    }
}

pub fn holders_page() -> AnyView {
    let address = address();
    let ticked = Ticked::provide("license");
    // What is done to licences of one side is not done to those of the other.
    Effect::new(move |before: Option<Side>| {
        let side = address.with(query).side;
        if before.is_some_and(|before| before != side) {
            ticked.clear();
        }
        side
    });
    let holders = reading(move || address.with(query), calls::holders);
    when_read(move || async move {
        let caller = session::caller().await;
        either(
            holders.await,
            move |page| view! { <Holders address page caller/> },
        )
    })
}

#[component]
fn Holders(address: Memo<Address>, page: Page<DriftHolder>, caller: Option<Caller>) -> impl IntoView {
    let may = |permission| caller.as_ref().is_some_and(|caller| caller.may(permission));
    let (assign, revoke) = (may(Permission::AssignLicenses), may(Permission::RevokeLicenses));
    let asked = address.with_untracked(query);
    let none = page.rows.is_empty();
    let pager = pager(address, &page);
    let app = page.rows.first().map(|row| row.asset_name.clone());
    let title = match asked.side {
        Side::Apple => t!(drift_found_title),
        Side::Pomona => t!(drift_lost_title),
    };
    let sub = match asked.side {
        Side::Apple => t!(drift_found_sub),
        Side::Pomona => t!(drift_lost_sub),
    };
    let pick = match asked.side {
        Side::Apple => assign || revoke,
        Side::Pomona => assign,
    };
    let list = if none && !asked.holder.is_empty() {
        nothing_found(address.with_untracked(|address| address.with("holder", "")))
    } else if none {
        view! {
            <Empty title=t!(drift_none_title) text=t!(drift_none_text)>
                <ButtonLink href="/drift" label=t!(drift_title)/>
            </Empty>
        }
        .into_any()
    } else {
        let side = asked.side;
        let head = view! {
            {pick.then(|| view! { <PickAll name="license" label=t!(list_pick_all)/> })}
            {head(side)}
        };
        let key = |row: &DriftHolder| value(row.asset, &row.holder);
        let here = page.rows.iter().filter(|row| !row.releasing).map(key).collect();
        let others = pick.then(|| elsewhere("license", here));
        let rows = keyed(page.rows, key, |row| view! { <Row row side pick/> });
        view! {
            <form id="pick" method="get" action="/drift/settle">
                {others}
                <Table caption=title head>{rows}</Table>
            </form>
        }
        .into_any()
    };
    let commands = (!none).then(|| view! { <Commands asked=asked.clone() assign revoke/> });
    let pill = asked.asset.map(|asset| {
        let label = app.unwrap_or_else(|| t!(license_app).to_owned());
        view! { <Pill address name="asset" value=asset.to_string() label/> }
    });
    view! {
        <PageHead title sub=sub.to_owned()>
            {commands}
            {(!none).then(|| view! { <ExportLink address file="drift-licenses.csv"/> })}
            <ButtonLink href="/drift" label=t!(drift_title)/>
        </PageHead>
        <div class="bar">
            <FilterForm address name="holder" label=t!(licenses_search) keep=&["side", "asset", "location"]/>
            <Filters label=t!(drift_by_side)>
                <Pill address name="side" value="apple" label=t!(drift_found)/>
                <Pill address name="side" value="pomona" label=t!(drift_lost)/>
                {pill}
            </Filters>
        </div>
        {list}
        {pager}
    }
}

/// For the ticked ones; and for all of an app or of a location, where the list shows them all.
#[component]
fn Commands(asked: DriftHolderQuery, assign: bool, revoke: bool) -> impl IntoView {
    let whole = asked.holder.is_empty();
    let location = asked.location.clone().filter(|_| whole);
    let all = |how| {
        let asset = asked.asset.filter(|_| whole);
        match (asset, &location) {
            (None, None) => None,
            (asset, location) => Some(settle_all(
                how,
                &location.clone().unwrap_or_else(|| String::new().into()),
                asset,
            )),
        }
    };
    let ticked = |how: &'static str, kind: Kind, label: &'static str| {
        view! {
            <button class="button" type="submit" form="pick" name="how" value=how data-kind=kind.as_str()>{label}</button>
        }
    };
    match asked.side {
        Side::Apple => {
            let adopt = assign.then(|| {
                view! {
                    {ticked("adopt", Kind::Main, t!(drift_adopt_ticked))}
                    {all(Settling::Adopt).map(|href| view! { <ButtonLink href label=t!(drift_adopt_all)/> })}
                }
            });
            let give_back = revoke.then(|| {
                view! {
                    <button
                        class="button"
                        type="submit"
                        form="pick"
                        formaction="/licenses/revoke"
                        data-kind=Kind::Danger.as_str()
                    >
                        {t!(drift_return_ticked)}
                    </button>
                }
                .into_any()
            });
            let all_back = location.filter(|_| revoke).map(|location| {
                let href = revoke_found(&location, asked.asset);
                view! { <ButtonLink href label=t!(drift_return_all) kind=Kind::Danger/> }
            });
            view! { {adopt} {give_back} {all_back} }.into_any()
        }
        Side::Pomona => assign
            .then(|| {
                view! {
                    {ticked("give_again", Kind::Main, t!(drift_give_again_ticked))}
                    {ticked("let_go", Kind::Plain, t!(drift_let_go_ticked))}
                    {all(Settling::GiveAgain)
                        .map(|href| view! { <ButtonLink href label=t!(drift_give_again_all)/> })}
                    {all(Settling::LetGo).map(|href| view! { <ButtonLink href label=t!(drift_let_go_all)/> })}
                }
            })
            .into_any(),
    }
}

fn head(side: Side) -> impl IntoView {
    let at = match side {
        Side::Apple => t!(drift_found_at),
        Side::Pomona => t!(drift_lost_at),
    };
    view! {
        <Column label=t!(license_app)/>
        <Column label=t!(license_holder)/>
        <Column label=t!(asset_location)/>
        <Column label=at/>
        <Column label=t!(license_given_by)/>
    }
}

#[component]
fn Row(row: DriftHolder, side: Side, pick: bool) -> impl IntoView {
    let holder = row.holder.id().to_owned();
    let label = t!(license_of, app = &row.asset_name, holder = &holder);
    let releasing = row.releasing;
    let pick = pick.then(|| match releasing {
        true => view! { <td class="pick"></td> }.into_any(),
        false => view! { <Pick name="license" value=value(row.asset, &row.holder) label/> }.into_any(),
    });
    let state = releasing.then(|| view! { <StateTag state=LicenseState::Releasing/> });
    let at = match side {
        Side::Apple => t!(drift_found_at),
        Side::Pomona => t!(drift_lost_at),
    };
    let given = match row.given {
        Some((id, by)) => view! { <a href=format!("/activity/{id}")>{by}</a> }.into_any(),
        None => t!(drift_origin_unknown).into_any(),
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
                <div class="stack">{holder} {row.holder_name.map(|name| view! { <small>{name}</small> })} {state}</div>
            </td>
            <td data-label=t!(asset_location)>{row.location_name}</td>
            <td data-label=at><Moment at=row.at/></td>
            <td data-label=t!(license_given_by)>{given}</td>
        </tr>
    }
}
