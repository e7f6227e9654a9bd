//! The file's check (T2): asked of the server as soon as a file is chosen, told in words.

use crate::{
    i18n, t,
    tokens::{account_type, owner},
    ui::{Fact, Facts, FaultNote, Note, Progress, Tone, changing},
};
use contract::{Code, Fault, TokenId, tokens::TokenCheck};
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
    /// Whether a token can be made of the file without more ado.
    pub fn is_good(&self) -> bool {
        matches!(self, Check::Found(check) if check.already_here.is_none())
    }

    /// The token that the file's location has already.
    pub fn twin(&self) -> Option<(TokenId, String)> {
        match self {
            Check::Found(check) => check.already_here.clone(),
            _ => None,
        }
    }

    /// The other MDM that manages the file's location.
    pub fn other_mdm(&self) -> Option<String> {
        match self {
            Check::Found(check) => check.managed_by.other(),
            _ => None,
        }
    }
}

/// `POST /upload/token-check` with the file's text, and the token that it is to renew; the answer is the check or a
/// fault.
pub async fn ask(text: String, renewed: Option<TokenId>) -> Check {
    let to = match renewed {
        Some(id) => format!("/upload/token-check?renew={id}"),
        None => "/upload/token-check".to_owned(),
    };
    let request = gloo_net::http::Request::post(&to)
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
pub fn CheckResult(
    check: RwSignal<Check>,
    /// The file is to renew a token of its location.
    #[prop(optional)]
    renewed: bool,
) -> impl IntoView {
    let result = changing(move || match check.get() {
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
        Check::Found(check) => found(check, renewed).into_any(),
    });
    view! { <div class="check" aria-live="polite">{result}</div> }
}

fn found(check: TokenCheck, renewed: bool) -> impl IntoView {
    let twin = check.already_here.as_ref().filter(|_| !renewed);
    let (tone, title) = match (twin, check.managed_by.other()) {
        (Some((_, name)), _) => (Tone::Bad, t!(check_already_here, name = name)),
        (None, Some(name)) => (Tone::Warn, t!(check_other_mdm, name = i18n::mdm(&name))),
        _ if renewed => (Tone::Good, t!(check_renewal_good).to_owned()),
        _ => (Tone::Good, t!(check_good).to_owned()),
    };
    let owner = owner::words(&check.managed_by);
    let remedy = match (twin, check.managed_by.other()) {
        (Some(_), _) => Some(view! { <p>{t!(check_already_here_remedy)}</p> }.into_any()),
        (None, Some(_)) => Some(
            view! {
                <p>{t!(check_other_mdm_remedy)}</p>
                {owner::older(&check.managed_by)}
            }
            .into_any(),
        ),
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
