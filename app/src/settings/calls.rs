//! Server functions that keep a reader's preferences in cookies. Anybody may call them, signed in or not.

use crate::call::{Call, Failure};
use leptos::prelude::*;

#[server(prefix = "/api", endpoint = "settings/language", protocol = Call)]
pub async fn set_language(locale: String, back: Option<String>) -> Result<(), Failure> {
    let locale = crate::i18n::Locale::parse(&locale).ok_or(contract::Code::ChoiceInvalid)?;
    crate::call::set_cookie("pomona_locale", locale.as_str());
    crate::call::leave_to(crate::call::own_path(&back.unwrap_or_default()));
    Ok(())
}

#[server(prefix = "/api", endpoint = "settings/theme", protocol = Call)]
pub async fn set_theme(theme: String, back: Option<String>) -> Result<(), Failure> {
    let theme = super::Theme::parse(&theme).ok_or(contract::Code::ChoiceInvalid)?;
    crate::call::set_cookie("pomona_theme", theme.as_str());
    crate::call::leave_to(crate::call::own_path(&back.unwrap_or_default()));
    Ok(())
}
