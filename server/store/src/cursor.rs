//! Pages by keyset: a cursor is the sort key of the row at a page's edge, opaque to the browser and checked strictly.

use crate::{Result, StoreError};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use contract::{Direction, Page, PageQuery};
use serde::{Deserialize, Serialize};
use sqlx::{Database, Encode, QueryBuilder, Type};

/// One part of a sort key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Key {
    Number(i64),
    Text(String),
}

/// What a part of a sort key must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    Number,
    Text,
}

/// A list's order: its name, which a cursor must repeat, and the parts of its key.
#[derive(Clone, Copy, Debug)]
pub struct Order {
    pub name: &'static str,
    pub parts: &'static [Part],
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Cursor(String, Way, Vec<Key>);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Way {
    #[serde(rename = "n")]
    Next,
    #[serde(rename = "p")]
    Previous,
}

/// One page to be read: from where, which way, how many rows.
#[derive(Clone, Debug)]
pub struct Walk {
    name: String,
    way: Way,
    direction: Direction,
    limit: usize,
    from: Option<Vec<Key>>,
    counted: bool,
}

impl Walk {
    /// [`StoreError::Cursor`] if the cursor is not one of this order and direction.
    pub fn new(query: &PageQuery, order: Order) -> Result<Self> {
        let direction = query.direction;
        let name = match direction {
            Direction::Up => order.name.to_owned(),
            Direction::Down => format!("{}.down", order.name),
        };
        let (way, from) = match &query.cursor {
            None => (Way::Next, None),
            Some(text) => {
                let (way, key) = decode(text, &name, order.parts).ok_or(StoreError::Cursor)?;
                (way, Some(key))
            }
        };
        let limit = usize::from(query.limit());
        Ok(Self {
            name,
            way,
            direction,
            limit,
            from,
            counted: !query.uncounted,
        })
    }

    /// The key of the row that the page comes after, in the walk's own way.
    pub fn from(&self) -> Option<&[Key]> {
        self.from.as_deref()
    }

    /// Whether the rows found are all that there are.
    fn alone(&self, found: usize) -> bool {
        self.from.is_none() && found <= self.limit
    }

    /// Whether it takes counting to know how many there are in all, and somebody wants to: [`Walk::page`] counts the rows
    /// that are found alone.
    pub fn must_count(&self, found: usize) -> bool {
        self.counted && !self.alone(found)
    }

    /// One more than the page has, to know whether more follow.
    pub fn rows(&self) -> i64 {
        i64::try_from(self.limit + 1).unwrap_or(i64::MAX)
    }

    fn ascending(&self) -> bool {
        (self.direction == Direction::Up) == (self.way == Way::Next)
    }

    /// `>` or `<`: how a wanted row's key compares with [`Walk::from`].
    pub fn beyond(&self) -> &'static str {
        if self.ascending() { " > " } else { " < " }
    }

    /// `ASC` or `DESC`, of each part of the key.
    pub fn order(&self) -> &'static str {
        if self.ascending() { " ASC" } else { " DESC" }
    }

    /// ` AND (columns) > (key)`, or nothing on the first page.
    pub fn push_from<'t, DB: Database>(&self, sql: &mut QueryBuilder<DB>, columns: &str)
    where
        i64: Encode<'t, DB> + Type<DB>,
        String: Encode<'t, DB> + Type<DB>,
    {
        if let Some(from) = &self.from {
            sql.push(format!(" AND ({columns}){}(", self.beyond()));
            push_keys(sql, from);
            sql.push(")");
        }
    }

    /// ` ORDER BY columns LIMIT rows`.
    pub fn push_order<'t, DB: Database>(&self, sql: &mut QueryBuilder<DB>, columns: &[&str])
    where
        i64: Encode<'t, DB> + Type<DB>,
    {
        let order: Vec<_> = columns
            .iter()
            .map(|column| format!("{column}{}", self.order()))
            .collect();
        sql.push(format!(" ORDER BY {} LIMIT ", order.join(", ")))
            .push_bind(self.rows());
    }

    /// The page of `rows`, read in the walk's way with one to spare.
    pub fn page<T>(&self, mut rows: Vec<T>, total: Option<i64>, key: impl Fn(&T) -> Vec<Key>) -> Page<T> {
        let alone = self.alone(rows.len());
        let more = rows.len() > self.limit;
        rows.truncate(self.limit);
        if self.way == Way::Previous {
            rows.reverse();
        }
        let edge = |row: Option<&T>, way| row.map(|row| encode(&self.name, way, key(row)));
        let (before, after) = match self.way {
            Way::Next => (self.from.is_some(), more),
            Way::Previous => (more, true),
        };
        Page {
            next: edge(rows.last().filter(|_| after), Way::Next),
            previous: edge(rows.first().filter(|_| before), Way::Previous),
            total: total.or_else(|| alone.then(|| i64::try_from(rows.len()).unwrap_or(i64::MAX))),
            rows,
        }
    }
}

