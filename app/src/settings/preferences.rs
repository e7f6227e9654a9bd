//! Choosing language and theme: plain forms, since the whole page changes.

use super::{
    Theme,
    calls::{SetLanguage, SetTheme},
};
use crate::{
    i18n::Locale,
    t,
    ui::{CollectAny, address},
};
use leptos::{prelude::*, server_fn::ServerFn};

/// Both, for pages without the frame.
#[component]
pub fn Preferences() -> impl IntoView {
    view! {
        <div class="preferences">
            <Languages/>
            <Themes/>
        </div>
    }
}

/// The address to come back to.
#[component]
fn Back() -> impl IntoView {
    let address = address();
    view! { <input type="hidden" name="back" value=move || address.with(|address| address.href())/> }
}

#[component]
pub fn Languages() -> impl IntoView {
    let current = Locale::current();
    let choices = Locale::ALL.map(|locale| {
        view! {
            <button name="locale" value=locale.as_str() lang=locale.as_str() aria-pressed=(locale == current).to_string()>
                {locale.own_name()}
            </button>
        }.into_any()
    });
    view! {
        <form class="choices" method="post" action=SetLanguage::PATH aria-label=t!(settings_language)>
            <Back/>
            {choices.collect_any()}
        </form>
    }
}

#[component]
pub fn Themes() -> impl IntoView {
    let current = Theme::current();
    let choices = Theme::ALL.map(|theme| {
        let label = match theme {
            Theme::Auto => t!(settings_theme_auto),
            Theme::Light => t!(settings_theme_light),
            Theme::Dark => t!(settings_theme_dark),
        };
        view! {
            <button name="theme" value=theme.as_str() aria-pressed=(theme == current).to_string()>{label}</button>
        }.into_any()
    });
    view! {
        <form class="choices" method="post" action=SetTheme::PATH aria-label=t!(settings_theme)>
            <Back/>
            {choices.collect_any()}
        </form>
    }
}
