//! Refusals as SCIM tells them (RFC 7644, 3.12).

use super::names::ERROR;
use app::i18n::{cause, field_words};
use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use contract::{Code, Fault};
use serde_json::{Value, json};

pub const CONTENT_TYPE: &str = "application/scim+json";

#[derive(Debug, PartialEq, Eq)]
pub struct ScimError {
    status: StatusCode,
    /// RFC 7644, table 9.
    kind: Option<&'static str>,
    detail: String,
}

impl ScimError {
    fn bad(kind: &'static str, detail: impl Into<String>) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            kind: Some(kind),
            detail: detail.into(),
        }
    }

    pub fn filter(detail: impl Into<String>) -> Self {
        Self::bad("invalidFilter", detail)
    }

    pub fn is_of_filter(&self) -> bool {
        self.kind == Some("invalidFilter")
    }

    pub fn path(detail: impl Into<String>) -> Self {
        Self::bad("invalidPath", detail)
    }

    pub fn value(detail: impl Into<String>) -> Self {
        Self::bad("invalidValue", detail)
    }

    pub fn syntax(detail: impl Into<String>) -> Self {
        Self::bad("invalidSyntax", detail)
    }

    pub fn target(detail: impl Into<String>) -> Self {
        Self::bad("noTarget", detail)
    }

    pub fn mutability(detail: impl Into<String>) -> Self {
        Self::bad("mutability", detail)
    }

    fn plain(status: StatusCode, detail: &str) -> Self {
        Self {
            status,
            kind: None,
            detail: detail.to_owned(),
        }
    }

    pub fn not_found() -> Self {
        Self::plain(StatusCode::NOT_FOUND, "There is no such resource.")
    }

    pub fn method() -> Self {
        Self::plain(
            StatusCode::METHOD_NOT_ALLOWED,
            "This resource has no such operation.",
        )
    }

    pub fn token() -> Self {
        Self::plain(
            StatusCode::UNAUTHORIZED,
            "A bearer token made in Pomona's settings is needed.",
        )
    }

    /// The name is that of something that SCIM does not show.
    pub fn hidden_name() -> Self {
        Self {
            status: StatusCode::CONFLICT,
            kind: Some("uniqueness"),
            detail: "A group of devices or a group by rule in Pomona has this displayName.".to_owned(),
        }
    }

    pub fn changed() -> Self {
        Self::plain(
            StatusCode::PRECONDITION_FAILED,
            "The resource has changed: its version is not the one of If-Match.",
        )
    }
}

impl From<Fault> for ScimError {
    fn from(fault: Fault) -> Self {
        let taken = |what: &str| Self {
            status: StatusCode::CONFLICT,
            kind: Some("uniqueness"),
            detail: format!("This {what} is taken."),
        };
        match fault.code {
            Code::UserNameTaken => taken("userName"),
            Code::NameTaken => taken("displayName"),
            Code::NotFound => Self::not_found(),
            Code::ChangedMeanwhile => Self::changed(),
            Code::GroupInUse => Self::plain(
                StatusCode::CONFLICT,
                &format!(
                    "Apps are assigned to this group: {}. Remove those assignments in Pomona first.",
                    fault.with.get("apps").map_or("", String::as_str)
                ),
            ),
            Code::GroupCycle => {
                Self::value("A group cannot be inside of itself, nor of a group inside of it.")
            }
            Code::SignInNeeded => Self::token(),
            Code::FieldsInvalid => {
                let fields: Vec<_> = fault
                    .fields
                    .iter()
                    .map(|field| {
                        let words = field_words(field.code);
                        format!("{}: {words} ({})", attribute(&field.field), field.code.as_str())
                    })
                    .collect();
                Self::value(fields.join(" "))
            }
            code => Self {
                status: StatusCode::from_u16(code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
                kind: None,
                detail: format!("{} ({})", cause(&fault), code.as_str()),
            },
        }
    }
}

/// What SCIM calls a field of a form.
fn attribute(field: &str) -> &str {
    match field {
        "user_name" => "userName",
        "name" => "displayName",
        "email" => "emails.value",
        "managed_apple_account" => "managedAppleAccount",
        other => other,
    }
}

impl IntoResponse for ScimError {
    fn into_response(self) -> Response {
        let mut body = json!({
            "schemas": [ERROR],
            "status": self.status.as_str(),
            "detail": self.detail,
        });
        if let (Some(kind), Some(body)) = (self.kind, body.as_object_mut()) {
            body.insert("scimType".to_owned(), kind.into());
        }
        let mut response = answer(self.status, &body);
        if self.status == StatusCode::UNAUTHORIZED {
            let scheme = HeaderValue::from_static("Bearer realm=\"Pomona\"");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, scheme);
        }
        response
    }
}

pub fn answer(status: StatusCode, body: &Value) -> Response {
    (status, [(header::CONTENT_TYPE, CONTENT_TYPE)], body.to_string()).into_response()
}
