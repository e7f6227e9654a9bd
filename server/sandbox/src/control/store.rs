//! The store: adding, delisting, updating products.

use std::sync::Arc;

use super::{Control, ControlError};
use crate::catalogue::Product;

impl Control {
    /// A product of the store.
    pub fn product(&self, adam_id: &str) -> Option<Arc<Product>> {
        self.world.catalogue.read().get(adam_id)
    }

    /// Adds a product or replaces it; assets bought before keep their platforms and kinds.
    ///
    /// # Errors
    /// When the `adamId` is no number, or a platform none that assets have.
    pub fn put_product(&self, product: Product) -> Result<(), ControlError> {
        product.check().map_err(ControlError::Invalid)?;
        self.world.catalogue.write().put(product);
        Ok(())
    }

    /// Removes a product from the store, or puts it back: owners still see its metadata.
    ///
    /// # Errors
    /// When the store has no such product.
    pub fn set_delisted(&self, adam_id: &str, delisted: bool) -> Result<(), ControlError> {
        self.change_product(adam_id, |product| product.delisted = delisted)
    }

    /// Removes a product from a country's store, or puts it back.
    ///
    /// # Errors
    /// When the store has no such product.
    pub fn set_sold_in(&self, adam_id: &str, country: &str, sold: bool) -> Result<(), ControlError> {
        let country = country.to_uppercase();
        self.change_product(adam_id, |product| {
            if sold {
                product.not_sold_in.remove(&country);
            } else {
                product.not_sold_in.insert(country);
            }
        })
    }

    /// Publishes a new version.
    ///
    /// # Errors
    /// When the store has no such product.
    pub fn set_version(&self, adam_id: &str, version: &str) -> Result<(), ControlError> {
        self.change_product(adam_id, |product| {
            product.releases += u32::from(product.version != version);
            version.clone_into(&mut product.version);
        })
    }

    fn change_product(&self, adam_id: &str, change: impl FnOnce(&mut Product)) -> Result<(), ControlError> {
        let found = self.world.catalogue.write().change(adam_id, change);
        if found {
            Ok(())
        } else {
            Err(ControlError::UnknownProduct)
        }
    }
}
