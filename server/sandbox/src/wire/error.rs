//! Apple's error numbers with their HTTP status and message.
//! Source: apple-api.md §1.11 (the service/config example and the tables of "Handling error responses").

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};

/// An error of App and Book Management v2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ErrorNumber(pub i32);

/// Number, HTTP status, message, and whether `service/config` lists it.
type Row = (i32, u16, &'static str, bool);

/// In the order of Apple's table.
const TABLE: &[Row] = &[
    (9601, 401, "Login required.", true),
    (9602, 400, "Invalid argument.", true),
    (9603, 500, "Internal error.", true),
    (9609, 400, "Unable to find the registered user.", true),
    (9616, 400, "License already assigned", false),
    (9619, 400, "License not associated", false),
    (
        9621,
        401,
        "The token has expired. You need to generate a new token online using your organization's account at either school.apple.com or business.apple.com.",
        true,
    ),
    (9622, 401, "Invalid authentication token", false),
    (
        9623,
        400,
        "The provided Apple Push Notification token is invalid.",
        false,
    ),
    (9625, 401, "The server has revoked the sToken.", true),
    (9634, 410, "Service removed.", true),
    (
        9635,
        400,
        "Unable to associate the Apple Account with this user.",
        false,
    ),
    (
        9637,
        403,
        "This operation isn't allowed for facilitator accounts.",
        false,
    ),
    (
        9641,
        400,
        "The Apple Account is already associated with another user.",
        false,
    ),
    (
        9644,
        503,
        "The service is in maintenance mode. Try again later.",
        false,
    ),
    (
        9646,
        429,
        "There are too many recent requests. Try again momentarily.",
        true,
    ),
    (
        9647,
        403,
        "This operation isn't supported for legacy tokens.",
        false,
    ),
    (
        9650,
        400,
        "The provided page index must be greater than 0, and less than the total number of pages.",
        true,
    ),
    (
        9700,
        400,
        "Max assets limit on request has been passed, please stay within given limit.",
        true,
    ),
    (
        9701,
        400,
        "Max clientUserIds limit on request has been passed, please stay within given limit.",
        true,
    ),
    (
        9702,
        400,
        "Max serialNumbers limit on request has been passed, please stay within given limit.",
        true,
    ),
    (
        9703,
        400,
        "Duplicate assets found in request, please send unique assets.",
        true,
    ),
    (
        9704,
        400,
        "Duplicate clientUserIds found in request, please send unique clients.",
        true,
    ),
    (
        9705,
        400,
        "Duplicate serialNumbers found in request, please send unique serials.",
        true,
    ),
    (
        9706,
        400,
        "Asset in request is not revocable, please send revocable assets.",
        true,
    ),
    (
        9707,
        400,
        "Asset in request is not device assignable, please send device assignable assets.",
        true,
    ),
    (9708, 400, "EventId could not be found.", true),
    (
        9709,
        400,
        "There are not enough licenses for this app or book available to assign to the selected group.",
        true,
    ),
    (
        9710,
        400,
        "Both the notification URL and the authentication token are necessary.",
        true,
    ),
    (
        9711,
        400,
        "Either the notification URL or the authentication token exceeds its maximum length. Change the request to stay within the specified limit.",
        true,
    ),
    (
        9712,
        400,
        "The provided notification URL must be a valid URL and use HTTPS as the protocol.",
        true,
    ),
    (
        9713,
        400,
        "The MDM metadata exceeds the maximum length. Change the request to stay within the specified limit.",
        true,
    ),
    (
        9714,
        400,
        "The number of users exceeds the maximum. Change the request to stay within the specified limit.",
        true,
    ),
    (
        9715,
        400,
        "This request contains duplicate users. Change the request to send unique users.",
        true,
    ),
    (
        9716,
        400,
        "A registered user already exists with the specified clientUserId.",
        true,
    ),
    (
        9717,
        400,
        "This request contains an invalid email address. Change the request to send valid email addresses.",
        true,
    ),
    (
        9718,
        400,
        "This request doesn't contain an asset, which is a required argument. Change the request to provide an asset.",
        true,
    ),
    (
        9719,
        400,
        "Either clientUserIds or serialNumbers are required arguments. Change the request to provide assignable users and devices.",
        true,
    ),
    (
        9720,
        400,
        "Users are a required argument. Change the request to provide a user.",
        true,
    ),
    (
        9721,
        400,
        "This request contains an invalid version ID. Change the request to send the version ID from the read APIs.",
        true,
    ),
    (
        9722,
        401,
        "This request contains an invalid authorization header. Change the request to send an authorization header that matches the format 'Bearer {sToken}'.",
        true,
    ),
    (
        9723,
        400,
        "You must provide an MDM name, ID, and metadata when setting the MDM information.",
        true,
    ),
    (
        9724,
        400,
        "The MDM ID exceeds the maximum length. Change the request to stay within the specified limit.",
        true,
    ),
    (
        9725,
        400,
        "The MDM name exceeds the maximum length. Change the request to stay within the specified limit.",
        true,
    ),
    (
        9726,
        405,
        "This request contains an unsupported HTTP method for the requested endpoint.",
        true,
    ),
    (
        9727,
        415,
        "This request contains an unsupported Content-Type for the requested endpoint.",
        true,
    ),
    (9728, 400, "The provided notification URL is unreachable.", true),
    (
        9729,
        503,
        "The service is temporarily unavailable. Try again later.",
        false,
    ),
];

impl ErrorNumber {
    fn row(self) -> Option<&'static Row> {
        TABLE.iter().find(|row| row.0 == self.0)
    }

    /// The HTTP status of a synchronous answer with this error.
    pub fn status(self) -> u16 {
        self.row().map_or(400, |row| row.1)
    }

    /// Apple's message.
    pub fn message(self) -> &'static str {
        self.row().map_or("Internal error.", |row| row.2)
    }

    /// Whether the token itself is the cause; then real answers may carry status 200.
    pub fn is_token_error(self) -> bool {
        matches!(self.0, 9621 | 9622 | 9625)
    }
}

/// The number and what it means, for people.
impl fmt::Display for ErrorNumber {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.0, self.message())
    }
}

/// What `service/config` lists under `errorCodes`.
pub(crate) fn listed() -> Vec<ErrorResponse> {
    let numbers = TABLE.iter().filter(|row| row.3).map(|row| ErrorNumber(row.0));
    numbers.map(ErrorResponse::from).collect()
}

/// Apple's `ErrorResponse`, also an element of `failures` in an event's status.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ErrorResponse {
    /// Whom or what the error concerns.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_info: Option<ErrorInfo>,
    /// Apple's message.
    pub error_message: &'static str,
    /// Apple's number.
    pub error_number: i32,
}

impl From<ErrorNumber> for ErrorResponse {
    fn from(number: ErrorNumber) -> Self {
        Self {
            error_info: None,
            error_message: number.message(),
            error_number: number.0,
        }
    }
}

/// An error as it is read back: the number tells the message.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Numbered {
    error_info: Option<ErrorInfo>,
    error_number: i32,
}

impl<'de> Deserialize<'de> for ErrorResponse {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let error = Numbered::deserialize(deserializer)?;
        Ok(Self {
            error_info: error.error_info,
            ..ErrorNumber(error.error_number).into()
        })
    }
}

/// Only the lists that matter are present.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ErrorInfo {
    /// The assets concerned.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub assets: Vec<crate::world::AssetKey>,
    /// The users concerned.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub client_user_ids: Vec<std::sync::Arc<str>>,
    /// The devices concerned.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub serial_numbers: Vec<std::sync::Arc<str>>,
}
