//! Server pages by keyset: how a list is asked for and answered.

use serde::{Deserialize, Serialize};

/// Which way a list is sorted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// The smallest, the oldest, or A comes first.
    #[default]
    Up,
    /// The largest, the newest, or Z comes first.
    Down,
}

/// The part of a query that every list has.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct PageQuery {
    /// From [`Page::next`] or [`Page::previous`]; none for the first page. Opaque, and checked on the server.
    pub cursor: Option<String>,
    /// Lists whose order is fixed take no notice of it.
    pub direction: Direction,
    /// Rows a page, 1 to [`PageQuery::MOST`]; [`PageQuery::USUAL`] if none.
    pub rows: Option<u16>,
    /// Nobody asks how many rows there are in all, so that they are not counted for each page: of lists that are read to
    /// their end. Browsers cannot say so.
    #[serde(skip)]
    pub uncounted: bool,
}

impl PageQuery {
    /// Rows a page if nobody says otherwise.
    pub const USUAL: u16 = 50;
    /// The most rows a page has.
    pub const MOST: u16 = 100;

    /// The number of rows to read.
    pub fn limit(&self) -> u16 {
        self.rows.unwrap_or(Self::USUAL).clamp(1, Self::MOST)
    }
}

/// Some rows of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page<T> {
    pub rows: Vec<T>,
    /// The [`PageQuery::cursor`] of the page after this one; none on the last.
    pub next: Option<String>,
    /// That of the page before; none on the first, and where lines that are worked out are not counted.
    pub previous: Option<String>,
    /// How many rows there are in all pages, where that is known without counting them one by one, and asked for.
    pub total: Option<i64>,
}

impl<T> Page<T> {
    /// The same page with other rows.
    pub fn map<U>(self, row: impl FnMut(T) -> U) -> Page<U> {
        Page {
            rows: self.rows.into_iter().map(row).collect(),
            next: self.next,
            previous: self.previous,
            total: self.total,
        }
    }
}

impl<T> Default for Page<T> {
    fn default() -> Self {
        Self {
            rows: Vec::new(),
            next: None,
            previous: None,
            total: Some(0),
        }
    }
}
