//! The main menu: at the left, on a phone at the bottom. It follows the route table and the caller's permissions.

use crate::{
    i18n, live, routes, session, t,
    ui::{CollectAny, changing},
};
use contract::{live::LiveEvent, session::Me};
use leptos::prelude::*;
use leptos_router::hooks::use_location;

#[component]
pub fn Menu(me: Me) -> impl IntoView {
    let path = use_location().pathname;
    let badges = RwSignal::new(Badges::of(&me));
    live::on_change(
        |event| {
            matches!(
                event,
                LiveEvent::Requests | LiveEvent::Token { .. } | LiveEvent::Missed
            )
        },
        move || {
            leptos::task::spawn_local(async move {
                if let Ok(me) = session::calls::who_am_i().await {
                    badges.try_set(Badges::of(&me));
                }
            });
        },
    );
    let groups = routes::MENU
        .iter()
        .map(|group| {
            let lines = group
                .iter()
                .filter(|entry| routes::may_see(me.caller.as_ref(), entry.path))
                .map(|entry| {
                    let own = entry.path;
                    let current = move || path.with(|path| is_within(path, own)).then_some("page");
                    let badge = changing(move || badges.get().of_entry(own));
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

/// How many wait for somebody, at the entries of the menu.
#[derive(Clone, Copy, PartialEq)]
struct Badges {
    tokens: i64,
    requests: i64,
}

impl Badges {
    fn of(me: &Me) -> Self {
        Self {
            tokens: me.tokens_needing_action,
            requests: me.open_requests,
        }
    }

    fn of_entry(self, path: &str) -> Option<AnyView> {
        let (count, words) = match path {
            "/tokens" => (self.tokens, t!(menu_tokens_badge, count = self.tokens)),
            "/requests" => (self.requests, t!(menu_requests_badge, count = self.requests)),
            _ => return None,
        };
        let badge = || {
            view! {
                <b class="badge">
                    <span aria-hidden="true">{i18n::number(count)}</span>
                    <span class="visually-hidden">{words}</span>
                </b>
            }
        };
        (count > 0).then(|| badge().into_any())
    }
}

/// Whether a page belongs to an entry: the page itself or one below it, and those that only its pages lead to.
fn is_within(path: &str, entry: &str) -> bool {
    let path = match path.split('/').nth(1) {
        Some("assign" | "plans" | "assignments" | "explain") => "/apps",
        Some("ledger") => "/licenses",
        Some("orphans") => "/reclaim",
        Some("settings") => match path {
            "/settings/alerts" => "/",
            "/settings/scim" => "/people",
            _ => path,
        },
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
        assert!(is_within("/assignments/edit", "/apps"));
        assert!(is_within("/explain", "/apps"));
        assert!(is_within("/orphans", "/reclaim"));
        assert!(is_within("/settings/alerts", "/"));
        assert!(is_within("/settings/scim", "/people"));
        assert!(!is_within("/settings/accounts", "/people"));
    }
}
