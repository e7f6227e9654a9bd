use crate::harness::{Bench, Receiver};
use axum::http::StatusCode;
use sandbox::{Faults, MdmInfo, TokenExpiration, TokenRequest};
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::sync::Semaphore;

#[tokio::test]
async fn it_names_the_location_and_the_expiry() {
    let bench = Bench::with(sandbox::Organisation::demo()).await;
    let config = bench.get("client/config").await.json;
    assert_eq!(config["countryISO2ACode"], "SE");
    assert_eq!(config["defaultPlatform"], "volumestore");
    assert_eq!(config["websiteURL"], "https://school.apple.com");
    assert_eq!(config["locationName"], "Harbour School");
    assert_eq!(config["uId"], bench.uid);
    assert!(config["tokenExpirationDate"].as_str().unwrap().ends_with("+0000"));
    assert!(config.get("mdmInfo").is_none() && config.get("notificationUrl").is_none());
}

#[tokio::test]
async fn a_claim_shows_on_every_answer_and_the_last_one_wins() {
    let bench = Bench::start().await;
    let ours = json!({ "id": "1", "name": "Ours", "metadata": "m" });
    let answer = bench.post("client/config", json!({ "mdmInfo": ours })).await;
    assert_eq!((answer.status, &answer.json["mdmInfo"]), (200, &ours));
    for path in ["assets", "assignments", "users", "client/config"] {
        assert_eq!(bench.get(path).await.json["mdmInfo"], ours, "{path}");
    }
    let accepted = bench
        .post("assets/revoke", json!({ "serialNumbers": ["A"] }))
        .await
        .json;
    assert_eq!(accepted["mdmInfo"], ours);
    let event = accepted["eventId"].as_str().unwrap();
    assert_eq!(bench.finished(event).await["mdmInfo"], ours);
    let other = MdmInfo {
        id: "2".into(),
        name: "Other".into(),
        metadata: "x".into(),
    };
    bench.sandbox.control().claim(&bench.uid, Some(other)).unwrap();
    assert_eq!(bench.get("assets").await.json["mdmInfo"]["name"], "Other");
}

#[tokio::test]
async fn mdm_info_needs_all_three_fields_within_their_lengths() {
    let bench = Bench::start().await;
    let long = |length| "x".repeat(length);
    let post = async |info: Value| {
        bench
            .post("client/config", json!({ "mdmInfo": info }))
            .await
            .error()
    };
    assert_eq!(post(json!({ "id": "1", "name": "n" })).await, (400, 9723));
    assert_eq!(
        post(json!({ "id": "", "name": "n", "metadata": "m" })).await,
        (400, 9723)
    );
    assert_eq!(
        post(json!({ "id": long(101), "name": long(101), "metadata": long(256) })).await,
        (400, 9713)
    );
    assert_eq!(
        post(json!({ "id": long(101), "name": long(101), "metadata": long(255) })).await,
        (400, 9724)
    );
    assert_eq!(
        post(json!({ "id": long(100), "name": long(101), "metadata": "m" })).await,
        (400, 9725)
    );
    assert_eq!(
        post(json!({ "id": long(100), "name": long(100), "metadata": long(255) })).await,
        (200, 0)
    );
}

#[tokio::test]
async fn notification_settings_are_checked() {
    let bench = Bench::start().await;
    let post = async |url: &str, token: &str| {
        bench
            .post(
                "client/config",
                json!({ "notificationUrl": url, "notificationAuthToken": token }),
            )
            .await
            .error()
    };
    assert_eq!(post("https://mdm.example.org/n", "").await, (400, 9710));
    let lonely = json!({ "notificationUrl": "https://mdm.example.org/n" });
    assert_eq!(bench.post("client/config", lonely).await.error(), (400, 9710));
    assert_eq!(
        post("https://mdm.example.org/n", &"t".repeat(513)).await,
        (400, 9711)
    );
    let long = format!("https://mdm.example.org/{}", "p".repeat(489));
    assert_eq!(post(&long, "t").await, (400, 9711));
    for url in [
        "nonsense",
        "http://mdm.example.org/n",
        "ftp://127.0.0.1/n",
        "https://mdm.example.org/n?a=b",
    ] {
        assert_eq!(post(url, "t").await, (400, 9712), "{url}");
    }
    assert_eq!(post("http://127.0.0.1:9/n", "t").await, (400, 9728));
    let unknown = json!({ "notificationTypes": ["WEATHER"] });
    assert_eq!(bench.post("client/config", unknown).await.error(), (400, 9602));
    bench.sandbox.control().set_faults(Faults {
        http_notification_urls: false,
        ..Faults::default()
    });
    assert_eq!(post("http://127.0.0.1:9/n", "t").await, (400, 9712));
}

#[tokio::test]
async fn the_test_notification_arrives_before_the_answer() {
    let bench = Bench::start().await;
    let receiver = Receiver::start().await;
    let answer = bench.subscribe(&receiver).await;
    assert_eq!(answer.status, 200);
    let tests = receiver.got("TEST_NOTIFICATION").await;
    assert_eq!(tests.len(), 1);
    assert_eq!(
        (&tests[0]["notification"], &tests[0]["uId"]),
        (&json!({}), &json!(bench.uid))
    );
    assert_eq!(receiver.authorizations().await, ["Bearer s3cret"]);
    assert_eq!(answer.json["notificationUrl"], receiver.url);
    assert_eq!(
        answer.json["subscribedNotificationTypes"]
            .as_array()
            .unwrap()
            .len(),
        4
    );
    assert_eq!(answer.json["notificationAuthToken"], "s3cret");
}

