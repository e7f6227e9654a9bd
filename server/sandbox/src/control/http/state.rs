//! The state of a location, its assignments written asset by asset: a million are never in memory as rows at once.

use std::convert::Infallible;

use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use futures::stream;
use serde::Deserialize;
use serde_json::json;

use super::order::Order;
use crate::control::state::{assignments_of, sorted_keys};
use crate::control::{Control, ControlError};

#[derive(Deserialize)]
pub(super) struct Choice {
    assignments: Option<bool>,
    events: Option<bool>,
}

/// `GET /control/locations/{uid}/state`: everything, without the rows of `assignments` or `events` if one says `false`.
pub(super) async fn stream(
    State(control): State<Control>,
    Path(uid): Path<String>,
    Order(Query(choice)): Order<Query<Choice>>,
) -> Result<Response, ControlError> {
    let location = control.location(&uid)?;
    let events = if choice.events == Some(false) {
        Vec::new()
    } else {
        control.events(&uid)?
    };
    let mut head = json!({
        "location": control.summary(&uid)?,
        "notifications": control.notifications(&uid)?,
        "tokens": control.tokens(&uid)?,
        "assets": control.assets(&uid)?,
        "users": control.users(&uid)?,
        "events": events,
    })
    .to_string();
    // The object stays open for one more member.
    head.pop();
    head.push_str(",\"assignments\":[");
    let keys = if choice.assignments == Some(false) {
        Vec::new()
    } else {
        sorted_keys(&location)
    };
    let mut first = true;
    let parts = keys.into_iter().filter_map(move |key| {
        let rows = serde_json::to_string(&assignments_of(&location, &key)).unwrap_or_default();
        let rows = rows.trim_start_matches('[').trim_end_matches(']').to_owned();
        let comma = if rows.is_empty() || std::mem::take(&mut first) {
            ""
        } else {
            ","
        };
        (!rows.is_empty()).then(|| format!("{comma}{rows}"))
    });
    let whole = std::iter::once(head)
        .chain(parts)
        .chain(std::iter::once("]}".to_owned()));
    let body = Body::from_stream(stream::iter(whole.map(Ok::<_, Infallible>)));
    Ok(([(CONTENT_TYPE, "application/json")], body).into_response())
}
