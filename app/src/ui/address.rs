//! A list's state lives in the URL: filter, sort, page. This reads it and makes the links that change it.

use contract::{Direction, PageQuery};
use leptos::prelude::*;
use leptos_router::{
    hooks::{use_location, use_query_map},
    params::ParamsMap,
};
use serde::{
    Deserialize,
    de::value::{Error, StrDeserializer},
};

/// Where the reader is: a path and its query.
#[derive(Clone, Debug, PartialEq)]
pub struct Address {
    path: String,
    params: ParamsMap,
}

/// The present address, renewed when it changes.
pub fn address() -> Memo<Address> {
    let path = use_location().pathname;
    let params = use_query_map();
    Memo::new(move |_| Address {
        path: path.get(),
        params: params.get(),
    })
}

/// What a refused plain form leaves in the URL; links do not carry it on.
const PASSING: [&str; 2] = ["__err", "__path"];

/// Path and query without these.
#[cfg(feature = "ssr")]
pub fn lasting(to: &str) -> String {
    let Some((path, query)) = to.split_once('?') else {
        return to.to_owned();
    };
    let name = |pair: &&str| pair.split('=').next().unwrap_or_default().to_owned();
    // No name of ours is escaped: one that is may be one of these.
    let lasts = |name: String| !PASSING.contains(&name.as_str()) && !name.contains('%');
    let kept: Vec<_> = query.split('&').filter(|pair| lasts(name(pair))).collect();
    match kept.is_empty() {
        true => path.to_owned(),
        false => format!("{path}?{}", kept.join("&")),
    }
}

impl Address {
    /// For whoever has the parameters from elsewhere than the browser.
    pub fn of(params: impl IntoIterator<Item = (String, String)>) -> Self {
        Self {
            path: String::new(),
            params: params.into_iter().collect(),
        }
    }

    /// A parameter's value, or nothing.
    pub fn get(&self, name: &str) -> String {
        self.params.get(name).unwrap_or_default()
    }

    pub fn has(&self, name: &str, value: &str) -> bool {
        self.params.get_str(name).unwrap_or_default() == value
    }

    /// All values of a parameter that may stand more than once.
    pub fn all(&self, name: &str) -> Vec<String> {
        self.params.get_all(name).unwrap_or_default()
    }

    /// A parameter that is one of an enum's serde names.
    pub fn choice<'de, T: Deserialize<'de>>(&'de self, name: &str) -> Option<T> {
        let text = self.params.get_str(name)?;
        T::deserialize(StrDeserializer::<Error>::new(text)).ok()
    }

    /// The page and direction asked for.
    pub fn page(&self) -> PageQuery {
        PageQuery {
            cursor: self.params.get("cursor").filter(|cursor| !cursor.is_empty()),
            direction: if self.has("dir", "down") {
                Direction::Down
            } else {
                Direction::Up
            },
            rows: self.params.get_str("rows").and_then(|rows| rows.parse().ok()),
            uncounted: false,
        }
    }

    /// The same place, with this parameter.
    pub fn having(&self, name: &'static str, value: &str) -> Self {
        let mut params = self.params.clone();
        params.replace(name, value.to_owned());
        Self {
            path: self.path.clone(),
            params,
        }
    }

    /// The same list, first page, with this parameter; without it if the value is empty.
    pub fn with(&self, name: &'static str, value: &str) -> String {
        self.changed(&[("cursor", ""), (name, value)])
    }

    /// The same list, first page, narrowed by one parameter instead of another.
    pub fn instead(&self, of: &'static str, name: &'static str, value: &str) -> String {
        self.changed(&[("cursor", ""), (of, ""), (name, value)])
    }

    /// The same list at another page.
    pub fn at(&self, cursor: &str) -> String {
        self.changed(&[("cursor", cursor)])
    }

    /// The same list sorted by a column; the other way round if it is already.
    pub fn sorted(&self, by: &str, first: bool) -> String {
        let down = self.is_sorted(by, first) == Some(Direction::Up);
        self.changed(&[
            ("cursor", ""),
            ("sort", by),
            ("dir", if down { "down" } else { "" }),
        ])
    }

