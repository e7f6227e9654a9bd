//! A location (Apple: organizational unit): its settings, assets, holders, users and events.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, OnceLock};

use indexmap::IndexSet;
use jiff::Timestamp;
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc::UnboundedSender;
use uuid::Uuid;

use super::asset::Assets;
use super::counted::Counted;
use super::holders::Holder;
use super::journal::Journal;
use super::user::Users;
use super::version::{DataSet, version_id, writes_of};
use crate::events::{Event, Job, Notification};
use crate::wire::{ErrorNumber, MdmInfo, NotificationType};

/// Business or school; decides Apple's web address and the platform of metadata.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrganisationKind {
    /// Apple Business.
    #[default]
    Business,
    /// Apple School Manager.
    Education,
}

impl OrganisationKind {
    /// `defaultPlatform` of client/config.
    pub(crate) fn platform(self) -> &'static str {
        match self {
            Self::Business => "enterprisestore",
            Self::Education => "volumestore",
        }
    }

    /// `websiteURL` of client/config.
    pub(crate) fn website(self) -> &'static str {
        match self {
            Self::Business => "https://business.apple.com",
            Self::Education => "https://school.apple.com",
        }
    }
}

/// A location with what never changes beside what does.
#[derive(Debug)]
pub(crate) struct Location {
    pub(crate) uid: String,
    /// Name of the organisation that owns it.
    pub(crate) organisation: String,
    pub(crate) kind: OrganisationKind,
    pub(crate) state: Counted<LocationState>,
    /// Times of the last requests, for the pace limit.
    pub(crate) recent: Mutex<VecDeque<i64>>,
    /// To the task that processes events; started with the first.
    pub(crate) jobs: OnceLock<UnboundedSender<Job>>,
    /// To the task that sends notifications; started with the first.
    pub(crate) outbox: OnceLock<UnboundedSender<Notification>>,
}

/// What changes.
#[derive(Debug, Default)]
pub(crate) struct LocationState {
    pub(crate) name: String,
    /// ISO 3166 alpha-2, upper case.
    pub(crate) country: String,
    pub(crate) mdm_info: Option<MdmInfo>,
    pub(crate) notifications: NotificationSettings,
    pub(crate) assets: Assets,
    /// Every serial ever named; a device holder is an index into it.
    pub(crate) serials: IndexSet<Arc<str>>,
    pub(crate) users: Users,
    pub(crate) journal: Journal,
    pub(crate) writes: Writes,
    pub(crate) events: HashMap<Uuid, Event>,
    pub(crate) event_order: VecDeque<Uuid>,
}

/// Where and about what Apple tells.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NotificationSettings {
    pub(crate) url: Option<String>,
    pub(crate) auth_token: Option<String>,
    pub(crate) types: Vec<NotificationType>,
}

/// Writes per data set; the source of `versionId`.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Writes {
    /// When the location was made, in milliseconds: a location that is made again has other versions.
    #[serde(default)]
    pub(crate) run: u64,
    pub(crate) assets: u64,
    pub(crate) assignments: u64,
    pub(crate) users: u64,
}

impl Writes {
    /// None yet, for a location that is made now.
    pub(crate) fn none_at(now: Timestamp) -> Self {
        Self {
            run: now.as_millisecond().unsigned_abs(),
            ..Self::default()
        }
    }

    fn of(self, set: DataSet) -> u64 {
        match set {
            DataSet::Assets => self.assets,
            DataSet::Assignments => self.assignments,
            DataSet::Users => self.users,
        }
    }
}

impl Location {
    pub(crate) fn new(
        uid: String,
        organisation: String,
        kind: OrganisationKind,
        state: LocationState,
    ) -> Self {
        Self {
            uid,
            organisation,
            kind,
            state: Counted::new(state),
            recent: Mutex::default(),
            jobs: OnceLock::new(),
            outbox: OnceLock::new(),
        }
    }

    /// Counts a request against a pace of so many per second; false if it is too many.
    pub(crate) fn within_pace(&self, limit: u32, now_ms: i64) -> bool {
        let mut recent = self.recent.lock();
        while recent.front().is_some_and(|time| now_ms - time >= 1000) {
            recent.pop_front();
        }
        let room = u32::try_from(recent.len()).is_ok_and(|count| count < limit);
        if room {
            recent.push_back(now_ms);
        }
        room
    }
}

impl LocationState {
    /// The `versionId` that a data set has now.
    pub(crate) fn version(&self, uid: &str, set: DataSet) -> String {
        version_id(uid, self.writes.run, set, self.writes.of(set))
    }

    /// The writes behind a `versionId`.
    ///
    /// # Errors
    /// 9721 if it was never issued for this data set.
    pub(crate) fn since(&self, uid: &str, set: DataSet, version_id: &str) -> Result<u64, ErrorNumber> {
        writes_of(uid, self.writes.run, set, version_id)
            .filter(|writes| *writes <= self.writes.of(set))
            .ok_or(ErrorNumber(9721))
    }

    /// A device as holder; an unknown serial becomes known, as Apple checks none.
    pub(crate) fn device(&mut self, serial: &Arc<str>) -> Holder {
        let index = match self.serials.get_index_of(serial) {
            Some(index) => index,
            None => self.serials.insert_full(Arc::clone(serial)).0,
        };
        Holder::Device(u32::try_from(index).unwrap_or(u32::MAX))
    }

    /// A device that was named before.
    pub(crate) fn known_device(&self, serial: &str) -> Option<Holder> {
        let index = self.serials.get_index_of(serial)?;
        u32::try_from(index).ok().map(Holder::Device)
    }

    /// Whether the location knows this device or user.
    pub(crate) fn has(&self, holder: Holder) -> bool {
        match holder {
            Holder::Device(index) => self.serial(index).is_some(),
            Holder::User(id) => self.users.get(id).is_some(),
        }
    }

    /// The serial number of a device holder.
    pub(crate) fn serial(&self, index: u32) -> Option<&Arc<str>> {
        self.serials.get_index(usize::try_from(index).ok()?)
    }
}
