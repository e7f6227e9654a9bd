//! Apple's endpoints: path and methods (apple-api.md §1.1).

use axum::http::Method;

use crate::log::BodyShape;
use crate::wire::EventType;

/// An endpoint below `/mdm/v2/`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Endpoint {
    ServiceConfig,
    ClientConfig,
    Assets,
    Assignments,
    Users,
    Status,
    /// Associate, disassociate, revoke.
    Manage(EventType),
    /// Create, update, retire.
    ManageUsers(EventType),
}

impl Endpoint {
    /// The endpoint of a path.
    pub(super) fn of(path: &str) -> Option<Self> {
        Some(match path.strip_prefix("/mdm/v2/")? {
            "service/config" => Self::ServiceConfig,
            "client/config" => Self::ClientConfig,
            "assets" => Self::Assets,
            "assignments" => Self::Assignments,
            "users" => Self::Users,
            "status" => Self::Status,
            "assets/associate" => Self::Manage(EventType::Associate),
            "assets/disassociate" => Self::Manage(EventType::Disassociate),
            "assets/revoke" => Self::Manage(EventType::Revoke),
            "users/create" => Self::ManageUsers(EventType::Create),
            "users/update" => Self::ManageUsers(EventType::Update),
            "users/retire" => Self::ManageUsers(EventType::Retire),
            _ => return None,
        })
    }

    /// Whether the method is one of the endpoint's.
    pub(super) fn allows(self, method: &Method) -> bool {
        match self {
            Self::ClientConfig => method == Method::GET || method == Method::POST,
            Self::Manage(_) | Self::ManageUsers(_) => method == Method::POST,
            _ => method == Method::GET,
        }
    }

    /// What the log keeps of the body.
    pub(super) fn shape(self) -> BodyShape {
        match self {
            Self::Manage(_) => BodyShape::Licenses,
            Self::ManageUsers(_) => BodyShape::Users,
            _ => BodyShape::Other,
        }
    }
}
