//! T8: deleting a token in steps.

use crate::{OperationId, TokenId};
use serde::{Deserialize, Serialize};

/// What a deletion takes away here, and what stays at Apple.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deletion {
    pub id: TokenId,
    pub name: String,
    pub location_name: String,
    /// Another token of the location stays: then its apps and licences stay too.
    pub twin: Option<String>,
    pub apps: i64,
    /// Licences in use.
    pub licenses: i64,
    /// Those of them that can be taken back first.
    pub revocable: i64,
    /// Of those, the ones that Pomona did not give (S6).
    pub unknown: i64,
    /// Why they cannot be now, if they cannot.
    pub fault: Option<crate::Fault>,
    /// The operation that was to take all of them back last, with its progress.
    pub revoking: Option<(OperationId, crate::activity::OperationState, i64)>,
    /// Operations that would be broken off.
    pub operations_open: i64,
}
