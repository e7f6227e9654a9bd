//! The list's filters: what the URL says of them, and their fields.

use crate::{
    t,
    ui::{Address, CollectAny, FilterForm, Filters, Narrow, Pill},
};
use contract::{
    LocationId,
    catalog::{AssetQuery, Level, ProductType},
};
use leptos::prelude::*;

/// Apple's words.
const PLATFORMS: [&str; 5] = ["iOS", "macOS", "tvOS", "watchOS", "visionOS"];

/// What the address asks for; that of the export too.
pub fn query(product: ProductType, address: &Address) -> AssetQuery {
    AssetQuery {
        product,
        search: address.get("search"),
        location: location(address),
        platform: address.get("platform"),
        custom: match address.get("type").as_str() {
            "custom" => Some(true),
            "store" => Some(false),
            _ => None,
        },
        level: address.choice("level"),
        missing: address.has("flag", "missing"),
        sort: address.choice("sort").unwrap_or_default(),
        page: address.page(),
    }
}

pub(super) fn location(address: &Address) -> Option<LocationId> {
    Some(address.get("location"))
        .filter(|id| !id.is_empty())
        .map(LocationId)
}

#[component]
pub(super) fn FilterBar(
    product: ProductType,
    address: Memo<Address>,
    locations: Vec<(LocationId, String)>,
) -> impl IntoView {
    let locations = locations.into_iter().map(|(id, name)| (id.0, name)).collect();
    let platforms = PLATFORMS.map(|name| (name.to_owned(), name.to_owned())).into();
    let types = [("store", t!(type_store)), ("custom", t!(type_custom))]
        .map(|(value, words)| (value.to_owned(), words.to_owned()));
    let apps = product == ProductType::App;
    let search = if apps {
        t!(catalog_search)
    } else {
        t!(catalog_search_books)
    };
    view! {
        <div class="bar">
            <FilterForm address label=search keep=&["view", "level", "flag", "sort", "dir"]>
                <Narrow address name="location" label=t!(catalog_all_locations) options=locations/>
                {apps.then(|| view! {
                    <Narrow address name="platform" label=t!(catalog_all_platforms) options=platforms/>
                    <Narrow address name="type" label=t!(catalog_all_types) options=types.into()/>
                })}
            </FilterForm>
            <Filters label=t!(catalog_by_level)>
                {[
                    (Level::Low, t!(level_filter_low)),
                    (Level::Out, t!(level_out)),
                    (Level::Unused, t!(level_unused)),
                    (Level::Unlimited, t!(level_unlimited)),
                ]
                    .map(|(level, label)| view! { <Pill address name="level" value=level.as_str() label/> })
                    .collect_any()}
                <Pill address name="flag" value="missing" label=t!(asset_missing)/>
            </Filters>
        </div>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_says_all_that_the_list_and_its_export_filter_by() {
        let params = [
            ("search", "key note"),
            ("location", "7"),
            ("type", "store"),
            ("level", "low"),
        ];
        let address = Address::of(params.map(|(name, value)| (name.to_owned(), value.to_owned())));
        let asked = AssetQuery {
            search: "key note".to_owned(),
            location: Some(LocationId("7".to_owned())),
            custom: Some(false),
            level: Some(Level::Low),
            ..AssetQuery::default()
        };
        assert_eq!(query(ProductType::App, &address), asked);
    }
}
