//! `/drift/settle?…`: what adopting, accepting or giving again would do, in numbers; goes ahead once it is confirmed.

use super::{
    calls::{self, Settle},
    scope::read,
};
use crate::{
    call::Failure,
    form::{ActionForm, FormAction},
    licenses::reason_field,
    reading::{reading, when_read},
    t,
    ui::{ButtonLink, Checkbox, FaultNote, Kind, Note, PageHead, Submit, Tone, address},
};
use contract::drift::{Settlement, SettlementPreview, Settling};
use leptos::prelude::*;

/// What the resource depends on.
#[derive(Clone, PartialEq)]
struct Chosen(Option<Settlement>);

pub fn settle_page() -> AnyView {
    let address = address();
    let preview = reading(move || Chosen(address.with(read)), |what| calls::preview(what.0));
    when_read(move || async move {
        let shown = match (preview.await, address.with_untracked(read)) {
            (Ok(preview), Some(what)) => view! { <Confirm what preview/> }.into_any(),
            (Ok(_), None) => view! { <ButtonLink href="/drift" label=t!(drift_title)/> }.into_any(),
            (Err(Failure(fault)), _) => view! {
                <FaultNote fault/>
                <ButtonLink href="/drift" label=t!(drift_title)/>
            }
            .into_any(),
        };
        view! {
            <PageHead title=t!(drift_settle_title)/>
            {shown}
        }
    })
}

#[component]
fn Confirm(what: Settlement, preview: SettlementPreview) -> impl IntoView {
    let action = FormAction::<Settle>::new();
    let refusal = action.refusal();
    let json = serde_json::to_string(&what).unwrap_or_default();
    let count = preview.licenses;
    let (title, text, label) = match what.how {
        Settling::Adopt => (
            t!(drift_adopts, count = count),
            t!(drift_adopts_text),
            t!(drift_adopt),
        ),
        Settling::LetGo => (
            t!(drift_lets_go, count = count),
            t!(drift_lets_go_text),
            t!(drift_let_go),
        ),
        Settling::GiveAgain => (
            t!(drift_gives_again, count = count),
            t!(drift_gives_again_text),
            t!(drift_give_again),
        ),
    };
    let wait = (preview.wait > 0).then(|| view! { <p>{t!(undo_wait, count = preview.wait)}</p> });
    let cannot = (preview.cannot > 0).then(|| view! { <p>{t!(undo_cannot, count = preview.cannot)}</p> });
    let books = (preview.books > 0)
        .then(|| view! { <Checkbox name="confirmed" label=t!(change_book_confirm) required=true/> });
    view! {
        <Note tone=Tone::Plain title>
            <p>{text}</p>
            {wait}
            {cannot}
        </Note>
        {refusal.note()}
        <div class="form card">
            <ActionForm action=action>
                <input type="hidden" name="what" value=json/>
                {reason_field(refusal, String::new())}
                {books}
                <div class="commands">
                    <Submit kind=Kind::Main label pending=action.pending()/>
                    <ButtonLink href="/drift" label=t!(edit_cancel)/>
                </div>
            </ActionForm>
        </div>
    }
}
