//! contentMetadataLookup (apple-api.md §4.3), answers of version 2 and of the older version 1.

use std::sync::Arc;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::header::COOKIE;
use axum::http::request::Parts;
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::stores::{price_in, store_id};
use crate::api::{Answer, Reply, origin, send, strike_if};
use crate::catalogue::Product;
use crate::faults::ActiveFaults;
use crate::log::Record;
use crate::wire::{ErrorNumber, ProductType};
use crate::world::{Location, World};

/// The query.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Parameters {
    id: Option<String>,
    p: Option<String>,
    platform: Option<String>,
    cc: Option<String>,
}

/// `GET /WebObjects/MZStorePlatform.woa/wa/lookup`.
pub(crate) async fn lookup(
    State(world): State<Arc<World>>,
    query: Result<Query<Parameters>, QueryRejection>,
    parts: Parts,
) -> Response {
    let holder = token_location(&world, &parts);
    let faults = match &holder {
        Some(location) => world.faults.of(&location.uid),
        None => world.faults.common(),
    };
    let record = Record {
        uid: holder.as_ref().map(|location| location.uid.clone()),
        ..Record::new(&parts, world.clock.now())
    };
    let request = Lookup {
        // A query that says something twice says nothing that could be found.
        query: query.map(|Query(query)| query).unwrap_or_default(),
        holder,
        origin: origin(&parts),
    };
    let reply = request.reply(&world, &faults);
    send(&world, record, reply, &faults.faults).await
}

/// What is asked, by whom, and at which address.
struct Lookup {
    query: Parameters,
    holder: Option<Arc<Location>>,
    origin: String,
}

impl Lookup {
    fn reply(&self, world: &World, faults: &ActiveFaults) -> Reply {
        let delivery = match strike_if(faults.faults.faults_at_metadata_lookup, faults) {
            Ok(delivery) => delivery,
            Err(reply) => return reply.bare(),
        };
        let errors = &faults.faults.asset_errors;
        let ordered = self.query.id.as_ref().and_then(|id| errors.get(id));
        delivery.of(match ordered {
            Some(error) => Reply::failed_in_store(ErrorNumber(*error)),
            None => Answer::json(&self.answer(world, faults.faults.metadata_version)).into(),
        })
    }

    /// The same when nothing is found and when nothing may be seen.
    fn answer(&self, world: &World, version: u8) -> Value {
        let Parameters { id, p, platform, cc } = &self.query;
        let country = cc.as_deref().unwrap_or("us").to_uppercase();
        let mut results = Map::new();
        let product = id.as_deref().and_then(|id| world.catalogue.read().get(id));
        // The reference knows no other value of `p` that gives this answer.
        let product = product.filter(|_| p.as_deref() == Some("mdm-lockup"));
        if let Some(product) = product.filter(|product| may_see(product, self.holder.as_deref(), &country)) {
            let on_mac = platform.as_deref() == Some("macappstore");
            let entry = if version == 1 {
                version_1(&product, &self.origin, &country, on_mac)
            } else {
                version_2(&product, &self.origin, &country, on_mac)
            };
            results.insert(product.adam_id.clone(), entry);
        }
        json!({
            "results": results,
            "version": version,
            "isAuthenticated": false,
            "meta": { "storefront": { "id": store_id(&country), "cc": country }, "language": { "tag": "en-us" } },
        })
    }
}

/// The location of a good token in cookie `itvt`.
fn token_location(world: &World, parts: &Parts) -> Option<Arc<Location>> {
    let cookies = parts
        .headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|header| header.to_str().ok());
    let text = cookies
        .flat_map(|header| header.split(';'))
        .find_map(|cookie| cookie.trim().strip_prefix("itvt="))?;
    let token = world.token(text.trim_matches('"'))?;
    let good = !token.is_revoked() && token.expires() > world.clock.now();
    world.location(&token.uid).filter(|_| good)
}

/// Custom and delisted products only for their owners; none where it is not sold.
fn may_see(product: &Product, holder: Option<&Location>, country: &str) -> bool {
    let owned = || {
        holder.is_some_and(|location| {
            !location
                .state
                .read()
                .assets
                .with_adam_id(&product.adam_id)
                .is_empty()
        })
    };
    !product.not_sold_in.contains(country) && (!(product.custom || product.delisted) || owned())
}

fn artwork_url(product: &Product, origin: &str) -> String {
    format!("{origin}/icons/{}/{{w}}x{{h}}bb.{{f}}", product.adam_id)
}

fn device_families(product: &Product) -> Vec<&'static str> {
    let runs_on = |name: &str| product.platforms.iter().any(|platform| platform == name);
    let ios = if runs_on("iOS") {
        vec!["iphone", "ipad", "ipod"]
    } else {
        vec![]
    };
    let mac = runs_on("macOS").then_some("mac");
    let tv = runs_on("tvOS").then_some("tvos");
    ios.into_iter().chain(mac).chain(tv).collect()
}

