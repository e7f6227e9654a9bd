//! The main menu: at the left, on a phone at the bottom. It follows the route table and the caller's permissions.

use crate::{i18n, routes, t, ui::CollectAny};
use contract::session::Me;
use leptos::prelude::*;
use leptos_router::hooks::use_location;

#[component]
pub fn Menu(me: Me) -> impl IntoView {
    let path = use_location().pathname;
    let badge = |entry: &routes::MenuEntry| {
        let (count, words) = match entry.path {
            "/tokens" => (
                me.tokens_needing_action,
                t!(menu_tokens_badge, count = me.tokens_needing_action),
            ),
            "/requests" => (
                me.open_requests,
                t!(menu_requests_badge, count = me.open_requests),
            ),
            _ => return None,
        };
        (count > 0).then_some((count, words))
    };
    let groups = routes::MENU
        .iter()
        .map(|group| {
            let lines = group
                .iter()
                .filter(|entry| routes::may_see(me.caller.as_ref(), entry.path))
                .map(|entry| {
                    let own = entry.path;
                    let current = move || path.with(|path| is_within(path, own)).then_some("page");
                    let badge = badge(entry).map(|(count, words)| {
                        view! {
                            <b class="badge">
                                <span aria-hidden="true">{i18n::number(count)}</span>
                                <span class="visually-hidden">{words}</span>
                            </b>
                        }
                        .into_any()
                    });
                    view! {
                        <li>
                            <a href=own aria-current=current>
                                {entry.icon.view()}
                                <span>{i18n::text(entry.label)}</span>
                                {badge}
                            </a>
                        </li>
                    }
                })
                .collect_any();
            view! { <ul role="list">{lines}</ul> }
        })
        .collect_any();
    view! { <nav class="menu" aria-label=t!(menu_label)>{groups}</nav> }
}

/// Whether a page belongs to an entry: the page itself or one below it, and those that only its pages lead to.
fn is_within(path: &str, entry: &str) -> bool {
    let path = match path.split('/').nth(1) {
        Some("assign" | "plans") => "/apps",
        Some("ledger") => "/licenses",
        _ => path,
    };
    match path.strip_prefix(entry) {
        Some(rest) if entry != "/" => rest.is_empty() || rest.starts_with('/'),
        Some(rest) => rest.is_empty(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::is_within;

    #[test]
    fn a_detail_page_belongs_to_its_list() {
        assert!(is_within("/tokens/0192", "/tokens"));
        assert!(is_within("/tokens", "/tokens"));
        assert!(!is_within("/tokens", "/"));
        assert!(!is_within("/tokensx", "/tokens"));
        assert!(is_within("/plans/0192", "/apps"));
        assert!(!is_within("/ledger", "/apps"));
    }
}
