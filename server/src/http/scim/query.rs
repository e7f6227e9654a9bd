//! What a request asks for beside its path: which rows, which attributes, which version.

use super::{
    error::{ScimError, answer},
    filter::{self, Fields},
    names::{LIST, get},
    select::Selection,
};
use axum::{
    extract::{FromRequestParts, Path, Query},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Map, Value, json};
use store::scim::{Filter, Slice};

/// Rows of a list, at most and unless asked otherwise.
pub const MOST: i64 = 1_000;
const USUAL: i64 = 100;

/// Texts, so that what is no number gets an answer of ours.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Asked {
    filter: Option<String>,
    start_index: Option<String>,
    count: Option<String>,
    attributes: Option<String>,
    excluded_attributes: Option<String>,
}

impl<S: Send + Sync> FromRequestParts<S> for Asked {
    type Rejection = ScimError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ScimError> {
        Query::try_from_uri(&parts.uri)
            .map(|Query(asked)| asked)
            .map_err(|error| ScimError::value(error.body_text()))
    }
}

/// The id in the path.
pub struct Id<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Id<T> {
    type Rejection = ScimError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ScimError> {
        // What cannot be an id is nobody's.
        let path = Path::from_request_parts(parts, state).await;
        path.map(|Path(id)| Self(id)).map_err(|_| ScimError::not_found())
    }
}

/// A search by POST (RFC 7644, 3.4.3).
pub fn search(body: &[u8]) -> Result<Asked, ScimError> {
    let body = object(body)?;
    let text = |name: &str| match get(&body, name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(Value::Number(number)) => Ok(Some(number.to_string())),
        Some(Value::Array(names)) => Ok(Some(
            names
                .iter()
                .map(|name| name.as_str().unwrap_or_default())
                .collect::<Vec<_>>()
                .join(","),
        )),
        Some(_) => Err(ScimError::value(format!("{name} is of another type."))),
    };
    Ok(Asked {
        filter: text("filter")?,
        start_index: text("startIndex")?,
        count: text("count")?,
        attributes: text("attributes")?,
        excluded_attributes: text("excludedAttributes")?,
    })
}

impl Asked {
    /// Attributes are named.
    pub fn names_attributes(&self) -> bool {
        self.attributes
            .as_deref()
            .is_some_and(|names| !names.trim().is_empty())
    }

    /// None: all are asked for.
    pub fn filter<F: Fields>(&self) -> Result<Option<Filter<F>>, ScimError> {
        match self.filter.as_deref().filter(|text| !text.trim().is_empty()) {
            Some(text) => filter::resolve(&filter::parse(text)?).map(Some),
            None => Ok(None),
        }
    }

    pub fn selection(&self) -> Result<Selection, ScimError> {
        Selection::new(self.attributes.as_deref(), self.excluded_attributes.as_deref())
    }

    pub fn slice(&self) -> Result<Slice, ScimError> {
        let number = |text: &Option<String>, usual: i64| match text.as_deref().map(str::trim) {
            None | Some("") => Ok(usual),
            Some(text) => text
                .parse::<i64>()
                .map_err(|_| ScimError::value("startIndex and count are numbers.")),
        };
        Ok(Slice {
            skip: number(&self.start_index, 1)?.max(1) - 1,
            take: number(&self.count, USUAL)?.clamp(0, MOST),
        })
    }
}

/// A list's answer.
pub fn list(slice: Slice, total: i64, resources: Vec<Value>) -> Response {
    let body = json!({
        "schemas": [LIST],
        "totalResults": total,
        "startIndex": slice.skip + 1,
        "itemsPerPage": resources.len(),
        "Resources": resources,
    });
    answer(StatusCode::OK, &body)
}

/// A body that is a JSON object.
pub fn object(body: &[u8]) -> Result<Map<String, Value>, ScimError> {
    match serde_json::from_slice(body) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(ScimError::syntax("The body is no JSON object.")),
        Err(error) => Err(ScimError::syntax(format!("The body is no JSON: {error}"))),
    }
}

/// A version as an ETag.
pub fn etag(version: i64) -> String {
    format!("W/\"{version}\"")
}

fn names_version(headers: &HeaderMap, name: HeaderName, version: i64) -> Option<bool> {
    let mut values = headers.get_all(name).iter().peekable();
    values.peek()?;
    let tag = etag(version);
    let strong = tag.trim_start_matches("W/");
    Some(
        values
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .map(str::trim)
            .any(|given| given == "*" || given.trim_start_matches("W/") == strong),
    )
}

/// The version that must still be there when writing; an error if it is not even now.
pub fn expected(headers: &HeaderMap, version: i64) -> Result<Option<i64>, ScimError> {
    match names_version(headers, header::IF_MATCH, version) {
        None => Ok(None),
        Some(true) => Ok(Some(version)),
        Some(false) => Err(ScimError::changed()),
    }
}

/// The resource, or that it is what the client has already.
pub fn resource(
    headers: &HeaderMap,
    status: StatusCode,
    version: i64,
    location: &str,
    body: &Value,
) -> Response {
    let mut response =
        if status == StatusCode::OK && names_version(headers, header::IF_NONE_MATCH, version) == Some(true) {
            StatusCode::NOT_MODIFIED.into_response()
        } else {
            answer(status, body)
        };
    head(&mut response, version, location);
    response
}

/// It is done; the resource as it is now has this version.
pub fn done(version: i64, location: &str) -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    head(&mut response, version, location);
    response
}

fn head(response: &mut Response, version: i64, location: &str) {
    for (name, value) in [
        (header::ETAG, etag(version)),
        (header::LOCATION, location.to_owned()),
    ] {
        if let Ok(value) = HeaderValue::from_str(&value) {
            response.headers_mut().insert(name, value);
        }
    }
}

/// A moment as SCIM writes it.
pub fn moment(at: i64) -> String {
    jiff::Timestamp::from_millisecond(at)
        .unwrap_or_default()
        .to_string()
}
