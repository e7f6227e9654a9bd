//! The control API over HTTP.

mod faults;
mod organisations;
mod refusals;

use crate::harness::{Bench, small};
use reqwest::Method;
use serde_json::{Value, json};

async fn order(bench: &Bench, method: Method, path: &str, body: Option<Value>) -> (u16, Value) {
    let request = bench
        .client
        .request(method, format!("{}{path}", bench.sandbox.control_url()));
    let request = match body {
        Some(body) => request.json(&body),
        None => request,
    };
    let answer = request.send().await.unwrap();
    let status = answer.status().as_u16();
    let text = answer.text().await.unwrap();
    (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
}

#[tokio::test]
async fn it_is_healthy_and_explains_itself() {
    let bench = Bench::start().await;
    assert_eq!(
        order(&bench, Method::GET, "health", None).await,
        (200, json!({ "status": "ok" }))
    );
    let page = bench
        .client
        .get(format!("http://{}/", bench.sandbox.address()))
        .send()
        .await
        .unwrap();
    let page = page.text().await.unwrap();
    assert!(page.contains("It is not Apple, and everything in it is made up. The API begins at"));
    assert!(!page.contains(".rs"), "the page is for people without the source");
    for switch in ["asset_errors", "asset_event_errors", "faults_at_metadata_lookup"] {
        let explained = format!("<code>{switch}</code>");
        assert!(page.contains(&explained), "{switch} is explained");
    }
}

/// What the page's next example does: method, address, and the body if there is one.
fn example(page: &str) -> Option<(Method, String, Option<Value>)> {
    let line = page.split_once("</pre>")?.0;
    let line = line.replace("&quot;", "\"").replace("&amp;", "&");
    let mut parts = line.split('\'');
    let method = parts.next()?.trim().parse().ok()?;
    let url = parts.next()?.to_owned();
    let body = parts.nth(1).map(|body| serde_json::from_str(body).unwrap());
    Some((method, url, body))
}

#[tokio::test]
async fn every_order_on_its_page_works_as_it_stands() {
    let bench = Bench::with(sandbox::Organisation {
        locations: 2,
        ..small()
    })
    .await;
    let page = format!("http://{}/", bench.sandbox.address());
    let page = bench.client.get(page).send().await.unwrap().text().await.unwrap();
    let mut paths = Vec::new();
    for (method, url, body) in page.split("<pre>curl -X ").skip(1).filter_map(example) {
        let path = url.split_once("/control/").unwrap().1;
        let (status, answer) = order(&bench, method.clone(), path, body).await;
        // Nobody has the token or the invitation of the examples.
        let named = path.starts_with("tokens/") || path.starts_with("invitations/");
        let expected = if named { 404..=404 } else { 200..=204 };
        assert!(expected.contains(&status), "{method} {path}: {status} {answer}");
        assert!(!named || answer["error"].is_string(), "{method} {path}: {answer}");
        paths.push(format!("{method} {path}"));
    }
    assert_eq!(paths.len(), 32, "{paths:#?}");
}

#[tokio::test]
async fn tokens_are_issued_expired_and_revoked() {
    let mut bench = Bench::start().await;
    let path = format!("locations/{}/tokens", bench.uid);
    let (status, issued) = order(&bench, Method::POST, &path, None).await;
    assert_eq!(status, 200);
    bench.token = issued["token"].as_str().unwrap().to_owned();
    assert_eq!(bench.get("assets").await.status, 200);
    let token = json!({ "token": bench.token });
    assert_eq!(
        order(&bench, Method::POST, "tokens/expire", Some(token.clone()))
            .await
            .0,
        204
    );
    assert_eq!(bench.get("assets").await.error().1, 9621);
    assert_eq!(
        order(&bench, Method::POST, "tokens/revoke", Some(token)).await.0,
        204
    );
    assert_eq!(bench.get("assets").await.error().1, 9625);
    let role = json!({ "role": "read_only", "expires": "2031-01-01T00:00:00Z" });
    let (_, issued) = order(&bench, Method::POST, &path, Some(role)).await;
    bench.token = issued["token"].as_str().unwrap().to_owned();
    assert_eq!(
        bench.get("assets").await.json["tokenExpirationDate"],
        "2031-01-01T00:00:00+0000"
    );
    assert_eq!(
        order(
            &bench,
            Method::POST,
            "tokens/revoke",
            Some(json!({ "token": "x" }))
        )
        .await
        .0,
        404
    );
}

#[tokio::test]
async fn licences_claims_and_invitations_are_changed_from_outside() {
    let bench = Bench::with(sandbox::Organisation {
        locations: 2,
        ..small()
    })
    .await;
    let at = |verb: &str| format!("locations/{}/{verb}", bench.uid);
    let id = bench.adam_id(0);
    let purchase = json!({ "adamId": id, "count": 2 });
    assert_eq!(
        order(&bench, Method::POST, &at("buy"), Some(purchase.clone()))
            .await
            .0,
        204
    );
    assert_eq!(
        order(&bench, Method::POST, &at("refund"), Some(purchase.clone()))
            .await
            .0,
        204
    );
    let transfer = json!({ "to": small().location_uid(1), "purchase": purchase });
    assert_eq!(
        order(&bench, Method::POST, &at("transfer"), Some(transfer))
            .await
            .0,
        204
    );
    for verb in ["buy", "refund"] {
        let none = json!({ "adamId": id, "count": 0 });
        let (status, answer) = order(&bench, Method::POST, &at(verb), Some(none)).await;
        assert_eq!((status, &answer["error"]), (400, &json!("count is at least 1")));
    }
    let too_many = json!({ "adamId": id, "count": 99 });
    assert_eq!(
        order(&bench, Method::POST, &at("refund"), Some(too_many)).await.0,
        409
    );
    let pairs = json!({ "adamId": id, "serialNumbers": ["B", "A"] });
    assert_eq!(
        order(&bench, Method::POST, &at("assign"), Some(pairs)).await.0,
        204
    );
    let one = json!({ "adamId": id, "serialNumbers": ["B"] });
    assert_eq!(
        order(&bench, Method::POST, &at("release"), Some(one)).await.0,
        204
    );
    let claim = json!({ "id": "1", "name": "Other", "metadata": "m" });
    assert_eq!(
        order(&bench, Method::PUT, &at("claim"), Some(claim.clone()))
            .await
            .0,
        204
    );
    assert_eq!(bench.get("assets").await.json["mdmInfo"], claim);
    assert_eq!(order(&bench, Method::DELETE, &at("claim"), None).await.0, 204);
    bench
        .run("users/create", json!({ "users": [{ "clientUserId": "u" }] }))
        .await;
    let code = bench.sandbox.control().invite_code(&bench.uid, "u").unwrap();
    let (_, invited) = order(&bench, Method::GET, &format!("invitations/{code}"), None).await;
    assert_eq!(invited["clientUserId"], "u");
    let account = json!({ "appleAccount": "u@example.org" });
    assert_eq!(
        order(
            &bench,
            Method::POST,
            &format!("invitations/{code}/accept"),
            Some(account)
        )
        .await
        .0,
        200
    );
}

#[tokio::test]
async fn what_no_device_can_have_or_give_back_is_not_changed_from_outside() {
    let bench = Bench::start().await;
    let control = bench.sandbox.control();
    let mut product = sandbox::Product::clone(&control.product(&bench.adam_id(0)).unwrap());
    product.adam_id = "4711".to_owned();
    product.device_assignable = false;
    control.put_product(product).unwrap();
    control
        .buy(&bench.uid, &sandbox::Purchase::of("4711", 3))
        .unwrap();
    for (verb, adam_id, number) in [
        ("assign", bench.book(), "9707"),
        ("release", bench.book(), "9706"),
        ("assign", "4711".to_owned(), "9707"),
        ("release", "4711".to_owned(), "9707"),
    ] {
        let path = format!("locations/{}/{verb}", bench.uid);
        let pairs = json!({ "adamId": adam_id, "serialNumbers": ["A"] });
        let (status, answer) = order(&bench, Method::POST, &path, Some(pairs)).await;
        let error = answer["error"].as_str().unwrap();
        assert!(
            status == 409 && error.contains(number),
            "{verb} {adam_id}: {answer}"
        );
    }
    let state = control.state(&bench.uid).unwrap();
    assert!(state.assignments.iter().all(|row| row.serial_number.is_none()));
}

#[tokio::test]
async fn the_state_is_whole_sorted_and_valid_json() {
    let bench = Bench::start().await;
    let body = json!({ "assets": [bench.asset(1), bench.asset(0)], "serialNumbers": ["Z9", "A1"] });
    bench.run("assets/associate", body).await;
    let (_, state) = order(
        &bench,
        Method::GET,
        &format!("locations/{}/state", bench.uid),
        None,
    )
    .await;
    assert_eq!(state["location"]["uid"], bench.uid);
    assert_eq!(state["assets"].as_array().unwrap().len(), 8);
    let mut ids = [bench.adam_id(0), bench.adam_id(1)];
    ids.sort();
    let rows = state["assignments"].as_array().unwrap();
    let devices: Vec<(&str, &str)> = rows
        .iter()
        .filter_map(|row| Some((row["adamId"].as_str()?, row["serialNumber"].as_str()?)))
        .collect();
    let expected = [
        (&*ids[0], "A1"),
        (&*ids[0], "Z9"),
        (&*ids[1], "A1"),
        (&*ids[1], "Z9"),
    ];
    assert_eq!(devices, expected);
    let same = serde_json::to_value(bench.sandbox.control().state(&bench.uid).unwrap()).unwrap();
    assert_eq!(same, state);
    let path = format!("locations/{}/state?assignments=false", bench.uid);
    assert_eq!(
        order(&bench, Method::GET, &path, None).await.1["assignments"],
        json!([])
    );
}

#[tokio::test]
async fn the_state_has_tokens_without_their_text_settings_events_and_platforms() {
    let bench = Bench::start().await;
    let control = bench.sandbox.control();
    let receiver = crate::harness::Receiver::start().await;
    bench.subscribe(&receiver).await;
    let gone = control.issue_token(&bench.uid).unwrap();
    control.expire_token(&gone, None).unwrap();
    control.revoke_token(&gone).unwrap();
    let body = json!({ "assets": [bench.asset(0)], "serialNumbers": bench.serials(8) });
    bench.run("assets/associate", body).await;
    let path = format!("locations/{}/state", bench.uid);
    let (_, state) = order(&bench, Method::GET, &path, None).await;

    let tokens = state["tokens"].as_array().unwrap();
    let of = |token: &Value| {
        (
            token["expired"].as_bool().unwrap(),
            token["revoked"].as_bool().unwrap(),
        )
    };
    assert_eq!(
        tokens.iter().map(of).collect::<Vec<_>>(),
        [(true, true), (false, false)]
    );
    assert_eq!(tokens[1]["role"], "content_manager");
    assert_eq!(tokens[1]["sha256"].as_str().unwrap().len(), 64);
    let text = state.to_string();
    assert!(!text.contains(&bench.token) && !text.contains(&gone) && !text.contains("s3cret"));

    assert_eq!(state["notifications"]["url"], receiver.url);
    assert_eq!(state["notifications"]["hasAuthToken"], true);
    assert_eq!(state["notifications"]["types"].as_array().unwrap().len(), 4);

    let event = &state["events"][0];
    assert_eq!(
        (
            &event["eventType"],
            &event["eventStatus"],
            &event["numRequested"],
            &event["numCompleted"]
        ),
        (&json!("ASSOCIATE"), &json!("FAILED"), &json!(8), &json!(5))
    );
    assert_eq!(event["failures"][0]["errorNumber"], 9709);
    let status = format!("status?eventId={}", event["eventId"].as_str().unwrap());
    assert_eq!(bench.get(&status).await.json["failures"], event["failures"]);

    let shown = bench.get("assets").await.json;
    for asset in state["assets"].as_array().unwrap() {
        let rows = shown["assets"].as_array().unwrap();
        let row = rows.iter().find(|row| row["adamId"] == asset["adamId"]).unwrap();
        assert_eq!(asset["supportedPlatforms"], row["supportedPlatforms"]);
    }
    let (_, less) = order(&bench, Method::GET, &format!("{path}?events=false"), None).await;
    assert_eq!(less["events"], json!([]));
}

#[tokio::test]
async fn the_log_tells_what_was_asked_and_accepted_and_can_be_reset() {
    let bench = Bench::start().await;
    let body = json!({ "assets": [bench.asset(0)], "serialNumbers": ["A", "B"] });
    let event = bench.post("assets/associate", body).await.json["eventId"].clone();
    bench.get("assets?pageIndex=5").await;
    let (_, log) = order(&bench, Method::GET, "requests", None).await;
    assert_eq!(log[0]["method"], "POST");
    assert_eq!(log[0]["path"], "/mdm/v2/assets/associate");
    assert_eq!(log[0]["body"]["serialNumbers"], json!(["A", "B"]));
    assert_eq!(log[0]["body"]["assets"], json!([bench.adam_id(0)]));
    assert_eq!(
        (&log[0]["accepted"], &log[0]["eventId"], &log[0]["uid"]),
        (&json!(true), &event, &json!(bench.uid))
    );
    assert_eq!(
        (&log[1]["query"], &log[1]["status"]),
        (&json!("pageIndex=5"), &json!(400))
    );
    assert_eq!(
        (&log[1]["errorNumber"], &log[1]["accepted"]),
        (&json!(9650), &json!(false))
    );
    assert_eq!(
        order(&bench, Method::GET, "requests?from=1", None)
            .await
            .1
            .as_array()
            .unwrap()
            .len(),
        1
    );
    assert_eq!(order(&bench, Method::DELETE, "requests", None).await.0, 204);
    assert_eq!(order(&bench, Method::GET, "requests", None).await.1, json!([]));
}

#[tokio::test]
async fn the_log_has_requests_that_apple_does_not_know_and_bodies_that_are_too_long() {
    let bench = Bench::start().await;
    for path in ["", "nothing", "subscriptions/enable"] {
        let answer = bench.post(path, json!({})).await;
        assert_eq!(answer.error(), (404, 9602), "{path}");
    }
    // One byte too long, so that all of it is read before the answer.
    let url = format!("{}assets/associate", bench.sandbox.base_url());
    let long = bench.client.post(url).bearer_auth(&bench.token);
    let long = long.body(vec![b' '; 16 * 1024 * 1024 + 1]).send().await.unwrap();
    assert_eq!(long.status(), 413);
    let (_, log) = order(&bench, Method::GET, "requests", None).await;
    let noted: Vec<Value> = log
        .as_array()
        .unwrap()
        .iter()
        .map(|record| {
            json!([
                record["path"],
                record["status"],
                record["errorNumber"],
                record["accepted"]
            ])
        })
        .collect();
    let expected = [
        json!(["/mdm/v2/", 404, 9602, false]),
        json!(["/mdm/v2/nothing", 404, 9602, false]),
        json!(["/mdm/v2/subscriptions/enable", 404, 9602, false]),
        json!(["/mdm/v2/assets/associate", 413, 9602, false]),
    ];
    assert_eq!(noted, expected);
}

#[tokio::test]
async fn an_order_that_does_not_fit_is_refused_in_json() {
    let bench = Bench::start().await;
    let at = |verb: &str| format!("locations/{}/{verb}", bench.uid);
    // One byte too long, so that all of it is read before the answer.
    let long = " ".repeat(2 * 1024 * 1024 + 1);
    let json = Some("application/json");
    for (method, path, kind, body, status) in [
        (Method::POST, "locations", json, "no json", 400),
        (Method::POST, "locations", json, "[]", 400),
        (Method::POST, "locations", json, &*long, 413),
        (Method::POST, "locations", None, "{}", 415),
        (Method::POST, "organisations", json, r#"{"lokations":2}"#, 400),
        (Method::POST, &*at("buy"), json, r#"{"adamId":1}"#, 400),
        (Method::POST, &*at("tokens"), json, "[", 400),
        (Method::POST, &*at("tokens"), json, &*long, 413),
        (Method::POST, "organisations", json, "[]", 400),
        (Method::PUT, "faults", json, "[", 400),
        (Method::PUT, "faults", json, "[]", 400),
        (Method::PUT, "products", json, "{}", 400),
        (Method::PATCH, "products/1", json, r#"{"typo":1}"#, 400),
        (Method::GET, "requests?from=x", None, "", 400),
        (Method::GET, &*at("state?events=perhaps"), None, "", 400),
    ] {
        let url = format!("{}{path}", bench.sandbox.control_url());
        let request = bench.client.request(method.clone(), url).body(body.to_owned());
        let request = kind
            .into_iter()
            .fold(request, |request, kind| request.header("Content-Type", kind));
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), status, "{method} {path}");
        let answer: Value = answer.json().await.unwrap();
        assert!(answer["error"].is_string(), "{method} {path}: {answer}");
    }
}

#[tokio::test]
async fn products_are_read_delisted_and_added() {
    let bench = Bench::start().await;
    let path = format!("products/{}", bench.adam_id(0));
    let (_, mut product) = order(&bench, Method::GET, &path, None).await;
    let change = json!({ "delisted": true, "notSoldIn": "se", "version": "9.9" });
    assert_eq!(order(&bench, Method::PATCH, &path, Some(change)).await.0, 204);
    let (_, changed) = order(&bench, Method::GET, &path, None).await;
    assert_eq!(
        (&changed["delisted"], &changed["notSoldIn"]),
        (&json!(true), &json!(["SE"]))
    );
    product["adamId"] = json!("4711");
    assert_eq!(order(&bench, Method::PUT, "products", Some(product)).await.0, 204);
    let buy = json!({ "adamId": "4711", "count": 2 });
    assert_eq!(
        order(
            &bench,
            Method::POST,
            &format!("locations/{}/buy", bench.uid),
            Some(buy)
        )
        .await
        .0,
        204
    );
    assert_eq!(
        bench.get("assets?adamId=4711").await.json["assets"][0]["availableCount"],
        2
    );
    assert_eq!(order(&bench, Method::GET, "products/0", None).await.0, 404);
}

#[tokio::test]
async fn a_stopped_sandbox_answers_no_more() {
    let bench = Bench::start().await;
    let url = format!("{}health", bench.sandbox.control_url());
    assert!(bench.client.get(&url).send().await.is_ok());
    bench.sandbox.shutdown().await;
    assert!(bench.client.get(&url).send().await.is_err());
}
