//! Every synchronous error, and the order in which they come.

use base64::Engine;
use reqwest::Method;
use sandbox::{Faults, TokenRequest, TokenRole};
use serde_json::{Value, json};

use crate::harness::Bench;

fn texts(prefix: &str, count: usize) -> Vec<String> {
    (0..count).map(|number| format!("{prefix}{number}")).collect()
}

#[tokio::test]
async fn the_gate_checks_method_then_content_type_then_token() {
    let bench = Bench::start().await;
    let control = bench.sandbox.control();
    let url = |path: &str| format!("{}{path}", bench.sandbox.base_url());
    let number = async |request: reqwest::RequestBuilder| {
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        (
            status,
            answer.json::<Value>().await.unwrap()["errorNumber"]
                .as_i64()
                .unwrap(),
        )
    };
    let post = || bench.client.post(url("assets/associate"));
    assert_eq!(number(bench.client.put(url("assets"))).await, (405, 9726));
    assert_eq!(
        number(bench.client.get(url("assets/associate"))).await,
        (405, 9726)
    );
    assert_eq!(number(post().body("{}")).await, (415, 9727));
    for path in ["", "assets/", "subscriptions", "nothing"] {
        assert_eq!(number(bench.client.get(url(path))).await, (404, 9602), "{path}");
    }
    let json = || {
        post()
            .header("Content-Type", "application/json; charset=utf-8")
            .body("no json")
    };
    assert_eq!(number(json()).await, (401, 9601));
    assert_eq!(number(json().header("Authorization", "")).await, (401, 9601));
    assert_eq!(
        number(json().header("Authorization", "Basic abc")).await,
        (401, 9722)
    );
    assert_eq!(
        number(json().header("Authorization", "Bearer ")).await,
        (401, 9722)
    );
    assert_eq!(number(json().bearer_auth("unknown")).await, (401, 9622));
    for (bytes, error) in [
        (b"Bearer t\xf6ken".as_slice(), 9622),
        ("Bearer töken".as_bytes(), 9622),
        (b"Basic t\xf6ken", 9722),
        (b"\xf6", 9722),
    ] {
        let header = reqwest::header::HeaderValue::from_bytes(bytes).unwrap();
        let answer = number(json().header("Authorization", header)).await;
        assert_eq!(answer, (401, error), "{bytes:?}");
    }
    assert_eq!(number(json().bearer_auth(&bench.token)).await, (400, 9602));
    control.expire_token(&bench.token, None).unwrap();
    assert_eq!(number(json().bearer_auth(&bench.token)).await, (401, 9621));
    control.revoke_token(&bench.token).unwrap();
    assert_eq!(number(json().bearer_auth(&bench.token)).await, (401, 9625));
}

#[tokio::test]
async fn the_inner_token_of_the_file_is_not_accepted() {
    let mut bench = Bench::start().await;
    let file = base64::engine::general_purpose::STANDARD
        .decode(&bench.token)
        .unwrap();
    let file: Value = serde_json::from_slice(&file).unwrap();
    assert_eq!(file.as_object().unwrap().len(), 3);
    assert_eq!(file["orgName"], "Fjordlight AB");
    assert!(file["expDate"].as_str().unwrap().ends_with("+0000"));
    bench.token = file["token"].as_str().unwrap().to_owned();
    assert_eq!(bench.get("assets").await.error(), (401, 9622));
}

#[tokio::test]
async fn a_token_is_known_by_what_it_says_however_it_is_written() {
    let mut bench = Bench::start().await;
    let base64 = base64::engine::general_purpose::STANDARD;
    let file: Value = serde_json::from_slice(&base64.decode(&bench.token).unwrap()).unwrap();
    let [expires, token, name] = ["expDate", "token", "orgName"].map(|key| &file[key]);
    for (written, status) in [
        (
            format!("{{ \"orgName\": {name},\n \"token\": {token}, \"expDate\": {expires} }}"),
            200,
        ),
        (format!("{{\"token\":{token}}}"), 200),
        (format!("{{\"token\":{token},\"orgName\":\"Other\"}}"), 401),
        (
            format!("{{\"token\":{token},\"expDate\":\"2099-01-01T00:00:00+0000\"}}"),
            401,
        ),
        ("{\"token\":\"other\"}".to_owned(), 401),
        (format!("{{\"orgName\":{name}}}"), 401),
        (token.to_string(), 401),
    ] {
        bench.token = base64.encode(&written);
        assert_eq!(bench.get("assets").await.status, status, "{written}");
    }
    bench.token = base64.encode(format!("{{\"token\":{token}}}"));
    bench.sandbox.control().revoke_token(&bench.token).unwrap();
    assert_eq!(bench.get("assets").await.error(), (401, 9625));
}

