//! `GET assignments` (apple-api.md §1.6).

use std::sync::Arc;

use axum::http::Uri;
use serde::{Deserialize, Serialize};

use super::reply::Answer;
use super::{Caller, Handled, query};
use crate::faults::{PageWrite, Repeated};
use crate::wire::{AssignmentRow, PageHead, PricingParam};
use crate::world::{AssetId, AssignmentFilter, DataSet, Holder, LocationState, page_of};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Parameters {
    adam_id: Option<String>,
    client_user_id: Option<String>,
    serial_number: Option<String>,
    pricing_param: Option<PricingParam>,
    page_index: Option<i32>,
    since_version_id: Option<String>,
    #[serde(default, deserialize_with = "query::boolean")]
    exclude_inactive_users: Option<bool>,
    #[serde(default, deserialize_with = "query::boolean")]
    include_user_state: Option<bool>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    assignments: Vec<AssignmentRow<'a>>,
    #[serde(flatten)]
    head: PageHead,
}

/// A page of assignments.
pub(super) fn list(caller: &Caller, uri: &Uri) -> Handled {
    let parameters: Parameters = query::read(uri)?;
    let index = query::page_index(parameters.page_index)?;
    let uid = &caller.location.uid;
    let state = caller.location.state.read();
    let since = match parameters.since_version_id.as_deref() {
        Some(id) => Some(state.since(uid, DataSet::Assignments, id)?),
        None => None,
    };
    let filter = AssignmentFilter {
        adam_id: parameters.adam_id,
        pricing: parameters.pricing_param,
        client_user_id: parameters.client_user_id,
        serial_number: parameters.serial_number,
        active_users_only: parameters.exclude_inactive_users.unwrap_or(false),
        since,
    };
    let found = state.find_assignments(&filter)?;
    let (range, pages) = page_of(found.len(), caller.faults.faults.page_size, index)?;
    let pairs = found.range(range);
    let with_user = parameters.include_user_state.unwrap_or(false);
    let next = (index + 1 < pages).then_some(index + 1);
    let head = PageHead {
        current_page_index: index,
        next_page_index: next,
        size: pairs.len(),
        total_pages: pages,
        version_id: state.version(uid, DataSet::Assignments),
        envelope: caller.envelope(&state),
    };
    let rows = pairs
        .iter()
        .filter_map(|(id, holder)| row(&state, *id, *holder, with_user));
    let answer = Answer::json(&Body {
        assignments: rows.collect(),
        head,
    });
    drop(found);
    drop(state);
    between_pages(caller, next);
    Ok(answer)
}

fn row(state: &LocationState, id: AssetId, holder: Holder, with_user: bool) -> Option<AssignmentRow<'_>> {
    let asset = state.assets.get(id)?;
    let mut row = AssignmentRow {
        adam_id: &asset.key.adam_id,
        client_user_id: None,
        id_hash: None,
        pricing_param: asset.key.pricing_param,
        serial_number: None,
        user_status: None,
    };
    match holder {
        Holder::Device(index) => row.serial_number = Some(state.serial(index)?),
        Holder::User(id) => {
            let user = state.users.get(id)?;
            row.client_user_id = Some(&user.client_user_id);
            if with_user {
                row.user_status = Some(user.status);
                row.id_hash = user.id_hash.as_deref();
            }
        }
    }
    Some(row)
}

/// The serial of the device that gets and loses a licence between pages.
const FOREIGN_SERIAL: &str = "FRGN0PAGE001";

/// Writes after a page that is not the last, if so ordered.
pub(super) fn between_pages(caller: &Caller, next: Option<usize>) {
    if next.is_none() {
        return;
    }
    let write = caller.faults.page_write();
    if write == PageWrite::None {
        return;
    }
    let mut state = caller.location.state.write();
    state.touch_assignments();
    state.writes.users += 1;
    if write == PageWrite::Assignment {
        let foreign = state.device(&Arc::from(FOREIGN_SERIAL));
        let usable = |asset: &crate::world::Asset| {
            asset.device_assignable
                && asset.revocable
                && (asset.holders.contains(foreign) || asset.available() > 0)
        };
        let target = state.assets.numbered().find(|(_, asset)| usable(asset));
        let Some((id, held)) = target.map(|(id, asset)| (id, asset.holders.contains(foreign))) else {
            return;
        };
        let done = if held {
            state.release(id, foreign, Repeated::NoOp)
        } else {
            state.assign(id, foreign, Repeated::NoOp)
        };
        tracing::debug!(?done, "wrote between two pages");
    }
}
