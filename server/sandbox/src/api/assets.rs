//! `GET assets` (apple-api.md §1.5).

use axum::http::Uri;
use serde::{Deserialize, Serialize};

use super::assignments::between_pages;
use super::reply::Answer;
use super::{Caller, Handled, query};
use crate::wire::{AssetRow, ErrorNumber, PageHead, PricingParam, ProductType, UnlimitedRow};
use crate::world::{Asset, DataSet, page_of};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Filter {
    page_index: Option<i32>,
    adam_id: Option<String>,
    product_type: Option<ProductType>,
    pricing_param: Option<PricingParam>,
    #[serde(default, deserialize_with = "query::boolean")]
    revocable: Option<bool>,
    #[serde(default, deserialize_with = "query::boolean")]
    device_assignable: Option<bool>,
    min_available_count: Option<i32>,
    max_available_count: Option<i32>,
    min_assigned_count: Option<i32>,
    max_assigned_count: Option<i32>,
    #[serde(default, deserialize_with = "query::boolean")]
    unlimited: Option<bool>,
}

impl Filter {
    fn takes(&self, asset: &Asset) -> bool {
        self.adam_id.as_deref().is_none_or(|id| *id == *asset.key.adam_id)
            && self.product_type.is_none_or(|kind| kind == asset.product)
            && self
                .pricing_param
                .is_none_or(|pricing| pricing == asset.key.pricing_param)
            && self
                .revocable
                .is_none_or(|revocable| revocable == asset.revocable)
            && self
                .device_assignable
                .is_none_or(|assignable| assignable == asset.device_assignable)
            && within(
                asset.available(),
                self.min_available_count,
                self.max_available_count,
            )
            && within(asset.assigned(), self.min_assigned_count, self.max_assigned_count)
    }
}

/// Whether a count is within the bounds that are given; both belong to it, and any int32 is one.
fn within(count: u32, min: Option<i32>, max: Option<i32>) -> bool {
    let count = i64::from(count);
    min.is_none_or(|min| count >= i64::from(min)) && max.is_none_or(|max| count <= i64::from(max))
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    assets: Vec<AssetRow<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unlimited_assets: Option<Vec<UnlimitedRow<'a>>>,
    #[serde(flatten)]
    head: PageHead,
}

/// A page of assets.
pub(super) fn list(caller: &Caller, uri: &Uri) -> Handled {
    let filter: Filter = query::read(uri)?;
    let faults = &caller.faults.faults;
    let errors = &faults.asset_errors;
    if let Some(error) = filter.adam_id.as_ref().and_then(|id| errors.get(id)) {
        return Err(ErrorNumber(*error).into());
    }
    let index = query::page_index(filter.page_index)?;
    let state = caller.location.state.read();
    // With `unlimited` given, unlimited assets are apart (true) or left out (false).
    let apart = filter.unlimited.is_some();
    let listed =
        |asset: &Asset| filter.adam_id.is_some() || !faults.unlisted_assets.contains(&*asset.key.adam_id);
    let found: Vec<&Asset> = state
        .assets
        .iter()
        .filter(|asset| listed(asset) && filter.takes(asset))
        .collect();
    let (unlimited, limited): (Vec<&Asset>, Vec<&Asset>) =
        found.into_iter().partition(|asset| apart && asset.is_unlimited());
    let (range, pages) = page_of(limited.len(), caller.faults.faults.page_size, index)?;
    let rows: Vec<AssetRow<'_>> = limited
        .get(range)
        .unwrap_or_default()
        .iter()
        .map(|asset| asset.row())
        .collect();
    let unlimited: Vec<UnlimitedRow<'_>> = unlimited.into_iter().map(Asset::unlimited_row).collect();
    let next = (index + 1 < pages).then_some(index + 1);
    let body = Body {
        head: PageHead {
            current_page_index: index,
            next_page_index: next,
            size: rows.len(),
            total_pages: pages,
            version_id: state.version(&caller.location.uid, DataSet::Assets),
            envelope: caller.envelope(&state),
        },
        assets: rows,
        unlimited_assets: (filter.unlimited == Some(true)).then_some(unlimited),
    };
    let answer = Answer::json(&body);
    drop(body);
    drop(state);
    between_pages(caller, next);
    Ok(answer)
}
