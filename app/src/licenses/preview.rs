//! What a revocation would do, in words and numbers.

use crate::{
    i18n, t,
    ui::{Card, CollectAny, Fact, Facts, Note, Tone},
};
use contract::licenses::{Holder, Revocation, RevocationPreview};
use leptos::prelude::*;

/// `ask`: the page that asks for the licences of unknown origin too.
#[component]
pub fn Preview(what: Revocation, preview: RevocationPreview, ask: String) -> impl IntoView {
    let unknown = (preview.unknown > 0).then(|| {
        view! {
            <Note tone=Tone::Plain title=t!(revoke_unknown, count = preview.unknown)>
                <p>{t!(revoke_unknown_text)}</p>
                <p><a href=ask>{t!(revoke_unknown_ask)}</a></p>
            </Note>
        }
    });
    if preview.licenses == 0 {
        return unknown.into_any();
    }
    let stay = (preview.stay > 0).then(|| view! { <p>{t!(revoke_stay, count = preview.stay)}</p> });
    let barred = preview
        .barred
        .iter()
        .map(|(location, count)| view! { <p>{t!(revoke_barred, count = *count, location = location)}</p> })
        .collect_any();
    let again = (preview.given_again > 0).then(|| {
        view! {
            <Note tone=Tone::Warn title=t!(revoke_again, count = preview.given_again)>
                <p>{t!(revoke_again_text)}</p>
            </Note>
        }
    });
    let apps = preview
        .apps
        .clone()
        .into_iter()
        .map(|(name, count)| view! { <Fact name>{t!(revoke_licenses, count = count)}</Fact> })
        .collect_any();
    let many = preview.apps.len() > 1;
    view! {
        <Note tone=Tone::Bad title=sentence(&what, &preview)>
            {stay}
            {barred}
            <p>{t!(revoke_grace)}</p>
        </Note>
        {again}
        {unknown}
        {many.then(|| view! { <Card title=t!(revoke_apps)><Facts>{apps}</Facts></Card> })}
    }
    .into_any()
}

/// "312 devices lose Keynote".
fn sentence(what: &Revocation, preview: &RevocationPreview) -> String {
    let app = match preview.apps.as_slice() {
        [(name, _)] => name.clone(),
        apps => t!(running_assets, count = apps.len() as i64),
    };
    match what {
        Revocation::Licenses { licenses } if preview.licenses == 1 => {
            let holder = licenses
                .first()
                .map(|(_, holder): &(_, Holder)| holder.id())
                .unwrap_or_default();
            t!(revoke_one_loses, holder = holder, app = app)
        }
        _ if preview.apps.len() == 1 => t!(revoke_holders_lose, count = preview.holders, app = app),
        _ => t!(
            revoke_holders_lose_many,
            count = preview.holders,
            licenses = i18n::number(preview.licenses),
            app = app
        ),
    }
}
