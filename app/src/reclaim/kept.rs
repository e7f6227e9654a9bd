//! `/reclaim/kept`: what rules leave alone (R3).

use super::calls::{self, Protect, Unprotect};
use crate::{
    browser,
    form::{ActionForm, FormAction},
    licenses::value,
    reading::{reading, when_read},
    session, t,
    ui::{
        Address, Area, ButtonLink, Column, Empty, ExportLink, Field, Kind, Moment, PageHead, Submit, Table,
        address, either, keyed, pager, toast,
    },
};
use contract::{AssetId, Page, Permission, reclaim::KeptRow};
use leptos::prelude::*;

pub fn kept_page() -> AnyView {
    let address = address();
    let kept = reading(move || address.with(Address::page), calls::kept);
    let (protect, unprotect) = (FormAction::<Protect>::new(), FormAction::<Unprotect>::new());
    Effect::new(move |_| {
        if protect.done().get().is_some() {
            toast(t!(reclaim_protected));
            browser::begin_anew("serials");
            kept.refetch();
        }
    });
    Effect::new(move |_| {
        if unprotect.done().get().is_some() {
            toast(t!(reclaim_kept_removed));
            kept.refetch();
        }
    });
    when_read(move || async move {
        let manage = session::caller()
            .await
            .is_some_and(|caller| caller.may(Permission::ManageReclaim));
        let acts = manage.then_some((protect, unprotect));
        either(kept.await, move |page| view! { <Kept address page acts/> })
    })
}

#[component]
fn Kept(
    address: Memo<Address>,
    page: Page<KeptRow>,
    /// None for whoever may only read.
    acts: Option<(FormAction<Protect>, FormAction<Unprotect>)>,
) -> impl IntoView {
    let pager = pager(address, &page);
    let none = page.rows.is_empty();
    let unprotect = acts.map(|(_, unprotect)| unprotect);
    let list = if none {
        view! { <Empty title=t!(reclaim_kept_empty) text=t!(reclaim_kept_empty_text)/> }.into_any()
    } else {
        let head = view! {
            <Column label=t!(license_holder)/>
            <Column label=t!(license_app)/>
            <Column label=t!(revoke_reason)/>
            <Column label=t!(reclaim_kept_by)/>
            {unprotect.map(|_| view! { <Column label=t!(account_commands)/> })}
        };
        let rows = keyed(page.rows, license, |line| row(line, unprotect));
        view! { <Table caption=t!(reclaim_kept) head>{rows}</Table> }.into_any()
    };
    view! {
        <PageHead title=t!(reclaim_kept) sub=t!(reclaim_kept_sub).to_owned()>
            {(!none).then(|| view! { <ExportLink address file="reclaim-kept.csv"/> })}
            <ButtonLink href="/reclaim" label=t!(reclaim_title)/>
        </PageHead>
        {unprotect.map(|action| action.refusal().note())}
        {list}
        {pager}
        {acts.map(|(action, _)| view! { <Add action/> })}
    }
}

/// What is kept, as a ticked box sends it; of asset 0 all of the holder's.
fn license(row: &KeptRow) -> String {
    let asset = row.asset.as_ref().map_or(AssetId(0), |(id, _)| *id);
    value(asset, &row.holder)
}

fn row(row: KeptRow, unprotect: Option<FormAction<Unprotect>>) -> impl IntoView {
    let holder = row.holder.id().to_owned();
    let license = license(&row);
    let command = unprotect.map(|action| {
        let of = holder.clone();
        view! {
            <td data-label=t!(account_commands)>
                <ActionForm action=action>
                    <input type="hidden" name="license" value=license/>
                    <Submit label=t!(member_remove) of=of pending=action.pending()/>
                </ActionForm>
            </td>
        }
        .into_any()
    });
    let app = match row.asset {
        Some((id, name)) => view! { <a href=format!("/apps/{id}")>{name}</a> }.into_any(),
        None => t!(reclaim_kept_all).into_any(),
    };
    view! {
        <tr>
            <th scope="row">
                <div class="stack">{holder} {row.holder_name.map(|name| view! { <small>{name}</small> })}</div>
            </th>
            <td data-label=t!(license_app)>{app}</td>
            <td data-label=t!(revoke_reason)>{row.reason}</td>
            <td data-label=t!(reclaim_kept_by)>
                <div class="stack">{row.by} <small><Moment at=row.at/></small></div>
            </td>
            {command}
        </tr>
    }
}

#[component]
fn Add(action: FormAction<Protect>) -> impl IntoView {
    let refusal = action.refusal();
    view! {
        <h2 class="section">{t!(reclaim_protect)}</h2>
        {refusal.note()}
        <div class="form card">
            <ActionForm action=action>
                <Area
                    name="serials"
                    label=t!(reclaim_serials)
                    hint=t!(reclaim_serials_hint)
                    required=true
                    error=refusal.of("serials")
                />
                <Field name="reason" label=t!(revoke_reason) error=refusal.of("reason")/>
                <div class="commands">
                    <Submit kind=Kind::Main label=t!(reclaim_protect) pending=action.pending()/>
                </div>
            </ActionForm>
        </div>
    }
}
