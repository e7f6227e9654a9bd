//! `GET users` (apple-api.md §1.8).

use axum::http::Uri;
use serde::{Deserialize, Serialize};

use super::assignments::between_pages;
use super::reply::Answer;
use super::{Caller, Handled, query};
use crate::wire::{PageHead, UserRow};
use crate::world::{DataSet, UserFilter, id_hash, page_of};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Parameters {
    #[serde(default, deserialize_with = "query::boolean")]
    active_only: Option<bool>,
    #[serde(default, deserialize_with = "query::boolean")]
    retired_only: Option<bool>,
    client_user_id: Option<String>,
    managed_apple_id: Option<String>,
    page_index: Option<i32>,
    since_version_id: Option<String>,
}

#[derive(Serialize)]
struct Body {
    users: Vec<UserRow>,
    #[serde(flatten)]
    head: PageHead,
}

/// A page of users.
pub(super) fn list(caller: &Caller, uri: &Uri) -> Handled {
    let parameters: Parameters = query::read(uri)?;
    let index = query::page_index(parameters.page_index)?;
    let uid = &caller.location.uid;
    let state = caller.location.state.read();
    let since = match parameters.since_version_id.as_deref() {
        Some(id) => Some(state.since(uid, DataSet::Users, id)?),
        None => None,
    };
    let account = parameters
        .managed_apple_id
        .filter(|account| !account.is_empty() && caller.faults.faults.managed_account_filter);
    let found = state.find_users(&UserFilter {
        client_user_id: parameters.client_user_id,
        id_hash: account.as_deref().map(id_hash),
        active_only: parameters.active_only.unwrap_or(false),
        retired_only: parameters.retired_only.unwrap_or(false),
        since,
    });
    let (range, pages) = page_of(found.len(), caller.faults.faults.page_size, index)?;
    let users: Vec<UserRow> = found
        .get(range)
        .unwrap_or_default()
        .iter()
        .map(|user| user.row())
        .collect();
    let next = (index + 1 < pages).then_some(index + 1);
    let head = PageHead {
        current_page_index: index,
        next_page_index: next,
        size: users.len(),
        total_pages: pages,
        version_id: state.version(uid, DataSet::Users),
        envelope: caller.envelope(&state),
    };
    let answer = Answer::json(&Body { users, head });
    drop(found);
    drop(state);
    between_pages(caller, next);
    Ok(answer)
}
