//! Events: what Apple accepts now and does later. One task per location processes them in their order, in slices of 100.

mod licenses;
mod notify;
mod outcome;
mod users;
mod worker;

pub(crate) use licenses::revocable;
pub(crate) use notify::{Notification, announce, deliver_test, sender};
pub(crate) use worker::{accept, catch_up};

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tokio::time::Instant;
use uuid::Uuid;

use crate::wire::{ErrorResponse, EventState, EventType, RequestUser};
use crate::world::AssetKey;

/// An event's status.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Event {
    pub(crate) kind: EventType,
    pub(crate) state: EventState,
    pub(crate) requested: usize,
    pub(crate) completed: usize,
    pub(crate) failures: Vec<ErrorResponse>,
    /// What is left to do: there while it is pending, so that a saved world can be caught up with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) work: Option<Arc<Work>>,
}

/// An accepted event on its way to be processed.
#[derive(Debug)]
pub(crate) struct Job {
    id: Uuid,
    accepted: Instant,
    work: Arc<Work>,
}

/// What an event does.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Work {
    /// Associate, disassociate or, without assets, revoke.
    Licenses {
        kind: EventType,
        assets: Vec<AssetKey>,
        holders: Vec<HolderName>,
    },
    /// Create, update or retire.
    Users {
        kind: EventType,
        users: Vec<RequestUser>,
    },
}

/// A holder as a request names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum HolderName {
    /// By `clientUserId`.
    User(Arc<str>),
    /// By serial number.
    Device(Arc<str>),
}

impl Work {
    fn kind(&self) -> EventType {
        match self {
            Self::Licenses { kind, .. } | Self::Users { kind, .. } => *kind,
        }
    }
}
