//! The list's filters: what the URL says of them, and their fields.

use super::view::View;
use crate::{
    t,
    ui::{Address, FilterForm, Filters, Narrow, Pill},
};
use contract::{
    LocationId,
    catalog::{AssetQuery, Level, ProductType},
};
use leptos::prelude::*;
use leptos_router::params::ParamsMap;

/// Apple's words.
const PLATFORMS: [&str; 5] = ["iOS", "macOS", "tvOS", "watchOS", "visionOS"];

pub(super) fn query(product: ProductType, address: &Address) -> AssetQuery {
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

/// The same list as a file (C6).
pub(super) fn export_path(query: &AssetQuery, view: View) -> String {
    let product = match query.product {
        ProductType::App => "app",
        ProductType::Book => "book",
    };
    let fields = [
        ("product", Some(product.to_owned())),
        ("search", Some(query.search.clone())),
        ("location", query.location.as_ref().map(ToString::to_string)),
        ("platform", Some(query.platform.clone())),
        ("custom", query.custom.map(|custom| custom.to_string())),
        ("level", query.level.map(|level| level.as_str().to_owned())),
        ("missing", query.missing.then(|| "true".to_owned())),
        ("view", (view == View::Apps).then(|| "apps".to_owned())),
    ];
    let mut params = ParamsMap::new();
    for (name, value) in fields {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            params.insert(name, value);
        }
    }
    format!("/export/apps.csv{}", params.to_query_string())
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
    view! {
        <div class="bar">
            <FilterForm address label=t!(catalog_search) keep=&["view", "level", "flag", "sort", "dir"]>
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
                    .collect_view()}
                <Pill address name="flag" value="missing" label=t!(asset_missing)/>
            </Filters>
        </div>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_export_has_the_filters_of_the_list() {
        let query = AssetQuery {
            search: "key note".to_owned(),
            location: Some(LocationId("7".to_owned())),
            custom: Some(false),
            level: Some(Level::Low),
            ..AssetQuery::default()
        };
        let path = export_path(&query, View::Tokens);
        for part in [
            "product=app",
            "search=key",
            "location=7",
            "custom=false",
            "level=low",
        ] {
            assert!(path.contains(part), "{path} lacks {part}");
        }
        assert!(!path.contains("platform") && !path.contains("view"));
        assert!(export_path(&query, View::Apps).contains("view=apps"));
    }
}
