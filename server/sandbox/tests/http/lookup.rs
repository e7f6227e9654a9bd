use crate::harness::{Bench, small};
use reqwest::{Client, RequestBuilder};
use sandbox::{Faults, GeneratedProduct, RandomFault, RandomFaults};
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::Instant;

async fn look_up(bench: &Bench, id: &str, rest: &str, cookie: bool) -> Value {
    let config = bench.get("service/config").await.json;
    let url = config["urls"]["contentMetadataLookup"]
        .as_str()
        .unwrap()
        .to_owned();
    let request = bench.client.get(format!(
        "{url}?version=2&id={id}&p=mdm-lockup&caller=MDM&l=en&{rest}"
    ));
    let request = if cookie {
        request.header("Cookie", format!("itvt={}", bench.token))
    } else {
        request
    };
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status(), 200);
    answer.json().await.unwrap()
}

fn app() -> GeneratedProduct {
    small().apps_of(0).next().unwrap()
}

#[tokio::test]
async fn a_product_has_a_name_a_version_a_price_and_an_icon_that_loads() {
    let bench = Bench::start().await;
    let app = app();
    let answer = look_up(&bench, &app.adam_id, "platform=enterprisestore&cc=se", false).await;
    assert_eq!(
        (&answer["version"], &answer["isAuthenticated"]),
        (&Value::from(2), &Value::from(false))
    );
    let entry = &answer["results"][&app.adam_id];
    assert_eq!(entry["name"], app.name);
    assert_eq!(entry["bundleId"], app.bundle_id);
    assert_eq!(entry["offers"][0]["version"]["display"], app.version);
    assert!(
        entry["offers"][0]["priceFormatted"]
            .as_str()
            .unwrap()
            .ends_with("kr")
    );
    let icon = entry["artwork"]["url"].as_str().unwrap();
    let icon = icon
        .replace("{w}", "128")
        .replace("{h}", "128")
        .replace("{f}", "png");
    let icon = bench.client.get(icon).send().await.unwrap();
    assert_eq!(icon.headers()["content-type"], "image/svg+xml");
    let icon = icon.text().await.unwrap();
    assert!(icon.starts_with("<svg") && icon.contains(r#"width="128" height="128""#));
}

#[tokio::test]
async fn an_app_has_all_that_apple_documents_and_a_book_nothing_of_an_app() {
    let bench = Bench::start().await;
    let (app, book) = (app(), bench.book());
    let answer = look_up(&bench, &app.adam_id, "platform=enterprisestore&cc=us", false).await;
    let entry = &answer["results"][&app.adam_id];
    for text in [
        "id",
        "name",
        "nameRaw",
        "artistName",
        "artistId",
        "bundleId",
        "kind",
        "minimumOSVersion",
        "requiredCapabilities",
        "releaseDate",
        "latestVersionReleaseDate",
        "whatsNew",
        "url",
        "shortUrl",
        "copyright",
    ] {
        assert!(entry[text].is_string(), "{text}");
    }
    for text in [
        "seller",
        "languagesDisplayString",
        "requirementsString",
        "supportUrl",
        "websiteUrl",
        "privacyPolicyUrl",
        "eulaUrl",
    ] {
        assert!(entry["softwareInfo"][text].is_string(), "softwareInfo.{text}");
    }
    for number in [
        "value",
        "ratingCount",
        "valueCurrentVersion",
        "ratingCountCurrentVersion",
    ] {
        assert!(entry["userRating"][number].is_number(), "userRating.{number}");
    }
    let offer = &entry["offers"][0];
    let external = offer["version"]["externalId"].as_u64().unwrap();
    let params = offer["buyParams"].as_str().unwrap();
    assert!(params.ends_with(&format!("&appExtVrsId={external}")), "{params}");
    let thousandths = (offer["price"].as_f64().unwrap() * 1000.0).round();
    assert!(params.contains(&format!("&price={thousandths}&")), "{params}");
    assert!(offer["actionText"]["short"].is_string());

    let answer = look_up(&bench, &book, "platform=enterprisestore&cc=us", false).await;
    let entry = &answer["results"][&book];
    let params = entry["offers"][0]["buyParams"].as_str().unwrap();
    assert!(params.starts_with("productType=PUB&") && !params.contains("appExtVrsId"));
    assert!(entry.get("softwareInfo").is_none() && entry.get("requiredCapabilities").is_none());
}

#[tokio::test]
async fn each_country_has_its_store() {
    let bench = Bench::start().await;
    for (country, store) in [
        ("us", "143441"),
        ("se", "143456"),
        ("nl", "143452"),
        ("de", "143443"),
    ] {
        let rest = format!("platform=enterprisestore&cc={country}");
        let meta = look_up(&bench, &app().adam_id, &rest, false).await["meta"].clone();
        assert_eq!(meta["storefront"]["id"], store, "{country}");
        assert_eq!(meta["storefront"]["cc"], country.to_uppercase());
    }
}

#[tokio::test]
async fn version_1_has_numbers_for_ids_and_a_list_of_artwork() {
    let bench = Bench::with_faults(Faults {
        metadata_version: 1,
        ..Faults::default()
    })
    .await;
    let app = app();
    let answer = look_up(&bench, &app.adam_id, "platform=enterprisestore&cc=se", true).await;
    assert_eq!(answer["version"], 1);
    let entry = &answer["results"][&app.adam_id];
    assert!(entry["id"].is_u64() && entry["artistId"].is_u64() && entry["artwork"][0]["width"].is_u64());
}

#[tokio::test]
async fn custom_and_delisted_apps_need_the_owners_token_and_some_are_not_sold() {
    let bench = Bench::start().await;
    let control = bench.sandbox.control();
    let id = app().adam_id;
    let found = async |country: &str, cookie: bool| {
        let answer = look_up(
            &bench,
            &id,
            &format!("platform=enterprisestore&cc={country}"),
            cookie,
        )
        .await;
        !answer["results"].as_object().unwrap().is_empty()
    };
    assert!(found("se", false).await);
    control.set_delisted(&id, true).unwrap();
    assert!(!found("se", false).await && found("se", true).await);
    control.set_delisted(&id, false).unwrap();
    let custom = GeneratedProduct {
        custom: true,
        ..app()
    };
    control.put_product(custom).unwrap();
    assert!(!found("se", false).await && found("se", true).await);
    control.set_sold_in(&id, "se", false).unwrap();
    assert!(!found("se", true).await && found("us", true).await);
    control.revoke_token(&bench.token).unwrap();
    assert!(!found("us", true).await);
}

#[tokio::test]
async fn an_unknown_product_is_an_empty_result() {
    let bench = Bench::start().await;
    let twice = format!("{0}&id={0}", app().adam_id);
    for id in ["42", "", &*twice] {
        let answer = look_up(&bench, id, "platform=enterprisestore&cc=us", true).await;
        assert_eq!(answer["results"], serde_json::json!({}), "{id}");
    }
}

#[tokio::test]
async fn a_book_has_no_version_and_a_new_version_shows() {
    let bench = Bench::start().await;
    let (book, id) = (bench.book(), app().adam_id);
    let answer = look_up(&bench, &book, "platform=enterprisestore&cc=us", false).await;
    assert_eq!(answer["results"][&book]["kind"], "ebook");
    assert!(answer["results"][&book]["offers"][0].get("version").is_none());
    bench.sandbox.control().set_version(&id, "77.0").unwrap();
    let answer = look_up(&bench, &id, "platform=enterprisestore&cc=us", false).await;
    assert_eq!(answer["results"][&id]["offers"][0]["version"]["display"], "77.0");
}

#[tokio::test]
async fn each_release_has_a_greater_external_id_whatever_it_is_called() {
    let (bench, id) = (Bench::start().await, app().adam_id);
    let external = async || {
        let answer = look_up(&bench, &id, "platform=enterprisestore&cc=us", false).await;
        let version = &answer["results"][&id]["offers"][0]["version"];
        version["externalId"].as_i64().unwrap()
    };
    let mut ids = vec![external().await];
    for version in ["5.0", "5.0.1", "5.1", "6", "6.0", "6.0.0.1", "10.0"] {
        bench.sandbox.control().set_version(&id, version).unwrap();
        ids.push(external().await);
    }
    assert!(ids.is_sorted_by(|one, next| one < next), "{ids:?}");
    bench.sandbox.control().set_version(&id, "10.0").unwrap();
    assert_eq!(external().await, ids[7], "no release");
}

/// A look-up of the first app, with or without the token.
fn request(bench: &Bench, cookie: bool) -> RequestBuilder {
    let origin = format!("http://{}", bench.sandbox.address());
    let url = format!(
        "{origin}/WebObjects/MZStorePlatform.woa/wa/lookup?version=2&id={}&p=mdm-lockup",
        app().adam_id
    );
    let client: &Client = &bench.client;
    match cookie {
        true => client.get(url).header("Cookie", format!("itvt={}", bench.token)),
        false => client.get(url),
    }
}

/// The status of its answer and how long to wait; none if the connection was dropped.
async fn looked_up(bench: &Bench, cookie: bool) -> Option<(u16, Option<String>)> {
    let answer = request(bench, cookie).send().await.ok()?;
    let after = answer.headers().get("retry-after");
    let after = after.map(|after| after.to_str().unwrap().to_owned());
    Some((answer.status().as_u16(), after))
}

#[tokio::test]
async fn faults_strike_the_look_ups_of_their_location_only_by_order() {
    let bench = Bench::start().await;
    let control = bench.sandbox.control();
    let always = |kind| RandomFaults {
        rate: 1.0,
        kinds: vec![kind],
        retry_after: Some(7),
        ..RandomFaults::default()
    };
    let (later, now) = (Some("7".to_owned()), None);
    for (faults, expected) in [
        (
            Faults {
                random: always(RandomFault::Unavailable),
                ..Faults::default()
            },
            Some((503, later.clone())),
        ),
        (
            Faults {
                random: always(RandomFault::InternalError),
                ..Faults::default()
            },
            Some((500, later)),
        ),
        (
            Faults {
                random: always(RandomFault::TooManyRequests),
                ..Faults::default()
            },
            Some((429, now.clone())),
        ),
        (
            Faults {
                random: always(RandomFault::DropBefore),
                ..Faults::default()
            },
            None,
        ),
        (
            Faults {
                random: always(RandomFault::DropAfter),
                ..Faults::default()
            },
            None,
        ),
        (
            Faults {
                too_many_requests_burst: 2,
                ..Faults::default()
            },
            Some((429, now.clone())),
        ),
        (
            Faults {
                request_error: Some(9634),
                ..Faults::default()
            },
            Some((410, now)),
        ),
    ] {
        control.set_location_faults(&bench.uid, faults.clone()).unwrap();
        assert_eq!(looked_up(&bench, true).await, Some((200, None)), "off by default");
        let struck = Faults {
            faults_at_metadata_lookup: true,
            ..faults
        };
        control.set_location_faults(&bench.uid, struck).unwrap();
        assert_eq!(looked_up(&bench, true).await, expected);
        assert_eq!(
            looked_up(&bench, false).await,
            Some((200, None)),
            "nobody's token"
        );
    }
}

#[tokio::test]
async fn look_ups_take_as_long_as_is_ordered_for_their_location() {
    let bench = Bench::start().await;
    let slow = Faults {
        latency_ms: 80,
        ..Faults::default()
    };
    let control = bench.sandbox.control();
    control.set_location_faults(&bench.uid, slow).unwrap();
    let start = Instant::now();
    looked_up(&bench, true).await;
    assert!(start.elapsed() >= Duration::from_millis(80));
    let hour = Faults {
        latency_ms: 3_600_000,
        ..Faults::default()
    };
    control.set_location_faults(&bench.uid, hour).unwrap();
    assert_eq!(looked_up(&bench, false).await, Some((200, None)), "not another's");
}

#[tokio::test]
async fn the_error_of_an_asset_strikes_the_look_ups_of_its_location() {
    let bench = Bench::start().await;
    let faults = Faults {
        asset_errors: BTreeMap::from([(app().adam_id, 9647)]),
        ..Faults::default()
    };
    bench
        .sandbox
        .control()
        .set_location_faults(&bench.uid, faults)
        .unwrap();
    assert_eq!(looked_up(&bench, true).await, Some((500, None)));
    assert_eq!(looked_up(&bench, false).await, Some((200, None)));
}

#[tokio::test]
async fn the_log_has_look_ups_without_their_token_and_no_icons() {
    let bench = Bench::start().await;
    let control = bench.sandbox.control();
    let icon = format!(
        "http://{}/icons/{}/64x64bb.png",
        bench.sandbox.address(),
        app().adam_id
    );
    bench.client.get(icon).send().await.unwrap();
    looked_up(&bench, true).await;
    looked_up(&bench, false).await;
    control.set_faults(Faults {
        faults_at_metadata_lookup: true,
        request_error: Some(9634),
        ..Faults::default()
    });
    looked_up(&bench, true).await;
    let log = control.requests();
    let outcomes: Vec<_> = log
        .iter()
        .map(|record| {
            (
                record.uid.as_deref(),
                record.outcome.status,
                record.outcome.accepted,
            )
        })
        .collect();
    let uid = Some(&*bench.uid);
    let expected = [
        (uid, Some(200), true),
        (None, Some(200), true),
        (uid, Some(410), false),
    ];
    assert_eq!(outcomes, expected);
    assert_eq!(log[2].outcome.error_number, Some(9634));
    assert_eq!(log[0].path, "/WebObjects/MZStorePlatform.woa/wa/lookup");
    assert!(log[0].query.contains(&app().adam_id));
    assert!(!serde_json::to_string(&log).unwrap().contains(&bench.token));
}

#[tokio::test]
async fn an_icon_has_a_size() {
    let bench = Bench::start().await;
    let status = async |file: &str| {
        let url = format!(
            "http://{}/icons/{}/{file}",
            bench.sandbox.address(),
            app().adam_id
        );
        bench.client.get(url).send().await.unwrap().status().as_u16()
    };
    for file in [
        "garbage",
        "-1x-1bb.png",
        "+1x+1bb.png",
        "0x0bb.png",
        "64x64",
        "64x64bb.",
        "64x64zz.png",
        "x64bb.png",
        "70000x64bb.png",
    ] {
        assert_eq!(status(file).await, 404, "{file}");
    }
    for file in ["1x1bb.png", "512x512bb.jpg", "60x60bb.webp"] {
        assert_eq!(status(file).await, 200, "{file}");
    }
}
