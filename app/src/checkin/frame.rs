//! What is around the check-in pages: one column, the brand on top, language and theme at the end.

use crate::{
    settings::Preferences,
    t,
    ui::{FaultNote, Mark},
};
use contract::Fault;
use leptos::prelude::*;
use leptos_meta::Title;

#[component]
pub(super) fn CheckInFrame(#[prop(into)] title: String, children: Children) -> impl IntoView {
    view! {
        <Title text=title/>
        <div class="checkin">
            <p class="gate-brand"><Mark/> {t!(brand)}</p>
            {children()}
            <Preferences/>
        </div>
    }
}

/// Why there is nothing to show, and the way to the check-in page.
#[component]
pub(super) fn CheckInFault(#[prop(into)] title: String, fault: Fault) -> impl IntoView {
    view! {
        <h1 id="page-title" tabindex="-1">{title}</h1>
        <FaultNote fault/>
        <p><a href="/checkin">{t!(checkin_to_page)}</a></p>
    }
}
