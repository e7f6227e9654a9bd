//! `/activity/:id/undo`: what reversing an operation would do, in numbers; goes ahead once it is confirmed (R4).

use super::{
    calls::{self, Undo},
    words,
};
use crate::{
    call::Failure,
    confirm,
    form::{ActionForm, FormAction},
    i18n,
    licenses::reason_field,
    reading::{reading, when_read},
    t,
    ui::{Address, ButtonLink, FaultNote, Field, Kind, Note, PageHead, Submit, Tone, address},
};
use contract::{
    Code, Fault, OperationId,
    activity::{OperationKind, OperationRow, Reach, UndoPreview},
};
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

/// What must be typed before more than one licence is taken back; none for giving.
fn phrase(preview: &UndoPreview) -> Option<String> {
    confirm::number(preview.licenses).filter(|_| preview.kind == OperationKind::Revoke)
}

#[cfg(any(feature = "ssr", test))]
pub(super) fn is_confirmed(preview: &UndoPreview, typed: &str) -> bool {
    phrase(preview).is_none_or(|phrase| confirm::is_typed(&phrase, typed))
}

pub fn undo_page() -> AnyView {
    let params = use_params_map();
    let id = Memo::new(move |_| OperationId(params.with(|params| params.get("id")).unwrap_or_default()));
    let address = address();
    let reach = move |address: &Address| address.choice("reach").unwrap_or_default();
    let preview = reading(
        move || (id.get(), address.with(reach)),
        |(id, reach)| calls::preview_undo(id, reach),
    );
    when_read(move || async move {
        let back = format!("/activity/{}", id.get_untracked());
        match preview.await {
            Ok((row, preview)) => {
                let reach = address.with_untracked(reach);
                view! { <Confirm row reach preview back/> }.into_any()
            }
            Err(Failure(fault)) => view! {
                <PageHead title=t!(operation_undo)/>
                <FaultNote fault/>
                <ButtonLink href=back label=t!(undo_back)/>
            }
            .into_any(),
        }
    })
}

#[component]
fn Confirm(row: OperationRow, reach: Reach, preview: UndoPreview, back: String) -> impl IntoView {
    let action = FormAction::<Undo>::new();
    let refusal = action.refusal();
    let confirm = phrase(&preview).map(|phrase| {
        view! {
            <Field
                name="confirm"
                label=t!(revoke_confirm, phrase = phrase)
                hint=t!(revoke_confirm_hint)
                required=true
                error=refusal.of("confirm")
            />
        }
    });
    let takes = preview.kind == OperationKind::Revoke;
    let nothing = preview.licenses + preview.wait + preview.leave == 0;
    let (tone, title, kind) = match (takes, preview.licenses) {
        _ if nothing => {
            let title = i18n::cause(&Fault::from(Code::NothingToUndo));
            (Tone::Plain, title, Kind::Plain)
        }
        (true, 0) => (Tone::Warn, t!(undo_lists, count = preview.leave), Kind::Danger),
        (true, count) => (Tone::Bad, t!(undo_takes, count = count), Kind::Danger),
        (false, count) => (Tone::Plain, t!(undo_gives, count = count), Kind::Main),
    };
    // Unless that is all.
    let also_leave = if preview.licenses > 0 { preview.leave } else { 0 };
    let line = |count: i64, words: fn(i64) -> String| (count > 0).then(|| view! { <p>{words(count)}</p> });
    let lines = (
        line(preview.wait, |count| t!(undo_wait, count = count)),
        line(also_leave, |count| t!(undo_leave, count = count)),
        line(preview.cannot, |count| t!(undo_cannot, count = count)),
        line(preview.stay, |count| t!(undo_stay, count = count)),
    );
    let (id, title_of) = (row.id.0.clone(), words::name(&row));
    let location = match reach {
        Reach::Operation => row.location_name.clone(),
        Reach::Act => t!(undo_all_locations).to_owned(),
    };
    let away = back.clone();
    let form = (!nothing).then(|| {
        view! {
            <div class="form card">
                <ActionForm action=action>
                    <input type="hidden" name="id" value=id/>
                    <input type="hidden" name="reach" value=words::reach(reach)/>
                    {reason_field(refusal, String::new())}
                    {confirm}
                    <div class="commands">
                        <Submit kind label=t!(undo_now) pending=action.pending()/>
                        <ButtonLink href=away label=t!(edit_cancel)/>
                    </div>
                </ActionForm>
            </div>
        }
        .into_any()
    });
    view! {
        <PageHead title=t!(undo_title, what = title_of) sub=location/>
        <Note tone title>
            {lines}
            {(takes && preview.licenses > 0).then(|| view! { <p>{t!(revoke_grace)}</p> })}
        </Note>
        {refusal.note()}
        {form}
        {nothing.then(|| view! { <ButtonLink href=back label=t!(undo_back)/> })}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn preview(kind: OperationKind, licenses: i64) -> UndoPreview {
        UndoPreview {
            kind,
            licenses,
            wait: 0,
            leave: 0,
            cannot: 0,
            stay: 0,
        }
    }

    #[test]
    fn taking_many_licences_back_is_confirmed_by_their_number() {
        let many = preview(OperationKind::Revoke, 1200);
        assert!(is_confirmed(&many, "1 200"));
        assert!(!is_confirmed(&many, ""));
        assert!(is_confirmed(&preview(OperationKind::Revoke, 1), ""));
    }

    #[test]
    fn giving_again_needs_no_typing() {
        assert!(is_confirmed(&preview(OperationKind::Assign, 1200), ""));
    }
}
