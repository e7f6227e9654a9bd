//! A one-time link for somebody who is to set a password.

use crate::{
    t,
    ui::{Moment, Note, OneTimeAddress, Tone},
};
use contract::accounts::Invited;
use leptos::prelude::*;

#[component]
pub(super) fn OneTimeLink(invited: Invited) -> impl IntoView {
    view! {
        <div role="status">
            <Note tone=Tone::Good title=t!(link_title)>
                <p>{t!(link_text)}</p>
                <OneTimeAddress path=invited.link/>
                <p class="small">{t!(link_good_until)} " " <Moment at=invited.expires_at/></p>
            </Note>
        </div>
    }
}
