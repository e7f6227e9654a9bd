//! The file's check (T2): asked of the server as soon as a file is chosen, told in words.

use crate::{
    i18n, t,
    tokens::account_type,
    ui::{Fact, Facts, FaultNote, Note, Progress, Tone},
};
use contract::{
    Code, Fault,
    tokens::{Ownership, TokenCheck},
};
use leptos::prelude::*;

/// Where the check stands.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Check {
    #[default]
    None,
    Running,
    Found(TokenCheck),
    Refused(Fault),
}

impl Check {
    /// Whether a token can be made of the file.
    pub fn is_good(&self) -> bool {
        matches!(self, Check::Found(check) if check.already_here.is_none())
    }
}

/// `POST /upload/token-check` with the file's text; the answer is the check or a fault.
pub async fn ask(text: String) -> Check {
    let request = gloo_net::http::Request::post("/upload/token-check")
        .header("content-type", "text/plain")
        .body(text);
    let Ok(request) = request else {
        return Check::Refused(Code::Internal.into());
    };
    let Ok(answer) = request.send().await else {
        return Check::Refused(Code::Offline.into());
    };
    let body = answer.text().await.unwrap_or_default();
    if answer.ok() {
        crate::json::read(&body).map_or_else(|_| Check::Refused(Code::Internal.into()), Check::Found)
    } else {
        Check::Refused(crate::json::read(&body).unwrap_or_else(|_| Code::Internal.into()))
    }
}

#[component]
pub fn CheckResult(check: RwSignal<Check>) -> impl IntoView {
    let result = move || match check.get() {
        Check::None => ().into_any(),
        Check::Running => view! {
            <Progress
                label=Signal::derive(|| t!(check_running).to_owned())
                detail=Signal::stored(String::new())
                percent=Signal::stored(None)
            />
        }
        .into_any(),
        Check::Refused(fault) => view! { <FaultNote fault/> }.into_any(),
        Check::Found(check) => found(check).into_any(),
    };
    view! { <div class="check" aria-live="polite">{result}</div> }
}

fn found(check: TokenCheck) -> impl IntoView {
    let (tone, title) = match (&check.already_here, &check.managed_by) {
        (Some((_, name)), _) => (Tone::Bad, t!(check_already_here, name = name)),
        (None, Ownership::Other { name, .. }) => (Tone::Warn, t!(check_other_mdm, name = name)),
        _ => (Tone::Good, t!(check_good).to_owned()),
    };
    let owner = match &check.managed_by {
        Ownership::Nobody => t!(owner_nobody).to_owned(),
        Ownership::ThisPomona => t!(owner_this).to_owned(),
        Ownership::Other { name, .. } => t!(owner_other, name = name),
    };
    let remedy = match (&check.already_here, &check.managed_by) {
        (Some((id, name)), _) => Some(
            view! {
                <p>{t!(check_already_here_remedy)} " " <a href=format!("/tokens/{id}")>{name.clone()}</a></p>
            }
            .into_any(),
        ),
        (None, Ownership::Other { .. }) => Some(view! { <p>{t!(check_other_mdm_remedy)}</p> }.into_any()),
        _ => None,
    };
    view! {
        <Note tone title>
            {remedy}
            <Facts>
                <Fact name=t!(token_organisation)>{check.organisation}</Fact>
                <Fact name=t!(token_location)>{check.location_name}</Fact>
                <Fact name=t!(token_account_type)>{account_type(check.account_type)}</Fact>
                <Fact name=t!(token_country)>{i18n::country(&check.country)}</Fact>
                <Fact name=t!(token_expires)>{i18n::day(check.expires_at)}</Fact>
                <Fact name=t!(token_managed_by)>{owner}</Fact>
            </Facts>
        </Note>
    }
}
