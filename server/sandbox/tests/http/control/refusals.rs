//! What no Apple could have is refused, with a word about what is wrong, and changes nothing.

use super::order;
use crate::harness::{Bench, small};
use reqwest::Method;
use sandbox::Organisation;
use serde_json::{Value, json};

/// Sends orders that must be refused with 400 and these words.
async fn refused(bench: &Bench, method: Method, path: &str, orders: impl IntoIterator<Item = (Value, &str)>) {
    for (body, said) in orders {
        let (status, answer) = order(bench, method.clone(), path, Some(body.clone())).await;
        let error = answer["error"].as_str().unwrap_or_default();
        assert!(
            status == 400 && error.contains(said),
            "{method} {path} {body}: {status} {answer}"
        );
    }
}

#[tokio::test]
async fn a_country_is_two_letters_and_no_name_is_empty() {
    let bench = Bench::start().await;
    let control = bench.sandbox.control();
    let before = control.locations();
    for country in ["swe", "", "ZZZ", "S1", "ø", "s "] {
        let said = "country is two letters";
        let new = json!({ "uid": "77", "name": "New", "organisation": "Added", "country": country });
        refused(&bench, Method::POST, "locations", [(new, said)]).await;
        let plan = json!({ "name": "Added", "country": country });
        refused(&bench, Method::POST, "organisations", [(plan, said)]).await;
        let own = format!("locations/{}", bench.uid);
        let change = json!({ "name": "Renamed", "country": country });
        refused(&bench, Method::PATCH, &own, [(change, said)]).await;
    }
    for name in ["", " "] {
        let said = "is empty";
        for (name, organisation) in [(name, "Added"), ("New", name)] {
            let new = json!({ "uid": "77", "name": name, "organisation": organisation, "country": "SE" });
            refused(&bench, Method::POST, "locations", [(new, said)]).await;
        }
        let plans = [json!({ "name": name }), json!({ "location_names": [name] })];
        let plans = plans.into_iter().map(|plan| (plan, said));
        refused(&bench, Method::POST, "organisations", plans).await;
        let own = format!("locations/{}", bench.uid);
        let change = json!({ "name": name, "country": "NO" });
        refused(&bench, Method::PATCH, &own, [(change, said)]).await;
    }
    assert_eq!(
        control.locations(),
        before,
        "nothing is changed, and nothing added"
    );
}

#[tokio::test]
async fn a_uid_is_made_of_digits() {
    let bench = Bench::start().await;
    let new = |uid: &str| json!({ "uid": uid, "name": "New", "organisation": "Added", "country": "SE" });
    let none = ["", "abc", "12 ", "-1", "١٢", "123456789012345678901"];
    let none = none.into_iter().map(|uid| (new(uid), "uid is 1 to 20 digits"));
    refused(&bench, Method::POST, "locations", none).await;
    for uid in ["7", "12345678901234567890"] {
        let (status, _) = order(&bench, Method::POST, "locations", Some(new(uid))).await;
        assert_eq!(status, 201, "{uid}");
    }
}

#[tokio::test]
async fn a_claim_of_another_mdm_is_such_as_client_config_takes() {
    let bench = Bench::start().await;
    let claim =
        |id: &str, name: &str, metadata: &str| json!({ "id": id, "name": name, "metadata": metadata });
    let long = |length| "x".repeat(length);
    let wrong = [
        (claim("", "n", "m"), "9723"),
        (claim("i", "", "m"), "9723"),
        (claim("i", "n", ""), "9723"),
        (claim("i", "n", &long(256)), "9713"),
        (claim(&long(101), "n", "m"), "9724"),
        (claim("i", &long(101), "m"), "9725"),
    ];
    let path = format!("locations/{}/claim", bench.uid);
    refused(&bench, Method::PUT, &path, wrong.clone()).await;
    assert!(bench.get("assets").await.json.get("mdmInfo").is_none());
    let foreign = |claim: Value| json!({ "foreign_claim": { "after_requests": 1, "mdm_info": claim } });
    let wrong = wrong.map(|(claim, said)| (foreign(claim), said));
    refused(&bench, Method::PUT, "faults", wrong).await;
    let right = claim(&long(100), &long(100), &long(255));
    assert_eq!(order(&bench, Method::PUT, &path, Some(right)).await.0, 204);
    let own = format!("locations/{}/faults", bench.uid);
    let shorter = json!({ "limits": { "maxMdmIdLength": 3 } });
    order(&bench, Method::PUT, &own, Some(shorter)).await;
    refused(&bench, Method::PUT, &path, [(claim("four", "n", "m"), "9724")]).await;
}

#[tokio::test]
async fn a_product_has_a_number_and_platforms_that_apple_knows() {
    let bench = Bench::start().await;
    let path = format!("products/{}", bench.adam_id(0));
    let (_, product) = order(&bench, Method::GET, &path, None).await;
    let with = |member: &str, value: Value| {
        let mut product = product.clone();
        product[member] = value;
        product
    };
    for id in ["", "12a", "12345678901234567890"] {
        let product = with("adamId", json!(id));
        refused(
            &bench,
            Method::PUT,
            "products",
            [(product, "adamId is 1 to 19 digits")],
        )
        .await;
    }
    for platforms in [json!([]), json!(["iPadOS"]), json!(["iOS", "ios"])] {
        let product = with("platforms", platforms);
        refused(&bench, Method::PUT, "products", [(product, "visionOS")]).await;
    }
    assert_eq!(order(&bench, Method::GET, &path, None).await.1, product);
    let all = with(
        "platforms",
        json!(["iOS", "macOS", "tvOS", "watchOS", "visionOS"]),
    );
    assert_eq!(order(&bench, Method::PUT, "products", Some(all)).await.0, 204);
}

