//! Apps and books: C1 to C6.

mod about;
pub mod calls;
mod cells;
mod detail;
mod filters;
mod icon;
mod level;
mod list;
mod live;
mod products;
mod row;
mod tabs;
mod versions;
mod view;

pub use detail::{app_page, book_page};
pub use filters::query as list_query;
pub use icon::AssetIcon;
pub use level::meter_level;
pub use list::{apps_page, books_page};
pub use tabs::{AssetTab, asset_tabs};
pub use view::View;

use contract::{AssetId, catalog::ProductType};

/// The page of all apps or of all books.
pub fn list_path(product: ProductType) -> &'static str {
    match product {
        ProductType::App => "/apps",
        ProductType::Book => "/books",
    }
}

/// One app's or book's page.
pub fn path(product: ProductType, id: AssetId) -> String {
    format!("{}/{id}", list_path(product))
}
