//! Buttons: one look, three kinds; as a link, a form's submit, or an action of the page.

use super::Icon;
use crate::t;
use leptos::{ev, prelude::*};

/// How much a button stands out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    /// The one main action of a page.
    Main,
    #[default]
    Plain,
    Quiet,
    /// Takes something away.
    Danger,
}

impl Kind {
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Main => "main",
            Kind::Plain => "plain",
            Kind::Quiet => "quiet",
            Kind::Danger => "danger",
        }
    }
}

/// Goes to another page.
#[component]
pub fn ButtonLink(
    #[prop(into)] href: String,
    #[prop(into)] label: String,
    #[prop(optional)] kind: Kind,
    #[prop(optional)] icon: Option<Icon>,
) -> impl IntoView {
    view! {
        <a class="button" data-kind=kind.as_str() href=href>
            {icon.map(Icon::view)}
            {label}
        </a>
    }
}

/// Sends its form; says so while the answer is awaited, and keeps the focus meanwhile.
#[component]
pub fn Submit(
    #[prop(into)] label: String,
    #[prop(optional)] kind: Kind,
    #[prop(optional)] icon: Option<Icon>,
    /// What it does that to, where a page has several of that label.
    #[prop(optional, into)]
    of: Option<String>,
    #[prop(optional, into)] pending: Signal<bool>,
    #[prop(optional, into)] disabled: Signal<bool>,
    /// Given to the form under `name`, where a form has several buttons.
    #[prop(optional)]
    name: Option<&'static str>,
    #[prop(optional, into)] value: Option<String>,
    /// The id of the form, if the button stands outside of it.
    #[prop(optional)]
    form: Option<&'static str>,
) -> impl IntoView {
    let told = of.map(|of| t!(account_do_to, what = &label, name = of));
    let once = move |event: ev::MouseEvent| {
        if pending.get_untracked() {
            event.prevent_default();
        }
    };
    view! {
        <button
            class="button"
            type="submit"
            data-kind=kind.as_str()
            name=name
            value=value
            form=form
            aria-label=told
            aria-busy=move || pending.get().then_some("true")
            aria-disabled=move || pending.get().then_some("true")
            disabled=move || disabled.get()
            on:click=once
        >
            {icon.map(Icon::view)}
            {label}
        </button>
    }
}

/// Asks for the page at `path` with what stands in the form; changes nothing.
#[component]
pub fn Show(path: &'static str, #[prop(into)] label: String) -> impl IntoView {
    view! {
        <button class="button" type="submit" formmethod="get" formaction=path>
            {label}
        </button>
    }
}

/// Does something on the page; useless without WebAssembly, so never the only way.
#[component]
pub fn Button(
    #[prop(into)] label: String,
    on_press: impl Fn(ev::MouseEvent) + 'static,
    #[prop(optional)] kind: Kind,
    #[prop(optional)] icon: Option<Icon>,
    #[prop(optional, into)] disabled: Signal<bool>,
) -> impl IntoView {
    view! {
        <button class="button" type="button" data-kind=kind.as_str() on:click=on_press disabled=move || disabled.get()>
            {icon.map(Icon::view)}
            {label}
        </button>
    }
}
