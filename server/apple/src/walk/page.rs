//! One page of a list as Apple sends it.
//! <https://developer.apple.com/documentation/devicemanagement/using-paginated-endpoints>

use serde::Deserialize;

use crate::lenient;
use crate::reply::{Head, List, Missing, Record, Records, Reply};

/// Filters of a list, as they go into the address.
pub(crate) type Query = Vec<(&'static str, String)>;

/// One page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// Its place, from 0.
    pub index: u32,
    /// How many pages there are, as far as Apple knew when it sent this one; may differ from page to page.
    pub total_pages: Option<u32>,
    /// The records.
    pub items: Vec<T>,
    /// Records left out because they lack what identifies them, such as a kind of holder not known yet.
    pub skipped: u32,
    /// The state of the data set that the page shows.
    pub version_id: Option<String>,
}

/// A page with what Apple says of its place.
#[derive(Debug, Clone)]
pub(crate) struct Fetched<T> {
    pub current_index: Option<u32>,
    pub next_index: Option<u32>,
    pub total_pages: Option<u32>,
    /// Records that the page has, by its own words.
    pub size: Option<u32>,
    pub records: Records<T>,
    pub version_id: Option<String>,
}

/// The lists of assets, assignments and users differ only in the name of the list.
#[derive(Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "T: Record"))]
pub(crate) struct WirePage<T> {
    assets: Option<Records<T>>,
    assignments: Option<Records<T>>,
    users: Option<Records<T>>,
    unlimited_assets: Option<Records<T>>,
    #[serde(deserialize_with = "lenient::count")]
    current_page_index: Option<u32>,
    #[serde(deserialize_with = "lenient::count")]
    next_page_index: Option<u32>,
    #[serde(deserialize_with = "lenient::count")]
    total_pages: Option<u32>,
    #[serde(deserialize_with = "lenient::count")]
    size: Option<u32>,
    #[serde(deserialize_with = "lenient::string")]
    version_id: Option<String>,
    #[serde(flatten)]
    head: Head,
}

impl<T> Default for WirePage<T> {
    fn default() -> Self {
        Self {
            assets: None,
            assignments: None,
            users: None,
            unlimited_assets: None,
            current_page_index: None,
            next_page_index: None,
            total_pages: None,
            size: None,
            version_id: None,
            head: Head::default(),
        }
    }
}

impl<T: Record> Reply for WirePage<T> {
    type Body = Fetched<T>;

    fn open(self) -> (Head, Result<Fetched<T>, Missing>) {
        let records = match T::LIST {
            List::Assets => self.assets,
            List::Assignments => self.assignments,
            List::Users => self.users,
        };
        if records.is_none() && self.unlimited_assets.is_none() && self.current_page_index.is_none() {
            return (self.head, Err(Missing("its list")));
        }
        let mut records = records.unwrap_or_default();
        if let Some(unlimited) = self.unlimited_assets {
            records.items.extend(unlimited.items);
            records.skipped += unlimited.skipped;
        }
        let page = Fetched {
            current_index: self.current_page_index,
            next_index: self.next_page_index,
            total_pages: self.total_pages,
            size: self.size,
            records,
            version_id: self.version_id,
        };
        (self.head, Ok(page))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assets::{Asset, Licenses};
    use crate::assignments::Assignment;

    fn read<T: Record>(json: &str) -> Fetched<T> {
        serde_json::from_str::<WirePage<T>>(json)
            .expect("a reply")
            .open()
            .1
            .expect("a page")
    }

    #[test]
    fn a_page_is_read_whatever_way_its_numbers_are_written() {
        let page = read::<Assignment>(
            r#"{"assignments":[{"adamId":"1","serialNumber":"S"},{"adamId":"1","groupId":"G"}],
                "currentPageIndex":0,"nextPageIndex":"1","size":2,"totalPages":"353","versionId":"v","mdmInfo":null}"#,
        );
        assert_eq!(
            (page.current_index, page.next_index, page.total_pages, page.size),
            (Some(0), Some(1), Some(353), Some(2))
        );
        assert_eq!((page.records.items.len(), page.records.skipped), (1, 1));
        assert_eq!(page.version_id.as_deref(), Some("v"));
    }

    #[test]
    fn a_record_that_is_none_is_left_out_and_other_lists_are_not_mixed_in() {
        let page = read::<Assignment>(
            r#"{"assignments":[null,{"adamId":"1","serialNumber":"S"}],"users":[{"clientUserId":"u"}],"records":[1]}"#,
        );
        assert_eq!((page.records.items.len(), page.records.skipped), (1, 1));
    }

    #[test]
    fn unlimited_assets_listed_apart_join_the_others() {
        let page = read::<Asset>(
            r#"{"assets":[{"adamId":"1","totalCount":1,"availableCount":1}],
                "unlimitedAssets":[{"adamId":"2","assignedCount":9}],"currentPageIndex":0}"#,
        );
        let licenses: Vec<_> = page.records.items.iter().map(|asset| asset.licenses).collect();
        let counted = Licenses::Counted {
            assigned: 0,
            available: 1,
            retired: 0,
            total: 1,
        };
        assert_eq!(licenses, [counted, Licenses::Unlimited { assigned: 9 }]);
    }

    #[test]
    fn an_empty_page_is_one_and_an_answer_without_list_is_none() {
        assert!(
            read::<Asset>(r#"{"currentPageIndex":0}"#)
                .records
                .items
                .is_empty()
        );
        assert!(read::<Asset>(r#"{"assets":[]}"#).records.items.is_empty());
        let nothing = serde_json::from_str::<WirePage<Asset>>(r#"{"uId":"1"}"#).expect("a reply");
        assert!(nothing.open().1.is_err());
    }
}
