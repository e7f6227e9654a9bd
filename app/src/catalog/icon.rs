//! An app's artwork, or a tile with its first letter. Always beside the name, so it says nothing to screen readers.

use leptos::prelude::*;

/// How many colours tiles have, as in `style/_catalog.scss`.
const TINTS: u32 = 6;

#[component]
pub fn AssetIcon(url: Option<String>, #[prop(into)] name: String) -> impl IntoView {
    match url {
        Some(url) => {
            view! { <img class="item-icon" src=url alt="" width="32" height="32" loading="lazy"/> }.into_any()
        }
        None => {
            let letter: String = name.chars().take(1).flat_map(char::to_uppercase).collect();
            let tint = name
                .chars()
                .fold(0_u32, |sum, letter| sum.wrapping_add(letter.into()))
                % TINTS;
            view! { <span class="item-icon" data-tint=tint.to_string() aria-hidden="true">{letter}</span> }
                .into_any()
        }
    }
}