    /// How the list is sorted by this column, if it is; `first` marks the column that lists are sorted by unasked.
    pub fn is_sorted(&self, by: &str, first: bool) -> Option<Direction> {
        let sort = self.params.get_str("sort").unwrap_or_default();
        (sort == by || (first && sort.is_empty())).then(|| self.page().direction)
    }

    /// The path alone, without filters.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Path and query, for a way back.
    pub fn href(&self) -> String {
        self.changed(&[])
    }

    /// The same without one of the values of a parameter that may stand more than once.
    pub fn without(&self, name: &'static str, value: &str) -> String {
        let mut params = self.params.clone();
        params.remove(name);
        for other in self.all(name).into_iter().filter(|other| other != value) {
            params.insert(name, other);
        }
        self.link(params)
    }

    /// The same list as a file, all of it, with its filters and in its order.
    pub fn export(&self, file: &str, also: &[(&'static str, String)]) -> String {
        let list = Self {
            path: format!("/export/{file}"),
            params: self.params.clone(),
        };
        let also = also.iter().map(|(name, value)| (*name, value.as_str()));
        let changes: Vec<_> = [("cursor", ""), ("rows", "")].into_iter().chain(also).collect();
        list.changed(&changes)
    }

    fn changed(&self, changes: &[(&'static str, &str)]) -> String {
        let mut params = self.params.clone();
        for (name, value) in changes {
            params.remove(name);
            if !value.is_empty() {
                params.insert(*name, (*value).to_owned());
            }
        }
        self.link(params)
    }

    fn link(&self, mut params: ParamsMap) -> String {
        for name in PASSING {
            params.remove(name);
        }
        let query = query_string(&params);
        format!("{}{}", self.path, if query == "?" { "" } else { &query })
    }
}

/// The parameters as a query, from its question mark on, in the same words on the server and in the browser: the
/// router's server half escapes also what needs no escape (RFC 3986, 2.3).
pub fn query_string(params: &ParamsMap) -> String {
    let query = params.to_query_string();
    if cfg!(feature = "hydrate") {
        return query;
    }
    [("%2D", "-"), ("%2E", "."), ("%5F", "_"), ("%7E", "~")]
        .into_iter()
        .fold(query, |query, (escaped, plain)| query.replace(escaped, plain))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_form_was_refused_for_does_not_last_however_it_is_spelled() {
        for (to, lasting) in [
            ("/people/new?name=a&__err=e&__path=%2Fapi", "/people/new?name=a"),
            ("/people/new?%5F%5Ferr=e&_%5fpath=p&a=%5F", "/people/new?a=%5F"),
            ("/people/new?__%65rr=e", "/people/new"),
        ] {
            assert_eq!(super::lasting(to), lasting);
        }
    }

    #[test]
    fn an_export_has_the_filters_and_the_order_of_its_list_but_not_its_page() {
        let params = [
            ("search", "a b"),
            ("cursor", "x"),
            ("dir", "down"),
            ("__err", "e"),
        ];
        let address = Address::of(params.map(|(name, value)| (name.to_owned(), value.to_owned())));
        let href = address.export("devices.csv", &[("view", "apps".to_owned())]);
        assert!(href.starts_with("/export/devices.csv?"), "{href}");
        assert!(href.contains("search=a") && href.contains("dir=down"), "{href}");
        assert!(!href.contains("cursor") && !href.contains("__err"), "{href}");
        assert!(href.contains("view=apps"), "{href}");
        assert_eq!(Address::of([]).export("people.csv", &[]), "/export/people.csv");
    }

    #[test]
    fn an_address_is_escaped_no_further_than_it_must_be() {
        // The map reads what it is given as a part of an address: this is `a-b_c.d~e&f%2Dg`.
        let address = Address::of([("search".to_owned(), "a-b_c.d~e&f%252Dg".to_owned())]);
        assert_eq!(address.get("search"), "a-b_c.d~e&f%2Dg");
        assert_eq!(address.href(), "?search=a-b_c.d~e%26f%252Dg");
    }
}
