//! The store: products by `adamId`, as metadata shows them. Fictional; made by the generator or by order.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::plausible;
use crate::wire::ProductType;

/// A product of the store.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Product {
    /// App Store product id.
    pub adam_id: String,
    /// Name.
    pub name: String,
    /// Who sells it.
    pub publisher: String,
    /// Bundle id; empty for books.
    pub bundle_id: String,
    /// App or book.
    pub kind: ProductType,
    /// Genre, as the store names it.
    pub genre: String,
    /// Version; empty for books.
    pub version: String,
    /// How often the version has changed.
    #[serde(default)]
    pub releases: u32,
    /// Price in thousandths of the store's currency.
    pub price_thousandths: u64,
    /// Apple's names, at least one of iOS, macOS, tvOS, watchOS, visionOS.
    pub platforms: Vec<String>,
    /// Size in bytes.
    pub size: u64,
    /// Whether devices can hold licences.
    pub device_assignable: bool,
    /// Custom app: metadata only with the token of an owner.
    pub custom: bool,
    /// Removed from the store: metadata only with the token of an owner.
    pub delisted: bool,
    /// Countries (upper case) whose store does not have it.
    pub not_sold_in: BTreeSet<String>,
}

/// The most digits of an `adamId`, which Apple has as a number of 64 bits in places.
const ADAM_ID_DIGITS: usize = 19;

impl Product {
    /// Says what no product could have.
    pub(crate) fn check(&self) -> Result<(), String> {
        plausible::digits("adamId", &self.adam_id, ADAM_ID_DIGITS)?;
        if self.platforms.is_empty() {
            return Err(format!("platforms has at least one of {}", PLATFORMS.join(", ")));
        }
        let unknown = |platform: &&String| !PLATFORMS.contains(&platform.as_str());
        match self.platforms.iter().find(unknown) {
            Some(_) => Err(format!("platforms are of {}", PLATFORMS.join(", "))),
            None => Ok(()),
        }
    }
}

/// All products.
#[derive(Debug, Default)]
pub(crate) struct Catalogue {
    products: HashMap<String, Arc<Product>>,
}

impl Catalogue {
    /// A product.
    pub(crate) fn get(&self, adam_id: &str) -> Option<Arc<Product>> {
        self.products.get(adam_id).map(Arc::clone)
    }

    /// All products, sorted by `adamId`.
    pub(crate) fn sorted(&self) -> Vec<Arc<Product>> {
        let mut products: Vec<_> = self.products.values().map(Arc::clone).collect();
        products.sort_unstable_by(|a, b| a.adam_id.cmp(&b.adam_id));
        products
    }

    /// Adds a product, or replaces it.
    pub(crate) fn put(&mut self, mut product: Product) {
        if let Some(old) = self.products.get(&product.adam_id) {
            product.releases = old.releases + u32::from(old.version != product.version);
        }
        self.products.insert(product.adam_id.clone(), Arc::new(product));
    }

    /// Adds products; those that are there stay.
    pub(crate) fn put_all(&mut self, products: Vec<Product>) {
        for product in products {
            self.products
                .entry(product.adam_id.clone())
                .or_insert_with(|| Arc::new(product));
        }
    }

    /// Changes a product; false if there is none.
    pub(crate) fn change(&mut self, adam_id: &str, change: impl FnOnce(&mut Product)) -> bool {
        let Some(product) = self.products.get_mut(adam_id) else {
            return false;
        };
        change(Arc::make_mut(product));
        true
    }
}

/// Apple's names of platforms.
const PLATFORMS: [&str; 5] = ["iOS", "macOS", "tvOS", "watchOS", "visionOS"];

/// Apple's names of platforms, as assets list them.
pub(crate) fn platform_names(platforms: &[String]) -> Arc<[&'static str]> {
    PLATFORMS
        .into_iter()
        .filter(|name| platforms.iter().any(|platform| platform == name))
        .collect()
}
