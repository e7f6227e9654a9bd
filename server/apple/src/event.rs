//! Events: asynchronous jobs at Apple, and how far they are.
//! <https://developer.apple.com/documentation/devicemanagement/statusresponse>

use compact_str::CompactString;
use secrecy::SecretString;
use serde::Deserialize;

use crate::fault::{ErrorInfo, Explanation, explain};
use crate::ids::EventId;
use crate::reply::{Head, Missing, Reply, WireErrorInfo};
use crate::words::{EventState, EventType};
use crate::{lenient, message};

/// How far an event is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventStatus {
    /// Pending, complete or failed; *failed* also covers success in part.
    pub state: EventState,
    /// What the event does.
    pub event_type: Option<EventType>,
    /// Tasks that succeeded.
    pub completed: u32,
    /// Tasks in all: assets times holders, or users.
    pub requested: u32,
    /// What went wrong, one entry per kind of error.
    pub failures: Vec<EventFailure>,
}

impl EventStatus {
    /// Whether every task succeeded; `Complete` alone does not say so.
    pub fn is_success(&self) -> bool {
        self.state == EventState::Complete && self.completed == self.requested && self.failures.is_empty()
    }

    /// The same with messages that may be passed on, without the secrets.
    pub(crate) fn passed_on(mut self, secrets: &[&SecretString]) -> Self {
        let failures = self.failures.into_iter();
        self.failures = failures.map(|failure| failure.passed_on(secrets)).collect();
        self
    }

    /// Whether Apple is done with it, well or not.
    pub fn is_over(&self) -> bool {
        matches!(self.state, EventState::Complete | EventState::Failed)
    }
}

/// One error of an event, with those it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventFailure {
    /// Apple's `errorNumber`.
    pub number: Option<u32>,
    /// Apple's words.
    pub message: String,
    /// What the error is about.
    pub info: ErrorInfo,
}

impl EventFailure {
    /// The same with a message that may be passed on, without the secrets.
    pub(crate) fn passed_on(self, secrets: &[&SecretString]) -> Self {
        Self {
            message: message::passed_on(&self.message, secrets),
            ..self
        }
    }

    /// Cause and remedy in plain words, when the number is known.
    pub fn explanation(&self) -> Option<&'static Explanation> {
        self.number.and_then(explain)
    }
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct WireEvent {
    #[serde(deserialize_with = "lenient::text")]
    event_id: Option<CompactString>,
    #[serde(flatten)]
    head: Head,
}

impl Reply for WireEvent {
    type Body = EventId;

    fn open(self) -> (Head, Result<EventId, Missing>) {
        (
            self.head,
            self.event_id.map(EventId::from_apple).ok_or(Missing("eventId")),
        )
    }
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct WireEventStatus {
    #[serde(deserialize_with = "lenient::string")]
    event_status: Option<String>,
    #[serde(deserialize_with = "lenient::string")]
    event_type: Option<String>,
    #[serde(deserialize_with = "lenient::count")]
    num_completed: Option<u32>,
    #[serde(deserialize_with = "lenient::count")]
    num_requested: Option<u32>,
    #[serde(deserialize_with = "lenient::list")]
    failures: Vec<WireFailure>,
    #[serde(flatten)]
    head: Head,
}

/// An error of an event, in its status or in a notification.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct WireFailure {
    #[serde(deserialize_with = "lenient::error_number")]
    error_number: Option<u32>,
    #[serde(deserialize_with = "lenient::string")]
    error_message: Option<String>,
    #[serde(deserialize_with = "lenient::object")]
    error_info: Option<WireErrorInfo>,
}

/// With Apple's words as they are: [`EventFailure::passed_on`] comes before anybody sees them.
impl From<WireFailure> for EventFailure {
    fn from(wire: WireFailure) -> Self {
        Self {
            number: wire.error_number,
            message: wire.error_message.unwrap_or_default(),
            info: wire.error_info.map(ErrorInfo::from).unwrap_or_default(),
        }
    }
}

impl Reply for WireEventStatus {
    type Body = EventStatus;

    fn open(self) -> (Head, Result<EventStatus, Missing>) {
        let Some(state) = self.event_status else {
            return (self.head, Err(Missing("eventStatus")));
        };
        let status = EventStatus {
            state: EventState::from(state.as_str()),
            event_type: self.event_type.as_deref().map(EventType::from),
            completed: self.num_completed.unwrap_or(0),
            requested: self.num_requested.unwrap_or(0),
            failures: self.failures.into_iter().map(EventFailure::from).collect(),
        };
        (self.head, Ok(status))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::ClientUserId;

    fn read(json: &str) -> EventStatus {
        serde_json::from_str::<WireEventStatus>(json)
            .expect("a reply")
            .open()
            .1
            .expect("a status")
    }

    #[test]
    fn a_partial_failure_names_whom_it_is_about() {
        let status = read(
            r#"{"eventStatus":"FAILED","eventType":"ASSOCIATE","numCompleted":14,"numRequested":"16",
                "failures":[{"errorNumber":9609,"errorMessage":"Registered user not found",
                             "errorInfo":{"clientUserIds":["client-4"],"assets":null}}]}"#,
        );
        assert_eq!((status.completed, status.requested), (14, 16));
        assert!(status.is_over() && !status.is_success());
        let failure = status.failures.first().expect("one failure");
        assert_eq!(
            failure.info.client_user_ids,
            [ClientUserId::new("client-4").expect("an id")]
        );
        assert!(failure.explanation().is_some_and(|known| known.asynchronous));
    }

    #[test]
    fn only_complete_with_all_tasks_done_and_no_failure_is_success() {
        assert!(read(r#"{"eventStatus":"COMPLETE","numCompleted":1,"numRequested":1}"#).is_success());
        assert!(!read(r#"{"eventStatus":"COMPLETE","numCompleted":1,"numRequested":2}"#).is_success());
        assert!(
            !read(r#"{"eventStatus":"COMPLETE","numCompleted":1,"numRequested":1,"failures":[{}]}"#)
                .is_success()
        );
        assert!(!read(r#"{"eventStatus":"PENDING","numCompleted":1,"numRequested":1}"#).is_over());
        assert!(!read(r#"{"eventStatus":"PAUSED"}"#).is_over());
    }
}
