//! Browsers that are a device's (P1), and the end of that.

use super::calls::SignOut;
use crate::{
    form::{ActionForm, FormAction},
    t,
    ui::{Card, Note, Submit, Tone, changing},
};
use contract::DeviceId;
use leptos::prelude::*;

#[component]
pub(super) fn Browsers(id: DeviceId) -> impl IntoView {
    let action = FormAction::<SignOut>::new();
    let fault = action.refusal().note();
    let done = changing(move || {
        action.done().get().map(|_| {
            view! { <div role="status"><Note tone=Tone::Good title=t!(device_signed_out)/></div> }.into_any()
        })
    });
    view! {
        <Card title=t!(device_browsers)>
            <p>{t!(device_browsers_text)}</p>
            {fault}
            {done}
            <ActionForm action=action>
                <input type="hidden" name="id" value=id.0/>
                <div class="commands">
                    <Submit label=t!(device_sign_out) pending=action.pending()/>
                </div>
            </ActionForm>
        </Card>
    }
}