#[tokio::test]
async fn no_limit_is_beyond_apples_numbers() {
    let bench = Bench::start().await;
    let names = [
        "maxAssets",
        "maxClientUserIds",
        "maxSerialNumbers",
        "maxRevokeClientUserIds",
        "maxRevokeSerialNumbers",
        "maxUsers",
        "maxNotificationLength",
        "maxMdmNameLength",
        "maxMdmMetadataLength",
        "maxMdmIdLength",
        "maxSubscriptions",
        "maxSubscriptionClientUserIds",
    ];
    let limit = |name: &str, limit: u32| json!({ "limits": { name: limit } });
    let beyond = names.map(|name| (limit(name, 2_147_483_648), name));
    refused(&bench, Method::PUT, "faults", beyond).await;
    let paces = ["pace_limit", "announced_pace"];
    let beyond = paces.map(|name| (json!({ name: 2_147_483_648_u32 }), name));
    refused(&bench, Method::PUT, "faults", beyond).await;
    for name in names {
        let (status, faults) = order(&bench, Method::PUT, "faults", Some(limit(name, 2_147_483_647))).await;
        assert_eq!((status, &faults["limits"][name]), (200, &json!(2_147_483_647)));
    }
}

#[tokio::test]
async fn an_invitation_is_not_accepted_without_an_account_or_with_anothers() {
    let bench = Bench::start().await;
    let users = json!({ "users": [{ "clientUserId": "a", "managedAppleId": "a@example.org" }, { "clientUserId": "b" }] });
    bench.run("users/create", users).await;
    let code = bench.sandbox.control().invite_code(&bench.uid, "b").unwrap();
    let path = format!("invitations/{code}/accept");
    let blank = ["", " \t"].map(|account| (json!({ "appleAccount": account }), "appleAccount is empty"));
    refused(&bench, Method::POST, &path, blank).await;
    let taken = "Apple's error 9641: The Apple Account is already associated with another user.";
    let account = json!({ "appleAccount": "a@example.org" });
    let answer = order(&bench, Method::POST, &path, Some(account)).await;
    assert_eq!(answer, (409, json!({ "error": taken })));

    let config = bench.get("service/config").await.json;
    let page = config["urls"]["invitationEmail"].as_str().unwrap();
    let page = page.replace("%25inviteCode%25", &code);
    for (form, status, said) in [
        ("appleAccount=+", 400, "appleAccount is empty"),
        ("appleAccount=a%40example.org", 409, taken),
    ] {
        let form = bench.client.post(&page).body(form);
        let form = form.header("Content-Type", "application/x-www-form-urlencoded");
        let answer = form.send().await.unwrap();
        assert_eq!(answer.status(), status);
        let text = answer.text().await.unwrap();
        assert!(text.contains(said), "{text}");
    }
    assert_eq!(
        bench.get("users?clientUserId=b").await.json["users"][0]["status"],
        "Registered"
    );
}

#[tokio::test]
async fn what_the_generator_cannot_reach_is_refused_with_what_it_can() {
    let bench = Bench::start().await;
    let plan = |assignments: u32| json!({ "seed": 5, "apps": 3, "devices": 4, "assignments": assignments });
    let most = "assignments is at most 12";
    refused(&bench, Method::POST, "organisations", [(plan(13), most)]).await;
    refused(&bench, Method::POST, "devices", [(plan(13), most)]).await;
    // Devices are spread over the locations: one has none.
    let spread = json!({ "seed": 5, "apps": 3, "devices": 1, "locations": 2, "assignments": 1 });
    refused(
        &bench,
        Method::POST,
        "organisations",
        [(spread, "assignments is at most 0")],
    )
    .await;
    // The thirtieth app is for users alone.
    let users_only = json!({ "seed": 5, "apps": 30, "devices": 1, "assignments": 30 });
    refused(
        &bench,
        Method::POST,
        "organisations",
        [(users_only, "assignments is at most 29")],
    )
    .await;
    let readers = Organisation {
        assignments: 1,
        ..small()
    };
    let readers = serde_json::to_value(readers).unwrap();
    refused(
        &bench,
        Method::POST,
        "devices",
        [(readers, "assignments is at least ")],
    )
    .await;
    for (wrong, said) in [
        (json!({ "apps": 3, "plus_apps": 4 }), "plus_apps is at most 3"),
        (
            json!({ "users": 3, "retired_users": 4 }),
            "retired_users is at most 3",
        ),
    ] {
        refused(&bench, Method::POST, "organisations", [(wrong, said)]).await;
    }
    let (status, added) = order(&bench, Method::POST, "organisations", Some(plan(12))).await;
    let uid = added["uids"][0].as_str().unwrap();
    let location = bench.sandbox.control().summary(uid).unwrap();
    assert_eq!((status, location.assignments), (200, 12));
}
