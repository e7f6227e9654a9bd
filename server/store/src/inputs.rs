//! What is written many rows at a time: JSON objects that a database takes apart by these names.

use crate::{
    metadata::AssetMetadata,
    numbers::Number,
    people::DirectoryFacts,
    rows::assets::join_platforms,
    sync::AppleAsset,
    text::{fold, searchable},
};
use contract::{AssetId, DeviceId, devices::DeviceForm, people::PersonForm};
use serde::Serialize;

#[derive(Serialize)]
pub struct AssetInput<'a> {
    id: i64,
    adam: &'a str,
    pricing: &'a str,
    product: i64,
    assigned: i64,
    available: i64,
    retired: i64,
    total: i64,
    unlimited: bool,
    device: bool,
    revocable: bool,
    platforms: String,
}

impl<'a> AssetInput<'a> {
    pub fn new(id: i64, asset: &'a AppleAsset) -> Self {
        Self {
            id,
            adam: &asset.key.adam_id,
            pricing: &asset.key.pricing_param,
            product: asset.product.number(),
            assigned: asset.assigned,
            available: asset.available,
            retired: asset.retired,
            total: asset.total,
            unlimited: asset.unlimited,
            device: asset.device_assignable,
            revocable: asset.revocable,
            platforms: join_platforms(&asset.platforms),
        }
    }
}

#[derive(Serialize)]
pub struct MetadataInput<'a> {
    id: i64,
    name: &'a str,
    sort: String,
    search: String,
    publisher: &'a str,
    icon: Option<&'a str>,
    bundle: &'a str,
    version: &'a str,
    price: &'a str,
    genre: &'a str,
    store: Option<&'a str>,
    os: &'a str,
    custom: bool,
    external: Option<i64>,
    removed: bool,
}

impl<'a> MetadataInput<'a> {
    pub fn new(id: AssetId, metadata: &'a AssetMetadata) -> Self {
        Self {
            id: id.0,
            name: &metadata.name,
            sort: fold(&metadata.name),
            search: searchable(&[&metadata.name, &metadata.publisher, &metadata.bundle_id]),
            publisher: &metadata.publisher,
            icon: metadata.icon.as_deref(),
            bundle: &metadata.bundle_id,
            version: &metadata.version,
            price: &metadata.price,
            genre: &metadata.genre,
            store: metadata.store_url.as_deref(),
            os: &metadata.minimum_os,
            custom: metadata.custom,
            external: metadata.external_id,
            removed: metadata.removed,
        }
    }
}

#[derive(Serialize)]
pub struct DeviceInput<'a> {
    id: &'a str,
    serial: &'a str,
    name: &'a str,
    sort: String,
    search: String,
    platform: &'a str,
    model: &'a str,
    os: &'a str,
    ownership: &'a str,
    supervised: bool,
    enrolment: &'a str,
    kiosk: bool,
    store_blocked: bool,
    user: &'a str,
    user_key: String,
    seen: Option<i64>,
}

impl<'a> From<&'a (DeviceId, DeviceForm)> for DeviceInput<'a> {
    fn from((id, form): &'a (DeviceId, DeviceForm)) -> Self {
        Self {
            id: id.as_str(),
            serial: &form.serial,
            name: &form.name,
            sort: fold(&form.name),
            search: searchable(&[&form.name, &form.user_name, &form.model]),
            platform: form.platform.as_str(),
            model: &form.model,
            os: &form.os_version,
            ownership: form.ownership.as_str(),
            supervised: form.supervised,
            enrolment: form.enrolment.as_str(),
            kiosk: form.kiosk,
            store_blocked: form.store_blocked,
            user: &form.user_name,
            user_key: fold(&form.user_name),
            seen: form.last_check_in,
        }
    }
}

#[derive(Serialize)]
pub struct PersonInput<'a> {
    id: &'a str,
    user: &'a str,
    user_key: String,
    name: &'a str,
    sort: String,
    email: &'a str,
    email_key: String,
    account: &'a str,
    department: &'a str,
    active: bool,
    search: String,
    given: &'a str,
    given_key: String,
    family: &'a str,
    family_key: String,
    external: Option<&'a str>,
}

impl<'a> PersonInput<'a> {
    pub fn new(id: &'a str, form: &'a PersonForm, directory: Option<&'a DirectoryFacts>) -> Self {
        let (given, family) = directory.map_or(("", ""), |facts| (&facts.given_name, &facts.family_name));
        Self {
            id,
            user: &form.user_name,
            user_key: fold(&form.user_name),
            name: &form.name,
            sort: fold(&form.name),
            email: &form.email,
            email_key: fold(&form.email),
            account: &form.managed_apple_account,
            department: &form.department,
            active: form.active,
            search: searchable(&[
                &form.name,
                &form.user_name,
                &form.email,
                &form.managed_apple_account,
            ]),
            given,
            given_key: fold(given),
            family,
            family_key: fold(family),
            external: directory.and_then(|facts| facts.external_id.as_deref()),
        }
    }
}