#[tokio::test]
async fn token_errors_can_come_with_status_200() {
    let mut bench = Bench::with_faults(Faults {
        token_error_status: 200,
        ..Faults::default()
    })
    .await;
    let good = std::mem::replace(&mut bench.token, "garbled".to_owned());
    assert_eq!(bench.get("client/config").await.error(), (200, 9622));
    bench.token = good;
    bench.sandbox.control().revoke_token(&bench.token).unwrap();
    assert_eq!(bench.get("client/config").await.error(), (200, 9625));
}

#[tokio::test]
async fn manage_requests_are_checked_by_themselves_and_then_by_what_they_name() {
    let bench = Bench::start().await;
    let asset = bench.asset(0);
    let book = json!({ "adamId": bench.book() });
    let many: Vec<Value> = (0..26).map(|_| asset.clone()).collect();
    let users: Vec<String> = texts("u", 1001);
    let known: Vec<String> = vec!["person-0-0000".to_owned(); 1001];
    let post = async |path: &str, body: Value| bench.post(path, body).await.error();
    let associate = async |body: Value| post("assets/associate", body).await;
    assert_eq!(
        associate(json!({ "assets": [{ "adamId": "42" }], "clientUserIds": ["x"] })).await,
        (400, 9602)
    );
    assert_eq!(
        associate(json!({ "assets": many, "clientUserIds": users })).await,
        (400, 9700)
    );
    let made_up: Vec<Value> = (0..26).map(|id| json!({ "adamId": id.to_string() })).collect();
    assert_eq!(
        associate(json!({ "assets": made_up, "clientUserIds": ["x"] })).await,
        (400, 9700)
    );
    assert_eq!(
        associate(json!({ "assets": [asset], "clientUserIds": users })).await,
        (400, 9701)
    );
    assert_eq!(
        associate(json!({ "assets": [{ "adamId": "42" }], "serialNumbers": [] })).await,
        (400, 9719)
    );
    assert_eq!(
        associate(json!({ "assets": [asset], "clientUserIds": ["x"] })).await,
        (400, 9609)
    );
    for (field, names) in [
        ("serialNumbers", ["A", ""]),
        ("clientUserIds", ["", "person-0-0000"]),
    ] {
        let nameless = json!({ "assets": [asset], field: names });
        assert_eq!(associate(nameless).await, (400, 9602), "{field}");
    }
    let serials = texts("S", 1001);
    let one = json!([asset]);
    let both = json!({ "assets": one, "clientUserIds": known, "serialNumbers": serials });
    assert_eq!(associate(both).await, (400, 9701));
    let twice = json!([asset, asset]);
    assert_eq!(
        associate(json!({ "assets": twice, "serialNumbers": serials })).await,
        (400, 9702)
    );
    let same = ["person-0-0000", "person-0-0000"];
    assert_eq!(
        associate(json!({ "assets": twice, "clientUserIds": same })).await,
        (400, 9703)
    );
    let doubled = json!({ "assets": one, "clientUserIds": same, "serialNumbers": ["A", "A"] });
    assert_eq!(associate(doubled).await, (400, 9704));
    assert_eq!(
        associate(json!({ "assets": [book], "serialNumbers": ["A", "A"] })).await,
        (400, 9705)
    );
    let take = json!({ "assets": [book], "serialNumbers": ["A"] });
    assert_eq!(post("assets/disassociate", take.clone()).await, (400, 9706));
    assert_eq!(associate(take).await, (400, 9707));
    assert_eq!(associate(json!({})).await, (400, 9718));
    assert_eq!(
        associate(json!({ "assets": one, "serialNumbers": [] })).await,
        (400, 9719)
    );
}

#[tokio::test]
async fn a_quality_that_is_null_or_left_out_is_the_standard_one() {
    let bench = Bench::start().await;
    let associate = async |asset: Value| {
        let body = json!({ "assets": asset, "serialNumbers": ["A"] });
        bench.post("assets/associate", body).await.error()
    };
    let asset = |quality: Value| json!({ "adamId": bench.adam_id(0), "pricingParam": quality });
    assert_eq!(associate(json!([asset(Value::Null)])).await, (200, 0));
    assert_eq!(
        associate(json!([asset(Value::Null), asset(json!("STDQ"))])).await,
        (400, 9703)
    );
    assert_eq!(associate(json!([asset(json!("PLUS"))])).await, (400, 9602));
    assert_eq!(associate(json!([asset(json!("GOLD"))])).await, (400, 9602));
}

#[tokio::test]
async fn revoking_takes_a_hundred_users_and_a_hundred_serials() {
    let bench = Bench::start().await;
    let post = async |body: Value| bench.post("assets/revoke", body).await.error();
    assert_eq!(
        post(json!({ "clientUserIds": texts("nobody", 101) })).await,
        (400, 9701)
    );
    assert_eq!(
        post(json!({ "serialNumbers": texts("S", 101) })).await,
        (400, 9702)
    );
    assert_eq!(post(json!({ "serialNumbers": ["A", "A"] })).await, (400, 9705));
    assert_eq!(post(json!({ "clientUserIds": ["nobody"] })).await, (400, 9609));
    assert_eq!(post(json!({})).await, (400, 9719));
    assert_eq!(post(json!({ "serialNumbers": texts("S", 100) })).await, (200, 0));
}