#[tokio::test]
async fn a_refused_test_notification_rejects_the_whole_change() {
    let bench = Bench::start().await;
    let receiver = Receiver::start().await;
    receiver.answer_with(&[StatusCode::FORBIDDEN]).await;
    let answer = bench
        .post(
            "client/config",
            json!({ "notificationUrl": receiver.url, "notificationAuthToken": "t",
                    "mdmInfo": { "id": "1", "name": "n", "metadata": "m" } }),
        )
        .await;
    assert_eq!(answer.error(), (400, 9728));
    let config = bench.get("client/config").await.json;
    assert!(config.get("notificationUrl").is_none() && config.get("mdmInfo").is_none());
}

#[tokio::test]
async fn what_a_post_leaves_out_stays() {
    let bench = Bench::start().await;
    let receiver = Receiver::start().await;
    bench.subscribe(&receiver).await;
    let answer = bench
        .post(
            "client/config",
            json!({ "mdmInfo": { "id": "1", "name": "n", "metadata": "m" } }),
        )
        .await;
    assert_eq!(answer.json["notificationUrl"], receiver.url);
    let fewer = bench
        .post("client/config", json!({ "notificationTypes": ["ASSET_COUNT"] }))
        .await
        .json;
    assert_eq!(fewer["subscribedNotificationTypes"], json!(["ASSET_COUNT"]));
    assert_eq!(fewer["mdmInfo"]["id"], "1");
}

#[tokio::test]
async fn what_a_post_leaves_out_goes_where_that_is_ordered() {
    let bench = Bench::start().await;
    bench.sandbox.control().set_faults(Faults {
        client_config_replaces: true,
        ..Faults::default()
    });
    let receiver = Receiver::start().await;
    bench.subscribe(&receiver).await;
    let info = json!({ "mdmInfo": { "id": "1", "name": "n", "metadata": "m" } });
    let answer = bench.post("client/config", info).await.json;
    for gone in [
        "notificationUrl",
        "notificationAuthToken",
        "subscribedNotificationTypes",
    ] {
        assert!(answer.get(gone).is_none(), "{gone}");
    }
    assert_eq!(answer["mdmInfo"]["id"], "1");
    let answer = bench.subscribe(&receiver).await.json;
    assert!(answer.get("mdmInfo").is_none());
}

#[tokio::test]
async fn notification_types_are_a_set() {
    let bench = Bench::start().await;
    let types = ["ASSET_COUNT", "USER_ASSOCIATED", "ASSET_COUNT"];
    let answer = bench
        .post("client/config", json!({ "notificationTypes": types }))
        .await;
    assert_eq!(
        answer.json["subscribedNotificationTypes"],
        json!(["ASSET_COUNT", "USER_ASSOCIATED"])
    );
}

/// A receiver that answers no test until it is let.
async fn hesitant() -> (String, Arc<Semaphore>, Arc<Semaphore>) {
    let (came, may_go) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
    let (coming, waits) = (Arc::clone(&came), Arc::clone(&may_go));
    let receive = move || async move {
        coming.add_permits(1);
        waits.acquire().await.unwrap().forget();
        StatusCode::OK
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/notify", listener.local_addr().unwrap());
    let router = axum::Router::new().route("/notify", axum::routing::post(receive));
    tokio::spawn(async move { axum::serve(listener, router).await });
    (url, came, may_go)
}

#[tokio::test]
async fn a_post_during_the_test_of_another_is_not_lost() {
    let bench = Bench::start().await;
    bench.subscribe(&Receiver::start().await).await;
    let (url, came, may_go) = hesitant().await;
    let slow = bench.post(
        "client/config",
        json!({ "notificationUrl": url, "notificationAuthToken": "new" }),
    );
    let quick = async {
        came.acquire().await.unwrap().forget();
        let types = json!({ "notificationTypes": ["ASSET_COUNT"] });
        let answer = bench.post("client/config", types).await;
        may_go.add_permits(1);
        answer
    };
    let (slow, quick) = tokio::join!(slow, quick);
    assert_eq!((slow.status, quick.status), (200, 200));
    let config = bench.get("client/config").await.json;
    assert_eq!(config["subscribedNotificationTypes"], json!(["ASSET_COUNT"]));
    assert_eq!(config["notificationUrl"], url);
    assert_eq!(config["notificationAuthToken"], "new");
}

#[tokio::test]
async fn the_expiry_can_be_shown_only_in_the_last_15_days() {
    let faults = Faults {
        token_expiration: TokenExpiration::Within15Days,
        ..Faults::default()
    };
    let mut bench = Bench::with_faults(faults).await;
    assert!(
        bench
            .get("assets")
            .await
            .json
            .get("tokenExpirationDate")
            .is_none()
    );
    assert!(
        bench
            .get("client/config")
            .await
            .json
            .get("tokenExpirationDate")
            .is_some()
    );
    let soon = sandbox::Clock::system().now() + jiff::SignedDuration::from_hours(14 * 24);
    let request = TokenRequest {
        expires: Some(soon),
        ..TokenRequest::default()
    };
    bench.token = bench
        .sandbox
        .control()
        .issue_token_as(&bench.uid, &request)
        .unwrap();
    assert!(
        bench
            .get("assets")
            .await
            .json
            .get("tokenExpirationDate")
            .is_some()
    );
}
