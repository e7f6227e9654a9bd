//! R3: what is taken out of operations that are held back, for both databases.

use contract::UnixMillis;
use std::collections::{BTreeMap, BTreeSet};

/// An item of an operation that is held back.
#[derive(sqlx::FromRow)]
pub(crate) struct HeldBack {
    operation: i64,
    pub location: String,
    created_at: UnixMillis,
    held_until: UnixMillis,
    asset: i64,
    holder: String,
    batch: i64,
}

/// What is not taken back after all.
pub(crate) struct Kept<'a> {
    /// Operation, asset and serial number.
    pub items: Vec<(i64, i64, &'a str)>,
    pub operations: BTreeMap<i64, Left<'a>>,
    pub locations: BTreeSet<&'a str>,
}

/// The operation that it was of.
pub(crate) struct Left<'a> {
    pub location: &'a str,
    pub created_at: UnixMillis,
    pub held_until: UnixMillis,
    /// Whose items are fewer now.
    pub batches: BTreeSet<i64>,
}

impl<'a> Kept<'a> {
    pub fn of(found: &'a [HeldBack]) -> Self {
        let mut operations: BTreeMap<i64, Left<'a>> = BTreeMap::new();
        for item in found {
            let left = operations.entry(item.operation).or_insert_with(|| Left {
                location: &item.location,
                created_at: item.created_at,
                held_until: item.held_until,
                batches: BTreeSet::new(),
            });
            left.batches.insert(item.batch);
        }
        Self {
            items: found
                .iter()
                .map(|item| (item.operation, item.asset, item.holder.as_str()))
                .collect(),
            locations: found.iter().map(|item| item.location.as_str()).collect(),
            operations,
        }
    }
}