#[tokio::test]
async fn the_limits_themselves_are_accepted() {
    let bench = Bench::with(sandbox::Organisation {
        apps: 25,
        spare: Some(3000),
        users: 1000,
        ..crate::harness::small()
    })
    .await;
    let assets: Vec<Value> = bench.get("assets?productType=App").await.json["assets"]
        .as_array()
        .unwrap()
        .iter()
        .map(|asset| json!({ "adamId": asset["adamId"] }))
        .collect();
    let users: Vec<String> = (0..1000).map(|number| format!("person-0-{number:04}")).collect();
    let body = json!({ "assets": assets, "clientUserIds": users, "serialNumbers": texts("S", 1000) });
    let status = bench.run("assets/associate", body).await;
    assert_eq!(
        (assets.len(), &status["numRequested"], &status["numCompleted"]),
        (25, &json!(50_000), &json!(50_000))
    );
}

#[tokio::test]
async fn user_requests_are_checked() {
    let bench = Bench::start().await;
    let create = async |users: Value| {
        bench
            .post("users/create", json!({ "users": users }))
            .await
            .error()
    };
    let named = |names: Vec<String>| {
        names
            .into_iter()
            .map(|name| json!({ "clientUserId": name }))
            .collect::<Value>()
    };
    assert_eq!(create(named(texts("u", 101))).await, (400, 9714));
    assert_eq!(create(named(vec!["a".into(), "a".into()])).await, (400, 9715));
    for email in [
        "nobody",
        "a@b",
        "a b@example.org",
        "@example.org",
        "a@example..org",
    ] {
        assert_eq!(
            create(json!([{ "clientUserId": "a", "email": email }])).await,
            (400, 9717),
            "{email}"
        );
    }
    assert_eq!(create(json!([])).await, (400, 9720));
    assert_eq!(create(json!([{ "email": "a@example.org" }])).await, (400, 9602));
    assert_eq!(create(named(texts("u", 100))).await, (200, 0));
    for path in ["users/update", "users/retire"] {
        let too_many = json!({ "users": named(texts("nobody", 101)) });
        assert_eq!(bench.post(path, too_many).await.error(), (400, 9714), "{path}");
        let twice = json!({ "users": named(vec!["nobody".into(), "nobody".into()]) });
        assert_eq!(bench.post(path, twice).await.error(), (400, 9715), "{path}");
    }
    let unknown = json!({ "users": [{ "clientUserId": "nobody" }] });
    assert_eq!(
        bench.post("users/update", unknown.clone()).await.error(),
        (400, 9609)
    );
    let refused = bench.post("users/retire", unknown).await;
    assert_eq!(refused.error(), (400, 9609));
    assert_eq!(refused.json["errorInfo"]["clientUserIds"], json!(["nobody"]));
}

#[tokio::test]
async fn reads_refuse_bad_pages_versions_and_arguments() {
    let bench = Bench::start().await;
    for path in [
        "assets?pageIndex=1",
        "assignments?pageIndex=9",
        "users?pageIndex=-1",
    ] {
        assert_eq!(bench.get(path).await.error(), (400, 9650), "{path}");
    }
    for path in ["assignments?sinceVersionId=old", "users?sinceVersionId=old"] {
        assert_eq!(bench.get(path).await.error(), (400, 9721), "{path}");
    }
    for path in [
        "assets?revocable=perhaps",
        "assets?revocable=",
        "assets?pageIndex=x",
        "assignments?pricingParam=GOLD",
    ] {
        assert_eq!(bench.get(path).await.error(), (400, 9602), "{path}");
    }
    for path in [
        "status",
        "status?eventId=8f",
        "status?eventId=954910a8-3d9c-4fde-948d-253e5aef431a",
    ] {
        assert_eq!(bench.get(path).await.error(), (400, 9708), "{path}");
    }
}

#[tokio::test]
async fn a_read_only_token_reads_but_does_not_change() {
    let mut bench = Bench::start().await;
    let request = TokenRequest {
        role: TokenRole::ReadOnly,
        ..TokenRequest::default()
    };
    bench.token = bench
        .sandbox
        .control()
        .issue_token_as(&bench.uid, &request)
        .unwrap();
    assert_eq!(bench.get("assets").await.status, 200);
    assert_eq!(
        bench
            .post("assets/revoke", json!({ "serialNumbers": ["A"] }))
            .await
            .error(),
        (403, 9637)
    );
    assert_eq!(
        bench.post("users/create", json!({ "users": [] })).await.error(),
        (403, 9637)
    );
}

#[tokio::test]
async fn an_unknown_endpoint_is_not_found() {
    let bench = Bench::start().await;
    assert_eq!(
        bench
            .try_send(Method::GET, "subscriptions", None)
            .await
            .unwrap()
            .status,
        404
    );
}
