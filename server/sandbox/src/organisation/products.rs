//! Generated apps and books.

use std::collections::BTreeSet;

use super::{Organisation, words};
use crate::catalogue::Product;
use crate::random::mix;
use crate::wire::ProductType;

/// A product with how it is licensed, before it is bought.
pub type GeneratedProduct = Product;

/// Ids that a seed has for apps.
pub(super) const APP_IDS: u64 = 90_000;
/// Ids that a seed has for books.
pub(super) const BOOK_IDS: u64 = 10_000;

impl Organisation {
    /// The apps of a location.
    pub fn apps_of(&self, location: u32) -> impl Iterator<Item = GeneratedProduct> + '_ {
        self.share(location, self.apps, APP_IDS)
            .map(|index| self.app(index))
    }

    /// How many of them devices can have.
    pub(super) fn apps_for_devices_at(&self, location: u32) -> u64 {
        let share = self.share(location, self.apps, APP_IDS);
        share.map(|index| u64::from(is_for_devices(index))).sum()
    }

    /// The books of a location.
    pub fn books_of(&self, location: u32) -> impl Iterator<Item = GeneratedProduct> + '_ {
        self.share(location, self.books, BOOK_IDS)
            .map(|index| self.book(index))
    }

    /// Which of all products a location has: consecutive ones, from a place that depends on the location. There are no more
    /// different ones than ids.
    fn share(&self, location: u32, count: u32, ids: u64) -> impl Iterator<Item = u64> {
        let (all, count) = (u64::from(self.distinct), u64::from(count));
        // Books are in proportion to apps.
        let distinct = (all * count / u64::from(self.apps).max(count).max(1))
            .max(count)
            .clamp(1, ids);
        let start = if self.distinct == 0 {
            0
        } else {
            mix(self.seed ^ 0x5a, u64::from(location))
        };
        (0..count).map(move |index| (start % distinct + index) % distinct)
    }

    fn adam_id(&self, index: u64) -> String {
        // Ten digits as in the store; a seed owns a block of ids.
        let block = mix(self.seed ^ 0xada3, 0) % 50_000;
        (1_000_000_000 + block * (APP_IDS + BOOK_IDS) + index).to_string()
    }

    fn app(&self, index: u64) -> Product {
        let roll = mix(self.seed ^ 0xa99, index);
        let (name, genre) = words::app(self.seed, index);
        let publisher = words::company(self.seed, index);
        let custom = index % 20 == 9;
        let platforms: &[&str] = match roll % 10 {
            0 | 1 => &["macOS"],
            2 | 3 => &["iOS", "macOS"],
            4 => &["iOS", "tvOS"],
            _ => &["iOS"],
        };
        Product {
            adam_id: self.adam_id(index),
            bundle_id: format!("example.{}.{}", slug(&publisher), slug(&name)),
            name,
            publisher,
            kind: ProductType::App,
            genre: genre.to_owned(),
            version: format!("{}.{}.{}", 1 + roll % 14, (roll >> 8) % 10, (roll >> 16) % 6),
            releases: 0,
            price_thousandths: [0, 0, 0, 19_000, 49_000, 99_000, 249_000]
                .get(usize::try_from((roll >> 24) % 7).unwrap_or(0))
                .copied()
                .unwrap_or(0),
            platforms: platforms.iter().map(|name| (*name).to_owned()).collect(),
            size: 4_000_000 + (roll >> 32) % 900_000_000,
            device_assignable: is_for_devices(index),
            custom,
            delisted: index % 40 == 31,
            not_sold_in: BTreeSet::new(),
        }
    }

    fn book(&self, index: u64) -> Product {
        let roll = mix(self.seed ^ 0xb00, index);
        Product {
            // Behind the apps of the block.
            adam_id: self.adam_id(APP_IDS + index),
            name: words::book(self.seed, index),
            publisher: words::company(self.seed ^ 0xb, index),
            bundle_id: String::new(),
            kind: ProductType::Book,
            genre: ["Textbooks", "Science", "History", "Fiction"]
                .get(usize::try_from(roll % 4).unwrap_or(0))
                .map_or_else(String::new, |genre| (*genre).to_owned()),
            version: String::new(),
            releases: 0,
            price_thousandths: (roll >> 8) % 20 * 10_000,
            platforms: vec!["iOS".to_owned(), "macOS".to_owned()],
            size: 1_000_000 + (roll >> 16) % 90_000_000,
            device_assignable: false,
            custom: false,
            delisted: false,
            not_sold_in: BTreeSet::new(),
        }
    }
}

/// Whether devices can have this app.
fn is_for_devices(index: u64) -> bool {
    index % 30 != 29
}

fn slug(name: &str) -> String {
    name.chars()
        .filter(char::is_ascii_alphanumeric)
        .collect::<String>()
        .to_lowercase()
}
