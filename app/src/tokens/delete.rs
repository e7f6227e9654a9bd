//! `/tokens/:id/delete`: export, revoke all, then delete (T8). Three steps below each other, all of them plain forms; the
//! second shows its progress as it goes.

use super::{
    calls::{self, Delete, RevokeAll},
    state,
};
use crate::{
    form::{ActionForm, FormAction},
    i18n, live,
    reading::{reading, when_read},
    t,
    ui::{
        ButtonLink, Card, Checkbox, Fact, Facts, FaultNote, Field, Kind, Note, PageHead, Progress, Submit,
        Tone, changing, either,
    },
};
use contract::{
    LocationId, TokenId,
    activity::OperationState,
    live::LiveEvent,
    tokens::{Deletion, TokenState, Twin},
};
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

pub fn delete_page() -> AnyView {
    let params = use_params_map();
    let id = move || TokenId(params.with(|params| params.get("id")).unwrap_or_default());
    let deletion = reading(id, calls::before_deletion);
    when_read(move || async move { either(deletion.await, |deletion| view! { <Steps deletion/> }) })
}

#[component]
fn Steps(deletion: Deletion) -> impl IntoView {
    let now = RwSignal::new(deletion.clone());
    // Only what is shown is read again: what was typed stays.
    let id = deletion.id.clone();
    live::on_change(concerns, move || {
        let id = id.clone();
        leptos::task::spawn_local(async move {
            if let Ok(read) = calls::before_deletion(id).await {
                now.try_set(read);
            }
        });
    });
    let revoke = deletion.twin.is_none().then(|| {
        view! {
            <Keep location=deletion.location.clone()/>
            <Revoke id=deletion.id.clone() name=deletion.name.clone() now/>
        }
    });
    view! {
        <PageHead title=t!(delete_title, name = &deletion.name) sub=deletion.location_name.clone()/>
        {revoke}
        <Confirm deletion now/>
    }
}

fn concerns(event: &LiveEvent) -> bool {
    matches!(
        event,
        LiveEvent::Operation { .. } | LiveEvent::Token { .. } | LiveEvent::Missed
    )
}

#[component]
fn Keep(location: LocationId) -> impl IntoView {
    view! {
        <Card title=t!(delete_keep)>
            <p>{t!(delete_export_text)}</p>
            <a class="button" href=format!("/export/licenses.csv?location={location}") download rel="external">
                {t!(delete_export)}
            </a>
        </Card>
    }
}

#[component]
fn Revoke(id: TokenId, name: String, now: RwSignal<Deletion>) -> impl IntoView {
    let action = FormAction::<RevokeAll>::new();
    let refusal = action.refusal();
    let unknown = Memo::new(move |_| now.with(|now| now.unknown));
    let revocable = Memo::new(move |_| now.with(|now| now.revocable));
    let fault = Memo::new(move |_| now.with(|now| now.fault.clone()));
    let running = Memo::new(move |_| {
        now.with(|now| {
            let open = |(id, state, _): &&(_, OperationState, i64)| -> bool {
                let _: &contract::OperationId = id;
                !state.is_over()
            };
            now.revoking.as_ref().filter(open).map(|(id, ..)| id.clone())
        })
    });
    let percent = move || now.with(|now| now.revoking.as_ref().map(|(_, _, percent)| *percent));
    let step = move || match (running.get(), fault.get(), revocable.get()) {
        (Some(operation), ..) => view! {
            <Progress
                label=Signal::derive(|| t!(delete_revoke_progress).to_owned())
                detail=Signal::derive(move || percent().map(i18n::percent).unwrap_or_default())
                percent=Signal::derive(percent)
            />
            <a href=format!("/activity/{operation}")>{t!(delete_revoke_see)}</a>
        }
        .into_any(),
        (None, Some(fault), _) => view! { <FaultNote fault/> }.into_any(),
        (None, None, 0) => view! { <p class="muted">{t!(delete_revoke_none)}</p> }.into_any(),
        (None, None, _) => {
            let (id, label) = (id.0.clone(), t!(delete_revoke_name, name = &name));
            let too = match unknown.get() {
                0 => None,
                count => {
                    Some(view! { <Checkbox name="unknown" label=t!(delete_unknown_too, count = count)/> })
                }
            };
            view! {
                <ActionForm action=action>
                    <input type="hidden" name="id" value=id/>
                    {too}
                    <Field
                        name="confirm"
                        label
                        required=true
                        error=refusal.of("confirm")
                    />
                    <Submit kind=Kind::Danger label=t!(delete_revoke_do) pending=action.pending()/>
                </ActionForm>
            }
            .into_any()
        }
    };
    view! {
        <Card title=t!(delete_revoke)>
            <p>{t!(delete_revoke_text)}</p>
            <Facts>
                <Fact name=t!(delete_licenses)>{move || i18n::number(now.with(|now| now.licenses))}</Fact>
                <Fact name=t!(delete_revocable)>{move || i18n::number(revocable.get())}</Fact>
                <Fact name=t!(delete_unknown)>{move || i18n::number(unknown.get())}</Fact>
            </Facts>
            {refusal.note()}
            {step}
        </Card>
    }
}

