//! The log of Apple requests and of look-ups in the store, for tests: what was asked, what was accepted. A request is noted when it is processed, before
//! its answer is sent. A ring; the oldest go first.

use std::collections::VecDeque;
use std::sync::Arc;

use axum::http::request::Parts;
use jiff::Timestamp;
use parking_lot::Mutex;
use serde::Serialize;
use uuid::Uuid;

use crate::wire::{ManageAssets, ManageUsers};

/// A request and what became of it.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Record {
    /// Position in the log since it was reset, from 0.
    pub number: u64,
    /// When it came.
    pub at: Timestamp,
    /// HTTP method.
    pub method: String,
    /// Path without query.
    pub path: String,
    /// Query string, possibly empty.
    pub query: String,
    /// The location of the token, which a look-up has in its cookie; none if the token was not accepted.
    pub uid: Option<String>,
    /// What the body said.
    pub body: BodySummary,
    /// What became of it.
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// What became of a request.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Outcome {
    /// HTTP status; none if the connection was dropped by order. A client that hung up did not see it.
    pub status: Option<u16>,
    /// Apple's error, even if the answer was dropped.
    pub error_number: Option<i32>,
    /// The event that was accepted, even if the answer was dropped.
    pub event_id: Option<Uuid>,
    /// Whether it was processed, even if the answer was dropped.
    pub accepted: bool,
}

/// Which body a request should have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BodyShape {
    Licenses,
    Users,
    Other,
}

/// What is kept of a body.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BodySummary {
    /// Length in bytes; 0 where nobody looks at it, because the path is unknown or the body is too long.
    pub bytes: usize,
    /// `adamId`s of a manage request.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub assets: Vec<String>,
    /// Serials of a manage or revoke request.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub serial_numbers: Vec<Arc<str>>,
    /// Users of a manage or revoke request, or of one about users.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub client_user_ids: Vec<Arc<str>>,
}

impl BodySummary {
    /// Reads what can be read; an unreadable body leaves only its length.
    pub(crate) fn read(shape: BodyShape, body: &[u8]) -> Self {
        let bytes = body.len();
        match shape {
            BodyShape::Licenses => {
                let request: ManageAssets = serde_json::from_slice(body).unwrap_or_default();
                let assets = request.assets.unwrap_or_default();
                Self {
                    bytes,
                    assets: assets.into_iter().map(|asset| asset.adam_id).collect(),
                    serial_numbers: request.serial_numbers.unwrap_or_default(),
                    client_user_ids: request.client_user_ids.unwrap_or_default(),
                }
            }
            BodyShape::Users => {
                let request: ManageUsers = serde_json::from_slice(body).unwrap_or_default();
                let users = request.users.unwrap_or_default().into_iter();
                Self {
                    bytes,
                    client_user_ids: users.map(|user| user.client_user_id).collect(),
                    ..Self::default()
                }
            }
            BodyShape::Other => Self {
                bytes,
                ..Self::default()
            },
        }
    }
}

impl Record {
    pub(crate) fn new(parts: &Parts, at: Timestamp) -> Self {
        Self {
            number: 0,
            at,
            method: parts.method.to_string(),
            path: parts.uri.path().to_owned(),
            query: parts.uri.query().unwrap_or_default().to_owned(),
            uid: None,
            body: BodySummary::default(),
            outcome: Outcome::default(),
        }
    }
}

/// The ring.
#[derive(Debug)]
pub(crate) struct RequestLog {
    capacity: usize,
    ring: Mutex<Ring>,
}

#[derive(Debug, Default)]
struct Ring {
    next: u64,
    records: VecDeque<Record>,
}

impl RequestLog {
    /// A log that keeps so many requests.
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            capacity,
            ring: Mutex::default(),
        }
    }

    pub(crate) fn add(&self, mut record: Record) {
        let mut ring = self.ring.lock();
        record.number = ring.next;
        ring.next += 1;
        if ring.records.len() >= self.capacity {
            ring.records.pop_front();
        }
        ring.records.push_back(record);
    }

    /// Records from a number on, at most so many.
    pub(crate) fn starting_at(&self, number: u64, limit: usize) -> Vec<Record> {
        let ring = self.ring.lock();
        let start = ring.records.partition_point(|record| record.number < number);
        ring.records.range(start..).take(limit).cloned().collect()
    }

    /// Forgets all and counts from 0.
    pub(crate) fn reset(&self) {
        *self.ring.lock() = Ring::default();
    }
}
