//! Filters of a list: pills that are links, and a form for text. Both only change the URL.

use super::{Address, Icon, any::CollectAny, changing, given::given};
use crate::{browser, t};
use leptos::{ev::SubmitEvent, prelude::*};
use leptos_router::hooks::use_navigate;

/// A row of pills.
#[component]
pub fn Filters(#[prop(into)] label: String, children: Children) -> impl IntoView {
    view! { <nav class="pills" aria-label=label>{children()}</nav> }
}

/// A pill that sets a parameter, or takes it away when it is set.
#[component]
pub fn Pill(
    address: Memo<Address>,
    name: &'static str,
    #[prop(into)] value: String,
    #[prop(into)] label: String,
) -> impl IntoView {
    let chosen = {
        let value = value.clone();
        Memo::new(move |_| address.with(|address| address.has(name, &value)))
    };
    let href = move || {
        let removed = chosen.get() && !value.is_empty();
        address.with(|address| address.with(name, if removed { "" } else { &value }))
    };
    view! {
        <a class="pill" href=href aria-current=move || chosen.get().then_some("true")>
            {label}
            {move || chosen.get().then(|| Icon::Check.view())}
        </a>
    }
}

/// The search box of a list. `keep` names the parameters that stay.
#[component]
pub fn FilterForm(
    address: Memo<Address>,
    #[prop(default = "search")] name: &'static str,
    #[prop(into)] label: String,
    #[prop(optional)] keep: &'static [&'static str],
    /// More fields of the same form, as [`Narrow`].
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    let kept = changing(move || {
        keep.iter()
            .flat_map(|name| {
                address
                    .with(|address| address.all(name))
                    .into_iter()
                    .map(move |value| (*name, value))
            })
            .filter(|(_, value)| !value.is_empty())
            .map(|(name, value)| view! { <input type="hidden" name=name value=value/> })
            .collect_any()
    });
    let action = address.with_untracked(|address| address.path().to_owned());
    let path = action.clone();
    let navigate = use_navigate();
    // The page stays, and with it whatever is ticked on it.
    let ask = move |event: SubmitEvent| {
        if let Some(fields) = browser::fields(&event) {
            event.prevent_default();
            navigate(&asked(&path, &fields), Default::default());
        }
    };
    let typed = Signal::derive(move || address.with(|address| address.get(name)));
    view! {
        <form class="filter-form" method="get" role="search" action=action on:submit=ask>
            <label class="visually-hidden" for="filter">{label.clone()}</label>
            <input
                id="filter"
                type="search"
                name=name
                placeholder=label
                autocomplete="off"
                value=move || typed.get()
                use:given=typed
            />
            {kept}
            {children.map(|children| children())}
            <button class="button" type="submit">{Icon::Search.view()} {t!(list_search)}</button>
        </form>
    }
}

/// The address that a form with these fields asks for; what is not filled in is not in it.
fn asked(path: &str, fields: &str) -> String {
    let filled: Vec<_> = fields
        .split('&')
        .filter(|pair| !pair.is_empty() && !pair.ends_with('='))
        .collect();
    match filled.is_empty() {
        true => path.to_owned(),
        false => format!("{path}?{}", filled.join("&")),
    }
}

/// A choice among many in a [`FilterForm`]; the first one is all of them.
#[component]
pub fn Narrow(
    address: Memo<Address>,
    name: &'static str,
    #[prop(into)] label: String,
    /// Value and words.
    options: Vec<(String, String)>,
) -> impl IntoView {
    let chosen = address.with_untracked(|address| address.get(name));
    let set = Signal::derive(move || address.with(|address| address.get(name)));
    let all = label.clone();
    let options = options
        .into_iter()
        .map(|(value, words)| {
            let selected = value == chosen;
            view! { <option value=value selected=selected>{words}</option> }
        })
        .collect_any();
    view! {
        <select name=name aria-label=label use:given=set>
            <option value="">{all}</option>
            {options}
        </select>
    }
}

#[cfg(test)]
mod tests {
    use super::asked;

    #[test]
    fn an_address_has_what_is_filled_in() {
        assert_eq!(
            asked("/apps", "search=a%3D&location=&sort=name"),
            "/apps?search=a%3D&sort=name"
        );
        assert_eq!(asked("/apps", "search=&location="), "/apps");
        assert_eq!(asked("/apps", ""), "/apps");
    }
}