/// What becomes of the location with the token that is left.
fn left(twin: &Twin) -> String {
    match &twin.state {
        TokenState::Expired | TokenState::Unknown | TokenState::Revoked => {
            t!(delete_twin_unusable, state = state::label(&twin.state))
        }
        _ if twin.more => t!(delete_twin_more).to_owned(),
        TokenState::AssignedToExternalMdm { .. } => t!(delete_twin_external).to_owned(),
        TokenState::Valid | TokenState::Duplicate => t!(delete_twin_text).to_owned(),
    }
}

#[component]
fn Confirm(deletion: Deletion, now: RwSignal<Deletion>) -> impl IntoView {
    let action = FormAction::<Delete>::new();
    let refusal = action.refusal();
    let goes = move || {
        let Deletion {
            licenses,
            apps,
            operations_open,
            ..
        } = now.get();
        let title = t!(
            delete_title_note,
            licenses = i18n::number(licenses),
            apps = i18n::number(apps)
        );
        let broken_off =
            (operations_open > 0).then(|| view! { <p>{t!(delete_operations, count = operations_open)}</p> });
        view! {
            <Note tone=Tone::Bad title>
                <p>{t!(delete_text)}</p>
                {broken_off}
            </Note>
        }
    };
    let consequence = changing(move || match now.with(|now| now.twin.clone()) {
        Some(twin) => {
            let text = left(&twin);
            view! { <Note tone=Tone::Warn title=t!(delete_twin, name = twin.name)><p>{text}</p></Note> }
                .into_any()
        }
        None => goes().into_any(),
    });
    view! {
        <Card title=t!(delete_step)>
            {consequence}
            {refusal.note()}
            <ActionForm action=action>
                <input type="hidden" name="id" value=deletion.id.0.clone()/>
                <Field name="name" label=t!(delete_name, name = &deletion.name) required=true error=refusal.of("name")/>
                <div class="commands">
                    <Submit kind=Kind::Danger label=t!(delete_do) pending=action.pending()/>
                    <ButtonLink href=format!("/tokens/{}", deletion.id) label=t!(edit_cancel)/>
                </div>
            </ActionForm>
        </Card>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t8_syncing_is_promised_only_where_the_token_that_is_left_can_sync() {
        let twin = |state, more| {
            left(&Twin {
                name: "Quay".into(),
                state,
                more,
            })
        };
        let begins = "syncing begins again";
        assert!(twin(TokenState::Valid, false).contains(begins));
        assert!(twin(TokenState::AssignedToExternalMdm { mdm: "Other".into() }, false).contains(begins));
        for (state, more) in [
            (TokenState::Revoked, false),
            (TokenState::Expired, false),
            (TokenState::Unknown, true),
            (TokenState::Duplicate, true),
        ] {
            assert!(!twin(state.clone(), more).contains(begins), "{state:?}");
        }
    }
}
