//! What can go wrong at Apple, and what it means for the caller: try again, wait, replace the token, or
//! stop. <https://developer.apple.com/documentation/devicemanagement/handling-error-responses>

mod requests;
mod services;
mod table;

use std::fmt;
use std::time::Duration;

use crate::ids::{AssetId, ClientUserId, IdFault, Serial};

pub use table::{Explanation, explain, explanations};

/// Apple's error numbers that callers act on one by one.
pub mod number {
    /// An argument is not what it should be.
    pub const INVALID_ARGUMENT: u32 = 9602;
    /// No registered user has the `clientUserId`.
    pub const UNKNOWN_USER: u32 = 9609;
    /// The holder has the licence already: as version 1 of the API said it.
    pub const ALREADY_ASSIGNED: u32 = 9616;
    /// The holder has no such licence: as version 1 of the API said it.
    pub const NOT_ASSIGNED: u32 = 9619;
    /// Too many requests.
    pub const TOO_MANY_REQUESTS: u32 = 9646;
    /// The page asked for does not exist (any more).
    pub const PAGE_OUT_OF_RANGE: u32 = 9650;
    /// Apple does not know the event.
    pub const UNKNOWN_EVENT: u32 = 9708;
    /// The pool has too few licences.
    pub const SHORTAGE: u32 = 9709;
    /// An active user with this `clientUserId` exists already.
    pub const USER_EXISTS: u32 = 9716;
    /// The version id for a delta is not (or no longer) known.
    pub const VERSION_INVALID: u32 = 9721;
    /// Apple could not deliver the trial notification.
    pub const NOTIFICATION_UNREACHABLE: u32 = 9728;
}

/// What a caller should do about a [`Fault`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FaultKind {
    /// A passing failure at Apple: the same request may succeed soon.
    Retry,
    /// Apple asks for patience (too many requests, maintenance): wait, at least `retry_after` when given.
    Wait,
    /// The token is expired, revoked or not a token: nothing works until it is replaced.
    Token,
    /// The token is in order but may not do this; reading may still work.
    Forbidden,
    /// Somebody else manages the location: stop writing.
    Ownership,
    /// The request as such is wrong and will never succeed unchanged.
    Argument,
    /// The pool has too few licences.
    Shortage,
    /// Apple was not reached, or the connection broke.
    Unreachable,
    /// The answer is about another location than the one that was asked for: neither believe it nor write.
    Elsewhere,
    /// The answer is not what this crate understands or may accept: other host, redirect, too large, not JSON.
    Protocol,
}

impl FaultKind {
    /// Whether the same request may succeed later without anybody doing anything.
    pub fn is_temporary(self) -> bool {
        matches!(self, FaultKind::Retry | FaultKind::Wait | FaultKind::Unreachable)
    }
}

/// Whether Apple may have acted on a request that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// Nothing was done: Apple refused it ("synchronous failures result in no asynchronous processing"),
    /// it never left, or it only reads.
    NotProcessed,
    /// It may have been done: the connection broke after the request may have left, or the answer says
    /// nothing. Look at the state before sending again.
    Unknown,
}

/// What an Apple error is about; only the lists that matter are filled.
/// <https://developer.apple.com/documentation/devicemanagement/errorresponse>
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ErrorInfo {
    /// Assets the error is about.
    pub assets: Vec<AssetId>,
    /// Users the error is about.
    pub client_user_ids: Vec<ClientUserId>,
    /// Devices the error is about.
    pub serials: Vec<Serial>,
}

/// A failed call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// What to do about it.
    pub kind: FaultKind,
    /// Apple's `errorNumber`; see [`explain`]. A request refused here before it was sent carries the number
    /// Apple would have given, and no `http_status`.
    pub number: Option<u32>,
    /// Apple's words, or this crate's where Apple said nothing. Never holds a secret.
    pub message: String,
    /// The HTTP status of the answer, if one came.
    pub http_status: Option<u16>,
    /// How long Apple asks to wait.
    pub retry_after: Option<Duration>,
    /// What the error is about.
    pub info: Box<ErrorInfo>,
    /// Whether Apple may have acted.
    pub outcome: Outcome,
}

