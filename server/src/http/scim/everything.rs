//! `/.search`: users and groups at once (RFC 7644, 3.4.3), users first.

use super::{error::ScimError, groups, query, users};
use crate::{http::Web, portal::directory::Directory};
use axum::{Extension, body::Bytes, extract::State, response::Response};
use store::scim::Slice;

pub async fn search(
    State(web): State<Web>,
    Extension(directory): Extension<Directory>,
    body: Bytes,
) -> Result<Response, ScimError> {
    let asked = query::search(&body)?;
    let slice = asked.slice()?;
    let users = users::part(&web, &directory, &asked, slice).await;
    let (before, shown) = users
        .as_ref()
        .map_or((0, 0), |(total, rows)| (*total, rows.len()));
    let rest = Slice {
        skip: (slice.skip - before).max(0),
        take: slice.take - i64::try_from(shown).unwrap_or(slice.take),
    };
    let groups = groups::part(&web, &directory, &asked, rest).await;
    let (total, resources) = match (users, groups) {
        (Ok((some, mut users)), Ok((more, groups))) => {
            users.extend(groups);
            (some + more, users)
        }
        // What asks for an attribute of one kind finds none of the other.
        (Ok(found), Err(error)) | (Err(error), Ok(found)) if error.is_of_filter() => found,
        (Err(error), _) | (_, Err(error)) => return Err(error),
    };
    Ok(query::list(slice, total, resources))
}
