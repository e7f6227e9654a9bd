//! THE table of pages: path, page, who may see it. The router, the menu and the server's gate all follow it.

mod part;
#[cfg(feature = "ssr")]
mod preload;
mod router;

pub(crate) use router::Pages;

use crate::{
    accounts, activity, assignments,
    call::Failure,
    catalog, checkin, devices, drift,
    frame::{self, Around},
    groups,
    i18n::{Key, keys},
    licenses, overview, people, reclaim, requests, scim, search, session, settings, tokens,
    ui::{FaultPage, Icon},
};
use contract::{Caller, Code, Permission};
use leptos::prelude::*;
use std::pin::Pin;

/// Who may see a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Anybody; such a page has no frame.
    Public,
    /// Whoever is signed in.
    SignedIn,
    Needs(Permission),
}

/// What a section is asked for: the page of a path in the table, or what stands around the pages of those who are signed in.
pub(crate) enum Wanted {
    Page(&'static str),
    Frame(Around),
    /// Nothing but the code.
    #[cfg_attr(
        not(feature = "hydrate"),
        expect(dead_code, reason = "the server has all code")
    )]
    Code,
}

/// Makes what is wanted of a section: on the server at once, in the browser once the code is there.
type Section = fn(Wanted) -> Pin<Box<dyn Future<Output = AnyView> + Send>>;

/// A page's path, `:name` standing for any one part, who may see it, and what makes it.
#[derive(Clone, Copy)]
pub struct RouteSpec {
    pub path: &'static str,
    pub access: Access,
    section: Section,
}

use Access::{Needs, Public};
use Permission as P;

/// One group a section: the pages that one visit is likely to need, and so one `lazy` function. What several sections
/// share becomes a file for each set of them; one section for each page would make a thousand. What is `in frame` brings the
/// frame along: whoever signs in or checks in loads none. In a section the fixed paths come before those with a `:name`.
macro_rules! table {
    ($($section:ident $(in $frame:ident)? { $($path:literal => $page:path, $access:expr;)+ })+) => {
        pub const TABLE: &[RouteSpec] = &[$($(RouteSpec {
            path: $path,
            access: $access,
            section: |wanted| Box::pin(sections::$section(wanted)),
        },)+)+];

        mod sections {
            use super::*;

            $(#[lazy]
            pub fn $section(wanted: Wanted) -> AnyView {
                match wanted {
                    $(Wanted::Page($path) => $page(),)+
                    Wanted::Page(_) => view! { <FaultPage fault=Failure::from(Code::NotFound).0/> }.into_any(),
                    $(Wanted::Frame(around) => $frame::around(around),)?
                    _ => ().into_any(),
                }
            })+
        }
    };
}

/// The page for any path that is not in the table.
const MISSING: RouteSpec = RouteSpec {
    path: "",
    access: Public,
    section: |wanted| Box::pin(sections::entrance(wanted)),
};

