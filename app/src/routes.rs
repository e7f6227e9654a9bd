//! THE table of pages: path, page, who may see it. The router, the menu and the server's gate all follow it.

use crate::{
    accounts, activity, assignments, catalog, devices, drift,
    i18n::{Key, keys},
    licenses, overview, search, session, settings, tokens,
    ui::Icon,
};
use contract::{Caller, Permission};
use leptos_router::{Lazy, MatchNestedRoutes, NestedRoute, SsrMode, path};

/// Who may see a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Anybody; such a page has no frame.
    Public,
    /// Whoever is signed in.
    SignedIn,
    Needs(Permission),
}

/// A page's path, `:name` standing for any one part, and who may see it.
#[derive(Clone, Copy, Debug)]
pub struct RouteSpec {
    pub path: &'static str,
    pub access: Access,
}

use Access::{Needs, Public};
use Permission as P;

/// One group a slice; in a group the fixed paths come before those with a `:name`. A page is a `LazyRoute`: a chunk of
/// WebAssembly of its own. Pages are rendered whole (`SsrMode::Async`), so that they are complete without WebAssembly
/// and carry the right status.
macro_rules! table {
    ($($slice:ident { $($path:tt => $page:ty, $access:expr;)+ })+) => {
        pub const TABLE: &[RouteSpec] = &[$($(RouteSpec { path: $path, access: $access },)+)+];

        /// The same for the router.
        pub(crate) fn pages() -> impl MatchNestedRoutes + Clone + Send + 'static {
            ($((
                $(NestedRoute::new(path!($path), Lazy::<$page>::new()).ssr_mode(SsrMode::Async),)+
            ),)+)
        }
    };
}

table! {
    overview {
        "/" => overview::OverviewPage, Needs(P::ViewOverview);
    }
    search {
        "/search" => search::SearchPage, Needs(P::UseHelpDesk);
    }
    session {
        "/sign-in" => session::SignInPage, Public;
        "/welcome/:secret" => session::WelcomePage, Public;
    }
    tokens {
        "/tokens" => tokens::ListPage, Needs(P::ViewTokens);
        "/tokens/new" => tokens::CreatePage, Needs(P::ManageTokens);
        "/tokens/:id" => tokens::DetailPage, Needs(P::ViewTokens);
        "/tokens/:id/edit" => tokens::EditPage, Needs(P::ManageTokens);
        "/tokens/:id/renew" => tokens::RenewPage, Needs(P::ManageTokens);
        "/tokens/:id/take-control" => tokens::TakeControlPage, Needs(P::ManageTokens);
        "/tokens/:id/delete" => tokens::DeletePage, Needs(P::ManageTokens);
    }
    catalog {
        "/apps" => catalog::AppsPage, Needs(P::ViewCatalog);
        "/apps/:id" => catalog::AppPage, Needs(P::ViewCatalog);
        "/books" => catalog::BooksPage, Needs(P::ViewCatalog);
        "/books/:id" => catalog::BookPage, Needs(P::ViewCatalog);
    }
    assignments {
        "/assign" => assignments::AssignPage, Needs(P::AssignLicenses);
        "/plans/:id" => assignments::PlanPage, Needs(P::ViewLicenses);
        "/assignments" => assignments::GroupsPage, Needs(P::ViewLicenses);
        "/assignments/edit" => assignments::EditPage, Needs(P::AssignLicenses);
        "/assignments/waiting" => assignments::WaitingPage, Needs(P::ViewLicenses);
        "/assignments/plans/:id" => assignments::ChangePage, Needs(P::ViewLicenses);
        "/explain" => assignments::ExplainPage, Needs(P::ViewLicenses);
    }
    licenses {
        "/licenses" => licenses::ListPage, Needs(P::ViewLicenses);
        "/licenses/revoke" => licenses::RevokePage, Needs(P::RevokeLicenses);
        "/ledger" => licenses::LedgerPage, Needs(P::ViewLicenses);
    }
    drift {
        "/drift" => drift::ListPage, Needs(P::ViewLicenses);
        "/drift/licenses" => drift::HoldersPage, Needs(P::ViewLicenses);
        "/drift/settle" => drift::SettlePage, Needs(P::AssignLicenses);
    }
    devices {
        "/devices" => devices::ListPage, Needs(P::ViewDevices);
        "/devices/add" => devices::AddPage, Needs(P::ManageDevices);
        "/devices/import" => devices::ImportPage, Needs(P::ManageDevices);
        "/devices/chosen" => devices::ChosenPage, Needs(P::ViewDevices);
        "/devices/:id" => devices::DetailPage, Needs(P::ViewDevices);
    }
    activity {
        "/activity" => activity::ListPage, Needs(P::ViewActivity);
        "/activity/:id" => activity::DetailPage, Needs(P::ViewActivity);
        "/activity/:id/undo" => activity::UndoPage, Needs(P::ViewActivity);
    }
    accounts {
        "/settings/accounts" => accounts::ListPage, Needs(P::ViewAccounts);
        "/settings/accounts/add" => accounts::AddPage, Needs(P::ManageAccounts);
    }
    settings {
        "/settings/alerts" => overview::AlertsPage, Needs(P::ManageAlerts);
        "/settings/data-sent-to-apple" => settings::DisclosurePage, Needs(P::ViewDisclosure);
    }
}

