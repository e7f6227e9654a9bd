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
    ViewOverview,
    UseHelpDesk,
    ViewTokens,
    SyncTokens,
    ManageTokens,
    ViewCatalog,
    /// Deleting apps that have no licences.
    ManageCatalog,
    ViewLicenses,
    AssignLicenses,
    RevokeLicenses,
    /// Reclaim rules, and what they leave alone.
    ManageReclaim,
    ViewDevices,
    ManageDevices,
    /// Making links that open a device's check-in page.
    EnrolDevices,
    ViewRequests,
    AnswerRequests,
    ViewPeople,
    /// SCIM's tokens too.
    ManagePeople,
    ViewGroups,
    ManageGroups,
    ViewActivity,
    ResumeOperations,
    ViewAccounts,
    ManageAccounts,
    ViewDisclosure,
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
