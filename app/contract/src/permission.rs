//! Who may do what (Z2): the one table. `server/src/portal` checks it at every call, menus and buttons follow it.

use crate::{AccountId, Code, Fault};
use serde::{Deserialize, Serialize};

/// A built-in role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Everything, accounts too.
    Owner,
    /// Tokens, apps, devices, licences; no accounts.
    Administrator,
    /// Looks everything up, syncs, assigns and revokes licences of devices; no tokens.
    HelpDesk,
    /// Looks everything up.
    ReadOnly,
}

/// Something that is allowed or not. Tokens are apart from apps and assignments.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Permission {
    /// The first page.
    ViewOverview,
    /// The help desk's one box (H2).
    UseHelpDesk,
    /// With their state, and past syncs.
    ViewTokens,
    /// One, or all at once.
    SyncTokens,
    /// Creating, editing, renewing and deleting them, taking control; checking a file first.
    ManageTokens,
    /// Apps, books, and the names of locations.
    ViewCatalog,
    /// Deleting apps that have no licences.
    ManageCatalog,
    /// With the ledger, waiting lists, saved plans, drift, orphans, and the queue and report of reclaim rules.
    ViewLicenses,
    /// Planning and giving, with assignments to groups; settling drift; together with the next one, migrations (A10).
    AssignLicenses,
    /// Taking back, also what the review queue proposes; cancelling what is held back.
    RevokeLicenses,
    /// Reclaim rules, and what they leave alone.
    ManageReclaim,
    /// With what is known of them.
    ViewDevices,
    /// Adding and importing them; saying that one is gone or back.
    ManageDevices,
    /// Making links that open a device's check-in page.
    EnrolDevices,
    /// What people ask for on their check-in pages (P4).
    ViewRequests,
    /// Refusing them; approving one takes [`Permission::AssignLicenses`] too.
    AnswerRequests,
    /// With their standing at Apple, but for the links of invitations.
    ViewPeople,
    /// SCIM's tokens too.
    ManagePeople,
    /// With their members and rules.
    ViewGroups,
    /// Making, changing and deleting them; trying a rule.
    ManageGroups,
    /// Operations, and what Apple is told of people.
    ViewActivity,
    /// Those that are blocked or stalled.
    ResumeOperations,
    /// Who signs in, and as what.
    ViewAccounts,
    /// Inviting people, their roles, disabling them.
    ManageAccounts,
    /// The page that lists what is sent to Apple (T1).
    ViewDisclosure,
    /// What is warned of (N1): seeing it, too.
    ManageAlerts,
}

impl Permission {
    /// In the order in which the table is shown.
    pub const ALL: [Permission; 26] = [
        Permission::ViewOverview,
        Permission::UseHelpDesk,
        Permission::ViewTokens,
        Permission::SyncTokens,
        Permission::ManageTokens,
        Permission::ViewCatalog,
        Permission::ManageCatalog,
        Permission::ViewLicenses,
        Permission::AssignLicenses,
        Permission::RevokeLicenses,
        Permission::ManageReclaim,
        Permission::ViewDevices,
        Permission::ManageDevices,
        Permission::EnrolDevices,
        Permission::ViewRequests,
        Permission::AnswerRequests,
        Permission::ViewPeople,
        Permission::ManagePeople,
        Permission::ViewGroups,
        Permission::ManageGroups,
        Permission::ViewActivity,
        Permission::ResumeOperations,
        Permission::ViewAccounts,
        Permission::ManageAccounts,
        Permission::ViewDisclosure,
        Permission::ManageAlerts,
    ];
}

names! {
    Role { Owner = "owner", Administrator = "administrator", HelpDesk = "help_desk", ReadOnly = "read_only" }
}

impl Role {
    /// The table.
    pub fn may(self, permission: Permission) -> bool {
        use Permission as P;
        match permission {
            P::ViewOverview
            | P::UseHelpDesk
            | P::ViewTokens
            | P::ViewCatalog
            | P::ViewLicenses
            | P::ViewDevices
            | P::ViewRequests
            | P::ViewPeople
            | P::ViewGroups
            | P::ViewActivity
            | P::ViewDisclosure => true,
            P::SyncTokens
            | P::AssignLicenses
            | P::RevokeLicenses
            | P::EnrolDevices
            | P::AnswerRequests
            | P::ResumeOperations => {
                matches!(self, Role::Owner | Role::Administrator | Role::HelpDesk)
            }
            P::ManageTokens
            | P::ManageCatalog
            | P::ManageReclaim
            | P::ManageDevices
            | P::ManagePeople
            | P::ManageGroups
            | P::ViewAccounts
            | P::ManageAlerts => {
                matches!(self, Role::Owner | Role::Administrator)
            }
            P::ManageAccounts => matches!(self, Role::Owner),
        }
    }
}

/// The signed-in account that a call is made for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Caller {
    pub id: AccountId,
    pub name: String,
    pub email: String,
    pub role: Role,
}

impl Caller {
    /// By the role.
    pub fn may(&self, permission: Permission) -> bool {
        self.role.may(permission)
    }

    /// An error unless the caller may.
    pub fn need(&self, permission: Permission) -> Result<(), Fault> {
        if self.may(permission) {
            Ok(())
        } else {
            Err(Code::NotAllowed.into())
        }
    }
}
