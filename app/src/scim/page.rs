//! `/settings/scim`: the service's address, its tokens, and a form that makes one. A token is shown once.

use super::{
    calls::{self, Make, Revoke},
    once::ONCE,
};
use crate::{
    browser,
    form::{ActionForm, FormAction},
    reading::{reading, when_read},
    t,
    ui::{
        Card, Column, Field, Kind, Moment, Note, OneTime, PageHead, Submit, Table, Tone, changing, either,
        keyed, toast,
    },
};
use contract::scim::ScimTokenRow;
use leptos::prelude::*;

pub fn tokens_page() -> AnyView {
    let tokens = reading(|| (), |()| calls::list());
    let kept = reading(|| (), |()| async { Ok(ONCE.take()) });
    let (make, revoke) = (FormAction::<Make>::new(), FormAction::<Revoke>::new());
    Effect::new(move |_| {
        if make.done().get().is_some() {
            browser::begin_anew("name");
            tokens.refetch();
        }
    });
    Effect::new(move |_| {
        if let Some(revoked) = revoke.done().get() {
            let made = make.done().get_untracked();
            // It is not to be copied any more.
            if made.is_some_and(|made| made.id == revoked) {
                make.clear();
            }
            toast(t!(scim_revoked));
            tokens.refetch();
            // The button that was pressed goes with its row.
            browser::focus_in_place("page-title");
        }
    });
    let refused = revoke.refusal().note();
    let made = changing(move || {
        let made = make.done().get()?;
        Some(view! { <Secret secret=made.secret/> })
    });
    let before = when_read(move || async move {
        let secret = kept.await.ok().flatten();
        secret.map(|secret| view! { <Secret secret/> })
    });
    let list =
        when_read(move || async move { either(tokens.await, move |rows| view! { <Tokens rows revoke/> }) });
    view! {
        <PageHead title=t!(scim_title) sub=t!(scim_sub).to_owned()/>
        {before}
        {made}
        {refused}
        <Service/>
        {list}
        <MakeForm make/>
    }
    .into_any()
}

/// Where a directory reaches the service.
#[component]
fn Service() -> impl IntoView {
    let hydrated = browser::hydrated();
    // The server does not know by which name it is reached, the browser does.
    let address = changing(move || {
        let origin = if hydrated.get() {
            window().location().origin().unwrap_or_default()
        } else {
            String::new()
        };
        format!("{origin}/scim/v2")
    });
    view! {
        <Card title=t!(scim_service)>
            <p>{t!(scim_service_text)}</p>
            <p><code>{address}</code></p>
        </Card>
    }
}

#[component]
fn Secret(secret: String) -> impl IntoView {
    view! {
        <div role="status">
            <Note tone=Tone::Good title=t!(scim_made)>
                <p>{t!(scim_made_text)}</p>
                <OneTime id="scim-token" label=t!(scim_token) text=secret copied=t!(scim_copied)/>
            </Note>
        </div>
    }
}

#[component]
fn Tokens(rows: Vec<ScimTokenRow>, revoke: FormAction<Revoke>) -> impl IntoView {
    if rows.is_empty() {
        return view! { <p class="muted">{t!(scim_none)}</p> }.into_any();
    }
    let head = view! {
        <Column label=t!(scim_name)/>
        <Column label=t!(scim_by)/>
        <Column label=t!(scim_at)/>
        <Column label=t!(scim_used)/>
        <Column label=t!(account_commands)/>
    };
    let rows = keyed(rows, |row| row.id.clone(), |row| token(row, revoke));
    view! { <Table caption=t!(scim_tokens) head>{rows}</Table> }.into_any()
}

fn token(row: ScimTokenRow, revoke: FormAction<Revoke>) -> impl IntoView {
    let label = |what: &'static str| t!(account_do_to, what = what, name = &row.name);
    let ask = label(t!(scim_revoke_ask));
    let of = row.name.clone();
    let ends = t!(scim_revoke_text, name = &row.name);
    let used = match row.used_at {
        Some(at) => view! { <Moment at/> }.into_any(),
        None => t!(account_never).into_any(),
    };
    view! {
        <tr>
            <th scope="row">{row.name}</th>
            <td data-label=t!(scim_by)>{row.created_by}</td>
            <td data-label=t!(scim_at)><Moment at=row.created_at/></td>
            <td data-label=t!(scim_used)>{used}</td>
            <td data-label=t!(account_commands)>
                <details>
                    <summary class="button" aria-label=ask>{t!(scim_revoke_ask)}</summary>
                    <p>{ends}</p>
                    <ActionForm action=revoke>
                        <input type="hidden" name="id" value=row.id.0/>
                        <Submit kind=Kind::Danger label=t!(scim_revoke) of pending=revoke.pending()/>
                    </ActionForm>
                </details>
            </td>
        </tr>
    }
}

#[component]
fn MakeForm(make: FormAction<Make>) -> impl IntoView {
    let refusal = make.refusal();
    view! {
        {refusal.note()}
        <div class="form card">
            <h2>{t!(scim_make)}</h2>
            <ActionForm action=make>
                <Field name="name" label=t!(scim_name) hint=t!(scim_name_hint) required=true error=refusal.of("name")/>
                <div class="commands">
                    <Submit kind=Kind::Main label=t!(scim_make) pending=make.pending()/>
                </div>
            </ActionForm>
        </div>
    }
}
