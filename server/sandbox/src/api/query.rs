//! Query strings. What cannot be read is an invalid argument (9602).

use axum::extract::Query;
use axum::http::Uri;
use serde::de::{DeserializeOwned, Error};
use serde::{Deserialize, Deserializer};

use super::reply::Refusal;
use crate::wire::ErrorNumber;

/// Reads the query; parameters that the endpoint does not know are ignored.
pub(super) fn read<T: DeserializeOwned>(uri: &Uri) -> Result<T, Refusal> {
    match Query::try_from_uri(uri) {
        Ok(Query(query)) => Ok(query),
        Err(_) => Err(ErrorNumber(9602).into()),
    }
}

/// `true` or `false` in any case, as clients write them.
pub(super) fn boolean<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<bool>, D::Error> {
    let text = String::deserialize(deserializer)?.to_ascii_lowercase();
    text.parse().map(Some).map_err(D::Error::custom)
}

/// The page asked for; negative ones are out of range (9650).
pub(super) fn page_index(index: Option<i32>) -> Result<usize, Refusal> {
    usize::try_from(index.unwrap_or(0)).map_err(|_| ErrorNumber(9650).into())
}
