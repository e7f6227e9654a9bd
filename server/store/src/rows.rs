//! What queries answer, and the contract's rows made of it. Both databases name their columns so. The small numbers of
//! src/numbers.rs are `smallint` in PostgreSQL, which is read as `i16`.

pub mod accounts;
pub mod assets;
pub mod assignments;
pub mod batches;
pub mod checkin;
pub mod checks;
pub mod devices;
pub mod drift;
pub mod errands;
pub mod graces;
pub mod groups;
pub mod ledger;
pub mod licenses;
pub mod locations;
pub mod moves;
pub mod notifications;
pub mod operations;
pub mod people;
pub mod planning;
pub mod reclaim;
pub mod search;
pub mod tokens;
pub mod users;

use crate::{Result, StoreError, numbers::Number};
use contract::{AppleError, Page};

/// The state behind a stored number.
pub fn number<T: Number>(number: i64) -> Result<T> {
    T::from_number(number).ok_or_else(|| StoreError::broken(format!("no such state: {number}")))
}

/// What a stored name stands for, by the type's own `parse`.
pub fn named<T>(text: &str, parse: impl Fn(&str) -> Option<T>) -> Result<T> {
    parse(text).ok_or_else(|| StoreError::broken(format!("no such name: {text}")))
}

/// Apple's error, in two columns.
pub fn apple_error(number: Option<i64>, message: Option<String>) -> Option<AppleError> {
    let number = u32::try_from(number?).ok()?;
    Some(AppleError {
        number,
        message: message.unwrap_or_default(),
    })
}

/// All rows converted, or the first error.
pub fn all<T, R: TryFrom<T, Error = StoreError>>(records: Vec<T>) -> Result<Vec<R>> {
    records.into_iter().map(R::try_from).collect()
}

/// A page's rows converted.
pub fn page<T, R: TryFrom<T, Error = StoreError>>(page: Page<T>) -> Result<Page<R>> {
    Ok(Page {
        rows: all(page.rows)?,
        next: page.next,
        previous: page.previous,
        total: page.total,
    })
}
