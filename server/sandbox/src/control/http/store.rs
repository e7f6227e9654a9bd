//! Products of the store.

use axum::Json;
use axum::extract::{Path, State};
use serde::Deserialize;

use super::order::Order;
use super::{Done, done};
use crate::catalogue::Product;
use crate::control::{Control, ControlError};

/// `GET /control/products/{adamId}`.
pub(super) async fn one(
    State(control): State<Control>,
    Path(adam_id): Path<String>,
) -> Result<Json<Product>, ControlError> {
    let product = control.product(&adam_id).ok_or(ControlError::UnknownProduct)?;
    Ok(Json(Product::clone(&product)))
}

/// `PUT /control/products`, a `Product`.
pub(super) async fn put(State(control): State<Control>, Order(Json(product)): Order<Json<Product>>) -> Done {
    done(control.put_product(product))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Change {
    delisted: Option<bool>,
    version: Option<String>,
    not_sold_in: Option<String>,
    sold_in: Option<String>,
}

/// `PATCH /control/products/{adamId}` with `delisted`, `version`, `notSoldIn`, `soldIn` (a country each).
pub(super) async fn change(
    State(control): State<Control>,
    Path(adam_id): Path<String>,
    Order(Json(change)): Order<Json<Change>>,
) -> Done {
    if let Some(delisted) = change.delisted {
        control.set_delisted(&adam_id, delisted)?;
    }
    if let Some(version) = change.version {
        control.set_version(&adam_id, &version)?;
    }
    if let Some(country) = change.not_sold_in {
        control.set_sold_in(&adam_id, &country, false)?;
    }
    if let Some(country) = change.sold_in {
        control.set_sold_in(&adam_id, &country, true)?;
    }
    done(Ok(()))
}
