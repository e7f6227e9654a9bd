//! How a fault is shown: cause, remedy, Apple's number, our code; as a note or as a whole page.

use super::{Address, Kind, PageHead, Tone, address};
use crate::{
    browser,
    call::{Failure, own_path},
    i18n, reading, t,
};
use contract::{Code, Fault};
use leptos::{ev, prelude::*};
use leptos_router::params::ParamsMap;

/// A coloured note: a heading sentence and what belongs to it.
#[component]
pub fn Note(
    tone: Tone,
    #[prop(into)] title: String,
    /// Read out at once: for what has just gone wrong.
    #[prop(optional)]
    alert: bool,
    #[prop(optional)] children: Option<Children>,
) -> impl IntoView {
    view! {
        <div class="note" data-tone=tone.as_str() role=alert.then_some("alert")>
            <p class="note-title">{title}</p>
            {children.map(|children| children())}
        </div>
    }
}

#[component]
pub fn FaultNote(fault: Fault) -> impl IntoView {
    let apple = fault.apple.clone().map(|apple| {
        let number = apple.number.to_string();
        view! { <p class="small">{t!(fault_apple, number = number, message = apple.message)}</p> }
    });
    // A10: a migration, which shows its cost first, is what leads from one kind of licences to the other.
    let migration = fault
        .with
        .get("asset")
        .filter(|_| fault.code == Code::UserToDevice);
    let migration = migration.map(|asset| {
        let href = format!("/licenses/move?asset={asset}");
        view! { <p><a href=href>{t!(move_link)}</a></p> }
    });
    let page = fault
        .with
        .get("page")
        .filter(|_| fault.code == Code::ChangedMeanwhile);
    let page = page.map(|page| {
        // The page itself is to be loaded anew, also where the router is there already.
        let href = own_path(page).to_owned();
        view! { <p><a href=href rel="external">{t!(fault_read_again)}</a></p> }
    });
    view! {
        <Note tone=Tone::Bad title=i18n::cause(&fault) alert=true>
            <p>{i18n::remedy(&fault)}</p>
            {migration}
            {page}
            {apple}
            <p class="small">{t!(fault_code, code = fault.code.as_str())}</p>
        </Note>
    }
}

/// A page that cannot be shown.
#[component]
pub fn FaultPage(fault: Fault) -> impl IntoView {
    let title = if fault.code.status() == 404 {
        t!(page_not_found)
    } else {
        t!(page_failed)
    };
    let failure = Failure(fault);
    let way_on = way_on(&failure);
    view! {
        <PageHead title/>
        <FaultNote fault=failure.0/>
        <div class="commands">{way_on} <a href="/">{t!(page_to_overview)}</a></div>
    }
}

/// A button to what mends it; nothing if nobody knows.
fn way_on(failure: &Failure) -> Option<AnyView> {
    let address = address();
    let here = address.with_untracked(Address::href);
    let passing = failure.is_passing();
    let (href, label) = match failure.0.code {
        Code::SignInNeeded => {
            let next: ParamsMap = [("next".to_owned(), here)].into_iter().collect();
            (format!("/sign-in{}", next.to_query_string()), t!(sign_in_title))
        }
        Code::CursorInvalid => (address.with_untracked(|address| address.at("")), t!(page_first)),
        _ if passing => (here, t!(user_try_again)),
        _ => return None,
    };
    let arrive = browser::arrival();
    // What the server itself could not show is loaded anew, as everything is without WebAssembly.
    let again = move |event: ev::MouseEvent| {
        if passing && reading::try_again() {
            event.prevent_default();
            arrive();
        }
    };
    let kind = Kind::Main.as_str();
    Some(
        view! { <a class="button" data-kind=kind rel="external" href=href on:click=again>{label}</a> }
            .into_any(),
    )
}

/// The view of what was read, or the fault in its place.
pub fn either<T, V: IntoView + 'static>(read: Result<T, Failure>, show: impl FnOnce(T) -> V) -> AnyView {
    match read {
        Ok(value) => show(value).into_any(),
        Err(Failure(fault)) => fault_page(fault),
    }
}

fn fault_page(fault: Fault) -> AnyView {
    view! { <FaultPage fault/> }.into_any()
}
