use crate::harness::{Bench, small};
use sandbox::{Faults, GeneratedProduct};
use serde_json::Value;

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
