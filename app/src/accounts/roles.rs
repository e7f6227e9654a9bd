//! The roles in words, and what each may do: made from the one table of permissions.

use crate::{
    t,
    ui::{Card, CollectAny, Column, Icon, Table},
};
use contract::{Permission, Role};
use leptos::prelude::*;

pub(super) fn name(role: Role) -> &'static str {
    match role {
        Role::Owner => t!(role_owner),
        Role::Administrator => t!(role_administrator),
        Role::HelpDesk => t!(role_help_desk),
        Role::ReadOnly => t!(role_read_only),
    }
}

fn words(role: Role) -> &'static str {
    match role {
        Role::Owner => t!(role_owner_words),
        Role::Administrator => t!(role_administrator_words),
        Role::HelpDesk => t!(role_help_desk_words),
        Role::ReadOnly => t!(role_read_only_words),
    }
}

fn permission(permission: Permission) -> &'static str {
    match permission {
        Permission::ViewOverview => t!(permission_view_overview),
        Permission::UseHelpDesk => t!(permission_use_help_desk),
        Permission::ViewTokens => t!(permission_view_tokens),
        Permission::SyncTokens => t!(permission_sync_tokens),
        Permission::ManageTokens => t!(permission_manage_tokens),
        Permission::ViewCatalog => t!(permission_view_catalog),
        Permission::ManageCatalog => t!(permission_manage_catalog),
        Permission::ViewLicenses => t!(permission_view_licenses),
        Permission::AssignLicenses => t!(permission_assign_licenses),
        Permission::RevokeLicenses => t!(permission_revoke_licenses),
        Permission::ViewDevices => t!(permission_view_devices),
        Permission::ManageDevices => t!(permission_manage_devices),
        Permission::EnrolDevices => t!(permission_enrol_devices),
        Permission::ViewRequests => t!(permission_view_requests),
        Permission::AnswerRequests => t!(permission_answer_requests),
        Permission::ViewPeople => t!(permission_view_people),
        Permission::ManagePeople => t!(permission_manage_people),
        Permission::ViewGroups => t!(permission_view_groups),
        Permission::ManageGroups => t!(permission_manage_groups),
        Permission::ViewActivity => t!(permission_view_activity),
        Permission::ResumeOperations => t!(permission_resume_operations),
        Permission::ViewAccounts => t!(permission_view_accounts),
        Permission::ManageAccounts => t!(permission_manage_accounts),
        Permission::ViewDisclosure => t!(permission_view_disclosure),
        Permission::ManageReclaim => t!(permission_manage_reclaim),
        Permission::ManageAlerts => t!(permission_manage_alerts),
    }
}

/// The choices of a form, the least powerful first.
pub(super) fn options() -> Vec<(String, String)> {
    Role::ALL
        .into_iter()
        .rev()
        .map(|role| (role.as_str().to_owned(), name(role).to_owned()))
        .collect()
}

#[component]
pub(super) fn Roles() -> impl IntoView {
    let sentences = Role::ALL.map(|role| {
        view! {
            <div>
                <dt>{name(role)}</dt>
                <dd>{words(role)}</dd>
            </div>
        }
    });
    let head = view! {
        <Column label=t!(roles_permission)/>
        {Role::ALL.map(|role| view! { <Column label=name(role)/> }).collect_any()}
    };
    let rows = Permission::ALL.map(line);
    view! {
        <Card title=t!(roles_title)>
            <dl class="sentences">{sentences.collect_any()}</dl>
        </Card>
        <Table caption=t!(roles_title) head>{rows.collect_any()}</Table>
    }
}

fn line(permission: Permission) -> impl IntoView {
    let cells = Role::ALL.map(|role| {
        let may = role.may(permission);
        let sign = if may {
            Icon::Check.view().into_any()
        } else {
            view! { <span aria-hidden="true">"–"</span> }.into_any()
        };
        let answer = if may { t!(answer_yes) } else { t!(answer_no) };
        view! {
            <td data-label=name(role)>
                <span>{sign} <span class="visually-hidden">{answer}</span></span>
            </td>
        }
    });
    view! {
        <tr>
            <th scope="row">{self::permission(permission)}</th>
            {cells.collect_any()}
        </tr>
    }
}