/// A line of the menu. It is shown if its path is in the table and the caller may see that page.
#[derive(Clone, Copy)]
pub struct MenuEntry {
    pub path: &'static str,
    pub label: Key,
    pub icon: Icon,
}

const fn entry(path: &'static str, label: Key, icon: Icon) -> MenuEntry {
    MenuEntry { path, label, icon }
}

/// The menu's groups, with a rule between them.
pub const MENU: &[&[MenuEntry]] = &[
    &[
        entry("/", keys::menu_overview, Icon::Home),
        entry("/apps", keys::menu_apps, Icon::Apps),
        entry("/books", keys::menu_books, Icon::Book),
        entry("/licenses", keys::menu_licenses, Icon::License),
        entry("/tokens", keys::menu_tokens, Icon::Token),
        entry("/drift", keys::drift_title, Icon::Drift),
    ],
    &[
        entry("/devices", keys::menu_devices, Icon::Device),
        entry("/search", keys::menu_help_desk, Icon::Search),
    ],
    &[
        entry("/activity", keys::menu_activity, Icon::Activity),
        entry("/settings/accounts", keys::menu_accounts, Icon::Person),
        entry(
            "/settings/data-sent-to-apple",
            keys::menu_disclosure,
            Icon::Shield,
        ),
    ],
];

/// Who may see the page at this path; none if there is no such page.
pub fn permission_for(path: &str) -> Option<Access> {
    TABLE
        .iter()
        .find(|route| fits(route.path, path))
        .map(|route| route.access)
}

/// Whether the page exists and the caller may see it.
pub fn may_see(caller: Option<&Caller>, path: &str) -> bool {
    match permission_for(path) {
        None => false,
        Some(Access::Public) => true,
        Some(Access::SignedIn) => caller.is_some(),
        Some(Access::Needs(permission)) => caller.is_some_and(|caller| caller.may(permission)),
    }
}

fn fits(pattern: &str, path: &str) -> bool {
    let mut parts = path.trim_matches('/').split('/');
    let mut wanted = pattern.trim_matches('/').split('/');
    loop {
        match (wanted.next(), parts.next()) {
            (None, None) => return true,
            (Some(name), Some(part)) if name.starts_with(':') && !part.is_empty() => {}
            (Some(name), Some(part)) if name == part => {}
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_matched_part_by_part() {
        assert_eq!(permission_for("/"), Some(Needs(P::ViewOverview)));
        assert_eq!(permission_for("/tokens/new"), Some(Needs(P::ManageTokens)));
        assert_eq!(permission_for("/tokens/0192"), Some(Needs(P::ViewTokens)));
        assert_eq!(permission_for("/welcome/abc"), Some(Public));
        assert_eq!(permission_for("/welcome"), None);
        assert_eq!(permission_for("/nothing"), None);
    }

    #[test]
    fn fixed_paths_come_before_those_with_a_name() {
        for (place, route) in TABLE.iter().enumerate() {
            let first = TABLE.iter().position(|other| fits(other.path, route.path));
            assert_eq!(first, Some(place), "{} is hidden by another path", route.path);
        }
    }
}