table! {
    entrance {
        "/sign-in" => session::sign_in_page, Public;
        "/welcome/:secret" => session::welcome_page, Public;
    }
    device {
        "/checkin" => checkin::page, Public;
        "/checkin/ask" => checkin::ask_page, Public;
        "/checkin/:secret" => checkin::link_page, Public;
    }
    home in frame {
        "/" => overview::overview_page, Needs(P::ViewOverview);
        "/search" => search::search_page, Needs(P::UseHelpDesk);
        "/settings/alerts" => overview::alerts_page, Needs(P::ManageAlerts);
    }
    tokens in frame {
        "/tokens" => tokens::list_page, Needs(P::ViewTokens);
        "/tokens/new" => tokens::create_page, Needs(P::ManageTokens);
        "/tokens/:id" => tokens::detail_page, Needs(P::ViewTokens);
        "/tokens/:id/edit" => tokens::edit_page, Needs(P::ManageTokens);
        "/tokens/:id/renew" => tokens::renew_page, Needs(P::ManageTokens);
        "/tokens/:id/take-control" => tokens::take_control_page, Needs(P::ManageTokens);
        "/tokens/:id/delete" => tokens::delete_page, Needs(P::ManageTokens);
    }
    catalog in frame {
        "/apps" => catalog::apps_page, Needs(P::ViewCatalog);
        "/apps/:id" => catalog::app_page, Needs(P::ViewCatalog);
        "/books" => catalog::books_page, Needs(P::ViewCatalog);
        "/books/:id" => catalog::book_page, Needs(P::ViewCatalog);
    }
    assignments in frame {
        "/assign" => assignments::assign_page, Needs(P::AssignLicenses);
        "/plans/:id" => assignments::plan_page, Needs(P::ViewLicenses);
        "/assignments" => assignments::groups_page, Needs(P::ViewLicenses);
        "/assignments/edit" => assignments::edit_page, Needs(P::AssignLicenses);
        "/assignments/waiting" => assignments::waiting_page, Needs(P::ViewLicenses);
        "/assignments/plans/:id" => assignments::change_page, Needs(P::ViewLicenses);
        "/explain" => assignments::explain_page, Needs(P::ViewLicenses);
    }
    licenses in frame {
        "/licenses" => licenses::list_page, Needs(P::ViewLicenses);
        "/licenses/macs" => licenses::macs_page, Needs(P::ViewLicenses);
        "/licenses/move" => licenses::move_page, Needs(P::ViewLicenses);
        "/licenses/revoke" => licenses::revoke_page, Needs(P::RevokeLicenses);
        "/ledger" => licenses::ledger_page, Needs(P::ViewLicenses);
        "/drift" => drift::list_page, Needs(P::ViewLicenses);
        "/drift/licenses" => drift::holders_page, Needs(P::ViewLicenses);
        "/drift/settle" => drift::settle_page, Needs(P::AssignLicenses);
        "/reclaim" => reclaim::list_page, Needs(P::ViewLicenses);
        "/reclaim/decide" => reclaim::decide_page, Needs(P::RevokeLicenses);
        "/reclaim/rules" => reclaim::rules_page, Needs(P::ViewLicenses);
        "/reclaim/rule" => reclaim::rule_page, Needs(P::ViewLicenses);
        "/reclaim/kept" => reclaim::kept_page, Needs(P::ViewLicenses);
        "/orphans" => reclaim::orphans_page, Needs(P::ViewLicenses);
    }
    devices in frame {
        "/devices" => devices::list_page, Needs(P::ViewDevices);
        "/devices/add" => devices::add_page, Needs(P::ManageDevices);
        "/devices/import" => devices::import_page, Needs(P::ManageDevices);
        "/devices/chosen" => devices::chosen_page, Needs(P::ViewDevices);
        "/devices/:id" => devices::detail_page, Needs(P::ViewDevices);
        "/devices/:id/enrol" => devices::enrol_page, Needs(P::EnrolDevices);
    }
    people in frame {
        "/people" => people::list_page, Needs(P::ViewPeople);
        "/people/new" => people::add_page, Needs(P::ManagePeople);
        "/people/import" => people::import_page, Needs(P::ManagePeople);
        "/people/:id" => people::detail_page, Needs(P::ViewPeople);
        "/groups" => groups::list_page, Needs(P::ViewGroups);
        "/groups/new" => groups::add_page, Needs(P::ManageGroups);
        "/groups/:id" => groups::detail_page, Needs(P::ViewGroups);
        "/requests" => requests::list_page, Needs(P::ViewRequests);
    }
    settings in frame {
        "/activity" => activity::list_page, Needs(P::ViewActivity);
        "/activity/people" => activity::people_page, Needs(P::ViewActivity);
        "/activity/:id" => activity::detail_page, Needs(P::ViewActivity);
        "/activity/:id/undo" => activity::undo_page, Needs(P::ViewActivity);
        "/settings/accounts" => accounts::list_page, Needs(P::ViewAccounts);
        "/settings/accounts/add" => accounts::add_page, Needs(P::ManageAccounts);
        "/settings/scim" => scim::tokens_page, Needs(P::ManagePeople);
        "/settings/data-sent-to-apple" => settings::disclosure_page, Needs(P::ViewDisclosure);
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
        entry("/reclaim", keys::reclaim_title, Icon::Reclaim),
    ],
    &[
        entry("/devices", keys::menu_devices, Icon::Device),
        entry("/people", keys::people_title, Icon::People),
        entry("/groups", keys::groups_title, Icon::Group),
        entry("/requests", keys::requests_title, Icon::Request),
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
    route(path).map(|route| route.access)
}

/// What stands around the page at this path, that for a path without a page included.
pub(crate) async fn around(path: &str, around: Around) -> AnyView {
    match route(path).or_else(|| route("/")) {
        Some(route) => (route.section)(Wanted::Frame(around)).await,
        None => ().into_any(),
    }
}

/// Fetches the code of the page at this path, and of what stands around it.
#[cfg(feature = "hydrate")]
pub(crate) async fn fetched(path: &str) {
    let page = route(path);
    let around = if page.is_none() { route("/") } else { None };
    for route in [page.unwrap_or(&MISSING)].into_iter().chain(around) {
        (route.section)(Wanted::Code).await;
    }
}

fn route(path: &str) -> Option<&'static RouteSpec> {
    // Most questions are the menu's, of paths that are in the table as they are.
    let route = TABLE.iter().find(|route| route.path == path);
    route.or_else(|| {
        TABLE
            .iter()
            .find(|route| part::matched(route.path, path).is_some())
    })
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
            let first = TABLE
                .iter()
                .position(|other| part::matched(other.path, route.path).is_some());
            assert_eq!(first, Some(place), "{} is hidden by another path", route.path);
        }
    }
}
