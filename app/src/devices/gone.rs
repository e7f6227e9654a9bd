//! A device that was wiped or left management, or is back.

use super::calls::SetGone;
use crate::{
    form::{ActionForm, FormAction},
    t,
    ui::{Card, Submit},
};
use contract::DeviceId;
use leptos::prelude::*;

#[component]
pub(super) fn Gone(id: DeviceId, gone: bool, read_again: impl Fn() + Copy + 'static) -> impl IntoView {
    let action = FormAction::<SetGone>::new();
    // The answer leads to this same page, which would stay as it is.
    Effect::new(move |_| {
        if action.done().get().is_some() {
            read_again();
        }
    });
    let fault = action.refusal().note();
    let (text, label) = match gone {
        true => (t!(device_back_text), t!(device_back)),
        false => (t!(device_leave_text), t!(device_leave)),
    };
    view! {
        <Card title=t!(device_management)>
            <p>{text}</p>
            {fault}
            <ActionForm action=action>
                <input type="hidden" name="id" value=id.0/>
                <input type="hidden" name="gone" value=(!gone).to_string()/>
                <div class="commands">
                    <Submit label pending=action.pending()/>
                </div>
            </ActionForm>
        </Card>
    }
}
