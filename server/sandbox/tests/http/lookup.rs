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
    control.put_product(GeneratedProduct {
        custom: true,
        ..app()
    });
    assert!(!found("se", false).await && found("se", true).await);
    control.set_sold_in(&id, "se", false).unwrap();
    assert!(!found("se", true).await && found("us", true).await);
    control.revoke_token(&bench.token).unwrap();
    assert!(!found("us", true).await);
}

#[tokio::test]
async fn an_unknown_product_is_an_empty_result() {
    let bench = Bench::start().await;
    assert_eq!(
        look_up(&bench, "42", "platform=enterprisestore&cc=us", true).await["results"],
        serde_json::json!({})
    );
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
