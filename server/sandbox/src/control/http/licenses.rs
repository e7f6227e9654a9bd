//! Licences: purchases and what another MDM does.

use axum::Json;
use axum::extract::{Path, State};
use serde::Deserialize;

use super::order::Order;
use super::{Done, done};
use crate::control::{Control, Purchase};
use crate::wire::PricingParam;
use crate::world::AssetKey;

/// `POST /control/locations/{uid}/buy`, a `Purchase`.
pub(super) async fn buy(
    State(control): State<Control>,
    Path(uid): Path<String>,
    Order(Json(purchase)): Order<Json<Purchase>>,
) -> Done {
    done(control.buy(&uid, &purchase))
}

/// `POST /control/locations/{uid}/refund`, a `Purchase`.
pub(super) async fn refund(
    State(control): State<Control>,
    Path(uid): Path<String>,
    Order(Json(purchase)): Order<Json<Purchase>>,
) -> Done {
    done(control.refund(&uid, &purchase))
}

#[derive(Deserialize)]
pub(super) struct Transfer {
    to: String,
    purchase: Purchase,
}

/// `POST /control/locations/{uid}/transfer` with `to`, `purchase`.
pub(super) async fn transfer(
    State(control): State<Control>,
    Path(uid): Path<String>,
    Order(Json(transfer)): Order<Json<Transfer>>,
) -> Done {
    done(control.transfer(&uid, &transfer.to, &transfer.purchase))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Pairs {
    adam_id: String,
    #[serde(default)]
    pricing_param: PricingParam,
    serial_numbers: Vec<String>,
}

impl Pairs {
    fn key(&self) -> AssetKey {
        AssetKey {
            adam_id: self.adam_id.as_str().into(),
            pricing_param: self.pricing_param,
        }
    }
}

/// `POST /control/locations/{uid}/assign` with `adamId`, `serialNumbers`.
pub(super) async fn assign(
    State(control): State<Control>,
    Path(uid): Path<String>,
    Order(Json(pairs)): Order<Json<Pairs>>,
) -> Done {
    done(control.assign_outside(&uid, &pairs.key(), &pairs.serial_numbers))
}

/// `POST /control/locations/{uid}/release` with `adamId`, `serialNumbers`.
pub(super) async fn release(
    State(control): State<Control>,
    Path(uid): Path<String>,
    Order(Json(pairs)): Order<Json<Pairs>>,
) -> Done {
    done(control.release_outside(&uid, &pairs.key(), &pairs.serial_numbers))
}