fn kind(product: &Product, on_mac: bool) -> &'static str {
    let mac_only = product.platforms.iter().all(|platform| platform == "macOS");
    let mac_too = product.platforms.iter().any(|platform| platform == "macOS");
    match product.kind {
        ProductType::Book => "ebook",
        ProductType::App if mac_only || (on_mac && mac_too) => "desktopSoftware",
        ProductType::App => "iosSoftware",
    }
}

fn version_2(product: &Product, origin: &str, country: &str, on_mac: bool) -> Value {
    let kind = kind(product, on_mac);
    let store = format!("https://apps.example.com/{}", country.to_lowercase());
    let mut entry = json!({
        "id": product.adam_id,
        "name": product.name,
        "nameRaw": product.name,
        "artistName": product.publisher,
        "artistId": "1000000001",
        "kind": kind,
        "artwork": { "url": artwork_url(product, origin), "width": 1024, "height": 1024, "bgColor": "ffffff" },
        "genreNames": [product.genre],
        "genres": [{ "genreId": "6000", "name": product.genre, "url": store, "mediaType": "8" }],
        "releaseDate": "2021-03-04",
        "description": { "standard": format!("{} is made up for trying things out.", product.name) },
        "userRating": {
            "value": 4.2,
            "ratingCount": 318,
            "valueCurrentVersion": 4.4,
            "ratingCountCurrentVersion": 27,
        },
        "url": format!("{store}/{}/id{}", if kind == "ebook" { "book" } else { "app" }, product.adam_id),
        "shortUrl": format!("https://apps.example.com/id{}", product.adam_id),
        "copyright": format!("© 2026 {}", product.publisher),
        "offers": [offer(product, country, kind)],
    });
    if product.kind == ProductType::App {
        add(&mut entry, of_an_app(product));
    }
    entry
}

/// What only apps have.
fn of_an_app(product: &Product) -> Value {
    let site = |page: &str| format!("https://publisher.example.com/{page}");
    json!({
        "bundleId": product.bundle_id,
        "deviceFamilies": device_families(product),
        "isB2BCustomApp": product.custom,
        "isVppDeviceBasedLicensingEnabled": product.device_assignable,
        "minimumOSVersion": MINIMUM_OS,
        // With the space at the end that Apple leaves there.
        "requiredCapabilities": "arm64 ",
        "latestVersionReleaseDate": "Oct 2, 2026",
        "whatsNew": "Small improvements.",
        "softwareInfo": {
            "seller": product.publisher,
            "languagesDisplayString": "English, Dutch, Swedish",
            "requirementsString": format!("Requires version {MINIMUM_OS} or later."),
            "supportUrl": site("support"),
            "websiteUrl": site(""),
            "privacyPolicyUrl": site("privacy"),
            "eulaUrl": site("terms"),
        },
    })
}

const MINIMUM_OS: &str = "16.0";

fn offer(product: &Product, country: &str, flavor: &str) -> Value {
    let (thousandths, price, formatted) = price_in(country, product.price_thousandths);
    let free = thousandths == 0;
    let mut offer = json!({
        "type": if free { "get" } else { "buy" },
        "price": price,
        "priceFormatted": formatted,
        "buyParams": buy_params(product, thousandths),
        "assets": [{ "flavor": flavor, "size": product.size }],
        "actionText": {
            "short": if free { "Get" } else { "Buy" },
            "medium": if free { "Get" } else { "Buy" },
            "long": if free { "Get" } else { "Buy" },
            "downloaded": "Installed",
            "downloading": "Installing",
        },
    });
    if product.kind == ProductType::App {
        let version = json!({ "display": product.version, "externalId": external_id(product) });
        add(&mut offer, json!({ "version": version }));
    }
    offer
}

/// What the store is asked with; an app's names the version, too.
fn buy_params(product: &Product, thousandths: u64) -> String {
    let rest = format!(
        "price={thousandths}&salableAdamId={}&pricingParameters=STDQ&pg=default",
        product.adam_id
    );
    match product.kind {
        ProductType::App => format!("productType=C&{rest}&appExtVrsId={}", external_id(product)),
        ProductType::Book => format!("productType=PUB&{rest}"),
    }
}

/// Adds the members of one object to another.
fn add(to: &mut Value, more: Value) {
    if let (Value::Object(to), Value::Object(more)) = (to, more) {
        to.extend(more);
    }
}

/// Grows with each release, as Apple's does.
fn external_id(product: &Product) -> u64 {
    let app = product.adam_id.parse::<u64>().unwrap_or(0) % 100_000;
    800_000_000 + app * 1_000 + u64::from(product.releases)
}

fn version_1(product: &Product, origin: &str, country: &str, on_mac: bool) -> Value {
    let mut entry = version_2(product, origin, country, on_mac);
    if let Some(entry) = entry.as_object_mut() {
        let sizes = [60, 128, 512].map(|size| {
            let url = format!("{origin}/icons/{}/{size}x{size}bb.png", product.adam_id);
            json!({ "width": size, "height": size, "url": url })
        });
        entry.insert("artwork".to_owned(), json!(sizes));
        entry.insert(
            "id".to_owned(),
            json!(product.adam_id.parse::<u64>().unwrap_or(0)),
        );
        entry.insert("artistId".to_owned(), json!(1_000_000_001));
    }
    entry
}