/// The values, separated by commas.
pub fn push_keys<'t, DB: Database>(sql: &mut QueryBuilder<DB>, keys: &[Key])
where
    i64: Encode<'t, DB> + Type<DB>,
    String: Encode<'t, DB> + Type<DB>,
{
    for (i, key) in keys.iter().enumerate() {
        if i > 0 {
            sql.push(", ");
        }
        match key {
            Key::Number(number) => sql.push_bind(*number),
            Key::Text(text) => sql.push_bind(text.clone()),
        };
    }
}

fn encode(name: &str, way: Way, key: Vec<Key>) -> String {
    // A key is made of numbers and strings, which always become JSON.
    let json = serde_json::to_vec(&Cursor(name.to_owned(), way, key)).unwrap_or_default();
    URL_SAFE_NO_PAD.encode(json)
}

fn decode(text: &str, name: &str, parts: &[Part]) -> Option<(Way, Vec<Key>)> {
    let json = URL_SAFE_NO_PAD.decode(text).ok()?;
    let Cursor(of, way, key) = serde_json::from_slice(&json).ok()?;
    let fits = of == name
        && key.len() == parts.len()
        && key.iter().zip(parts).all(|(key, part)| {
            matches!((key, part), (Key::Number(_), Part::Number) | (Key::Text(_), Part::Text))
        })
        // PostgreSQL's text cannot hold it.
        && !key.iter().any(|key| matches!(key, Key::Text(text) if text.contains('\0')));
    fits.then_some((way, key))
}

impl From<i64> for Key {
    fn from(number: i64) -> Self {
        Key::Number(number)
    }
}

impl From<&str> for Key {
    fn from(text: &str) -> Self {
        Key::Text(text.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ORDER: Order = Order {
        name: "name",
        parts: &[Part::Text, Part::Number],
    };

    fn query(cursor: Option<String>, direction: Direction, rows: u16) -> PageQuery {
        PageQuery {
            cursor,
            direction,
            rows: Some(rows),
            uncounted: false,
        }
    }

    /// A list in memory, walked as SQL would.
    fn read(list: &[(String, i64)], query: &PageQuery) -> Page<(String, i64)> {
        let walk = Walk::new(query, ORDER).unwrap();
        let key = |row: &(String, i64)| vec![Key::Text(row.0.clone()), Key::Number(row.1)];
        let mut rows: Vec<_> = list.to_vec();
        rows.sort();
        if walk.order() == " DESC" {
            rows.reverse();
        }
        rows.retain(|row| match walk.from() {
            None => true,
            Some(from) if walk.beyond() == " > " => key(row).as_slice() > from,
            Some(from) => key(row).as_slice() < from,
        });
        rows.truncate(usize::try_from(walk.rows()).unwrap());
        walk.page(rows, None, key)
    }

    #[test]
    fn a_cursor_of_another_order_is_refused() {
        let list: Vec<_> = (0..5).map(|i| (format!("n{i}"), i)).collect();
        let next = read(&list, &query(None, Direction::Up, 2)).next;
        assert!(next.is_some());
        let other = Order {
            name: "used",
            parts: ORDER.parts,
        };
        assert!(matches!(
            Walk::new(&query(next.clone(), Direction::Up, 2), other),
            Err(StoreError::Cursor)
        ));
        assert!(matches!(
            Walk::new(&query(next, Direction::Down, 2), ORDER),
            Err(StoreError::Cursor)
        ));
    }

    proptest! {
        #[test]
        fn any_text_is_a_cursor_or_refused(text in ".*") {
            let _ = Walk::new(&query(Some(text), Direction::Up, 2), ORDER);
        }

        #[test]
        fn any_json_is_a_cursor_or_refused(text in "\\[(\"name\"|\"x\"|1),(\"n\"|\"p\"|null),\\[(\"a\"|1|1.5|null|\\[\\]),(1|\"b\")\\]\\]") {
            let _ = Walk::new(&query(Some(URL_SAFE_NO_PAD.encode(text)), Direction::Up, 2), ORDER);
        }

        #[test]
        fn forwards_and_backwards_show_the_same_rows(
            list in proptest::collection::btree_set(("[a-c]{1,2}", 0i64..9), 0..40),
            rows in 1u16..7,
            down: bool,
        ) {
            let list: Vec<_> = list.into_iter().collect();
            let direction = if down { Direction::Down } else { Direction::Up };
            let mut pages = vec![read(&list, &query(None, direction, rows))];
            while let Some(next) = pages.last().and_then(|page| page.next.clone()) {
                pages.push(read(&list, &query(Some(next), direction, rows)));
            }
            let mut walked: Vec<_> = pages.iter().flat_map(|page| page.rows.clone()).collect();
            if down {
                walked.reverse();
            }
            prop_assert_eq!(&walked, &list);
            for pair in pages.windows(2).rev() {
                let back = read(&list, &query(pair[1].previous.clone(), direction, rows));
                prop_assert_eq!(&back.rows, &pair[0].rows);
                prop_assert_eq!(back.previous.is_some(), pair[0].previous.is_some());
                prop_assert!(back.next.is_some());
            }
        }
    }
}
