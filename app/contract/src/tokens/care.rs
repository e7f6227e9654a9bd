//! T8: deleting a token in steps.

use crate::{OperationId, TokenId, tokens::TokenState};
use serde::{Deserialize, Serialize};

/// The token that can do the most of those that stay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Twin {
    pub name: String,
    /// As it will be once it is alone.
    pub state: TokenState,
    /// There are more besides: then none of them is synced still.
    pub more: bool,
}

/// What a deletion takes away here, and what stays at Apple.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deletion {
    pub id: TokenId,
    pub name: String,
    pub location: crate::LocationId,
    pub location_name: String,
    /// Another token of the location stays: then its apps and licences stay too.
    pub twin: Option<Twin>,
    /// Apps and books of the location.
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