impl Fault {
    /// A fault found without Apple's help; nothing was processed.
    pub(crate) fn local(kind: FaultKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            number: None,
            message: message.into(),
            http_status: None,
            retry_after: None,
            info: Box::default(),
            outcome: Outcome::NotProcessed,
        }
    }

    /// A request refused before it was sent, for the reason Apple would refuse it with `number`.
    pub(crate) fn argument(number: u32, message: impl Into<String>) -> Self {
        Self {
            number: Some(number),
            ..Self::local(FaultKind::Argument, message)
        }
    }

    /// An answer that cannot be understood or accepted.
    pub(crate) fn protocol(message: impl Into<String>) -> Self {
        Self::local(FaultKind::Protocol, message)
    }

    /// What is left of a pause that Apple asked for with an earlier answer, if that is why nothing was sent.
    pub fn held(&self) -> Option<Duration> {
        self.retry_after
            .filter(|_| self.kind == FaultKind::Wait && self.http_status.is_none())
    }

    /// Cause and remedy in plain words, when Apple gave a number this crate knows.
    pub fn explanation(&self) -> Option<&'static Explanation> {
        self.number.and_then(explain)
    }
}

/// An identifier that cannot be one is an argument Apple would refuse; nothing was sent.
impl From<IdFault> for Fault {
    fn from(fault: IdFault) -> Self {
        Self::argument(number::INVALID_ARGUMENT, fault.to_string())
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(number) = self.number {
            write!(formatter, "{number}: ")?;
        }
        formatter.write_str(&self.message)?;
        if let Some(status) = self.http_status {
            write!(formatter, " (HTTP {status})")?;
        }
        Ok(())
    }
}

impl std::error::Error for Fault {}

/// The kind of an error: by its number when it is known, else by the HTTP status it came with. A new number inside of a
/// success is Apple's word against the request.
pub(crate) fn kind_of(number: Option<u32>, http_status: u16) -> FaultKind {
    match (number.and_then(explain), number, http_status) {
        (Some(explanation), ..) => explanation.kind,
        (None, Some(_), 200..=299) => FaultKind::Argument,
        (None, _, status) => kind_of_status(status),
    }
}

/// What some gateways answer in place of the server when they give up waiting for it; no standard has it.
const CLIENT_CLOSED_REQUEST: u16 = 499;

/// Whether Apple may have acted on a request that was answered with this status and without an error number: who says so
/// may stand between, with the request passed on. With 425 it says that it did not pass it on.
pub(crate) fn leaves_open(http_status: u16) -> bool {
    matches!(http_status, 408 | CLIENT_CLOSED_REQUEST | 500..=599)
}

fn kind_of_status(http_status: u16) -> FaultKind {
    match http_status {
        401 => FaultKind::Token,
        403 => FaultKind::Forbidden,
        408 | 425 | CLIENT_CLOSED_REQUEST => FaultKind::Retry,
        429 | 503 => FaultKind::Wait,
        404 | 405 | 410 | 415 => FaultKind::Protocol,
        400..=499 => FaultKind::Argument,
        500..=599 => FaultKind::Retry,
        _ => FaultKind::Protocol,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_number_is_judged_by_the_status() {
        for (status, kind) in [
            (302, FaultKind::Protocol),
            (400, FaultKind::Argument),
            (401, FaultKind::Token),
            (403, FaultKind::Forbidden),
            (404, FaultKind::Protocol),
            (408, FaultKind::Retry),
            (425, FaultKind::Retry),
            (499, FaultKind::Retry),
            (429, FaultKind::Wait),
            (500, FaultKind::Retry),
            (503, FaultKind::Wait),
        ] {
            assert_eq!(kind_of(Some(9999), status), kind, "{status}");
            assert_eq!(kind_of(None, status), kind, "{status}");
        }
        assert_eq!(kind_of(Some(9999), 200), FaultKind::Argument);
        assert_eq!(kind_of(None, 200), FaultKind::Protocol);
    }

    #[test]
    fn a_known_number_weighs_more_than_the_status() {
        assert_eq!(kind_of(Some(9622), 200), FaultKind::Token);
        assert_eq!(kind_of(Some(9625), 500), FaultKind::Token);
    }

    #[test]
    fn a_fault_reads_as_number_words_and_status() {
        let fault = Fault {
            number: Some(9625),
            http_status: Some(401),
            ..Fault::local(FaultKind::Token, "The server has revoked the sToken.")
        };
        assert_eq!(
            fault.to_string(),
            "9625: The server has revoked the sToken. (HTTP 401)"
        );
        assert_eq!(Fault::protocol("not JSON").to_string(), "not JSON");
    }
}
