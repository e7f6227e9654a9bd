//! What is around the check-in pages: one column, the brand on top, language and theme at the end.

use crate::{settings::Preferences, t, ui::Mark};
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
