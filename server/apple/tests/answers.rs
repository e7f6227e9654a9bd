//! What is sent to Apple, and what becomes of its answers.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "helpers of tests may, like tests"
)]

mod support;

use apple::{
    AdamId, Artwork, AssetFilter, AssetId, Association, ClientConfigChange, ClientUserId,
    DeviceAssignableAsset, Disassociation, EventId, FaultKind, Holders, MdmInfo, MetadataPlatform,
    NotificationTarget, NotificationType, Outcome, Reader, RevocableAsset, SecretString, Serial, UserDetails,
    UserFilter,
};
use axum::http::Method;
use serde_json::{Value, json};
use support::{Scripted, TOKEN, Turn, client_config, event};

fn asset(number: u32) -> AssetId {
    AssetId::standard(AdamId::new(&number.to_string()).expect("digits"))
}

fn serials(count: u32) -> Vec<Serial> {
    (0..count)
        .map(|n| Serial::new(&format!("S{n}")).expect("a serial"))
        .collect()
}

fn user(id: &str) -> ClientUserId {
    ClientUserId::new(id).expect("an id")
}

#[tokio::test]
async fn the_client_config_comes_with_owner_and_expiry() {
    let apple = Scripted::start([Turn::ok(client_config())]).await;
    let answer = apple.location().client_config().await.expect("an answer");
    assert_eq!(answer.body.location_name, "PS01");
    assert_eq!(answer.body.default_platform, Some(MetadataPlatform::VolumeStore));
    let other = NotificationType::Other("SOMETHING_NEW".into());
    assert_eq!(
        answer.body.notification_types,
        [NotificationType::AssetCount, other]
    );
    assert_eq!(answer.envelope.uid.as_deref(), Some("2049025000431439"));
    assert_eq!(answer.envelope.token_expires_at, Some(1_920_407_602_000));
    assert_eq!(
        answer.envelope.mdm_info.map(|info| info.name),
        Some("Apple Configurator 2".to_owned())
    );
    let seen = apple.seen();
    assert_eq!(seen[0].method, Method::GET);
    assert_eq!(
        seen[0].header("authorization"),
        Some(format!("Bearer {TOKEN}").as_str())
    );
    assert!(
        seen[0]
            .header("user-agent")
            .is_some_and(|agent| agent.starts_with("pomona/"))
    );
}

#[tokio::test]
async fn an_answer_about_another_location_is_refused_and_one_that_names_none_is_not() {
    let mut nameless = event();
    nameless.as_object_mut().expect("an object").remove("uId");
    let turns = [client_config(), event(), client_config(), nameless].map(Turn::ok);
    let apple = Scripted::start(turns).await;
    let request = || Association::for_devices(vec![DeviceAssignableAsset::known(asset(1))], serials(1));
    let other = apple.location().of("2049025000431430");
    let read = other.client_config().await.expect_err("another location");
    assert_eq!(
        (read.kind, read.outcome),
        (FaultKind::Elsewhere, Outcome::NotProcessed)
    );
    assert!(other.heard().is_none(), "what it says of an owner is not heeded");
    let written = other.associate(&request()).await.expect_err("another location");
    assert_eq!(
        (written.kind, written.outcome),
        (FaultKind::Elsewhere, Outcome::Unknown)
    );
    let same = apple.location().of("2049025000431439");
    assert!(same.client_config().await.is_ok());
    assert!(same.associate(&request()).await.is_ok());
    assert_eq!(apple.seen().len(), 4, "none is sent again");
}

#[tokio::test]
async fn a_change_of_the_client_config_sends_only_what_changes() {
    let apple = Scripted::start([Turn::ok(client_config()), Turn::ok(client_config())]).await;
    let location = apple.location();
    let claim = ClientConfigChange {
        mdm_info: Some(MdmInfo {
            id: "i".into(),
            name: "n".into(),
            metadata: "m".into(),
        }),
        ..Default::default()
    };
    location.set_client_config(&claim).await.expect("an answer");
    let notify = ClientConfigChange {
        notification: Some(NotificationTarget {
            url: "https://a.example/n".into(),
            auth_token: SecretString::from("secret"),
        }),
        ..Default::default()
    };
    location.set_client_config(&notify).await.expect("an answer");
    let bodies: Vec<Value> = apple
        .seen()
        .iter()
        .map(|seen| serde_json::from_slice(&seen.body).expect("JSON"))
        .collect();
    assert_eq!(
        bodies[0],
        json!({"mdmInfo": {"id": "i", "name": "n", "metadata": "m"}})
    );
    assert_eq!(
        bodies[1],
        json!({"notificationUrl": "https://a.example/n", "notificationAuthToken": "secret"})
    );
    assert_eq!(apple.seen()[0].header("content-type"), Some("application/json"));
}

#[tokio::test]
async fn error_number_zero_is_no_error() {
    for zero in [json!(0), json!("0")] {
        let mut body = client_config();
        body["errorNumber"] = zero.clone();
        let status =
            json!({"errorNumber": zero, "eventStatus": "FAILED", "failures": [{"errorNumber": zero}]});
        let apple = Scripted::start([Turn::ok(body), Turn::ok(status), Turn::error(500, 0)]).await;
        let location = apple.location();
        let config = location.client_config().await.expect("an answer");
        assert_eq!(config.body.location_name, "PS01");
        let status = location
            .event_status(&EventId::new("e").expect("an id"))
            .await
            .expect("an answer")
            .body;
        assert_eq!(status.failures[0].number, None);
        let holders = Holders::devices(serials(1));
        let fault = location
            .revoke(&holders)
            .await
            .expect_err("a failure of the server");
        // Apple did not say that it refused.
        assert_eq!((fault.number, fault.outcome), (None, Outcome::Unknown));
    }
}

#[tokio::test]
async fn an_error_number_is_an_error_whatever_the_status() {
    for status in [200, 401, 500] {
        let apple = Scripted::start([Turn::error(status, 9625)]).await;
        let fault = apple
            .location()
            .client_config()
            .await
            .expect_err("a revoked token");
        assert_eq!(
            (fault.kind, fault.number, fault.http_status),
            (FaultKind::Token, Some(9625), Some(status))
        );
        assert_eq!(fault.message, "Apple's words.");
        assert_eq!(apple.seen().len(), 1);
    }
}

#[tokio::test]
async fn a_list_and_a_page_may_be_an_error_too() {
    let apple = Scripted::start([Turn::error(200, 9622)]).await;
    let mut walk = apple.location().assets(&AssetFilter::default());
    let fault = walk.next().await.expect("a result").expect_err("no token");
    assert_eq!(fault.number, Some(9622));
    assert!(walk.end().is_none());
}

#[tokio::test]
async fn an_error_names_what_it_is_about() {
    let body = json!({"errorNumber": "9706", "errorMessage": "Not revocable.",
        "errorInfo": {"assets": [{"adamId": 7, "pricingParam": "STDQ"}], "serialNumbers": ["S"]}});
    let apple = Scripted::start([Turn::json(400, body)]).await;
    let request = Disassociation::new(
        vec![RevocableAsset::known(asset(7))],
        Holders::devices(serials(1)),
    );
    let fault = apple
        .location()
        .disassociate(&request)
        .await
        .expect_err("an error");
    assert_eq!(
        (fault.kind, fault.outcome),
        (FaultKind::Argument, Outcome::NotProcessed)
    );
    assert_eq!(fault.info.assets, [asset(7)]);
    assert_eq!(fault.info.serials, [Serial::new("S").expect("a serial")]);
    assert!(
        fault
            .explanation()
            .is_some_and(|known| known.remedy.contains("books"))
    );
}

#[tokio::test]
async fn the_acts_are_sent_to_their_addresses() {
    let apple = Scripted::start((0..6).map(|_| Turn::ok(event()))).await;
    let location = apple.location();
    let give = Association::for_devices(
        vec![DeviceAssignableAsset::known(asset(1))],
        vec![serials(1).remove(0)],
    );
    let take = Disassociation::new(
        vec![RevocableAsset::known(asset(1))],
        Holders::users(vec![user("u")]),
    );
    let details = [UserDetails {
        client_user_id: user("u"),
        email: Some("u@e.example".into()),
        managed_apple_account: None,
    }];
    let id = location.associate(&give).await.expect("an event").body;
    assert_eq!(
        id,
        EventId::new("954910a8-3d9c-4fde-948d-253e5aef431a").expect("an id")
    );
    location.disassociate(&take).await.expect("an event");
    location
        .revoke(&Holders::devices(serials(2)))
        .await
        .expect("an event");
    location.create_users(&details).await.expect("an event");
    location.update_users(&details).await.expect("an event");
    location.retire_users(&[user("u")]).await.expect("an event");
    let paths: Vec<_> = apple
        .seen()
        .iter()
        .map(|seen| seen.uri.path().to_owned())
        .collect();
    let expected = [
        "assets/associate",
        "assets/disassociate",
        "assets/revoke",
        "users/create",
        "users/update",
        "users/retire",
    ];
    assert_eq!(paths, expected.map(|path| format!("/mdm/v2/{path}")));
    assert!(apple.seen().iter().all(|seen| seen.method == Method::POST));
    assert_eq!(apple.config_reads(), 1);
}

#[tokio::test]
async fn what_goes_beyond_the_limits_of_the_service_config_is_not_sent() {
    let apple = Scripted::start([]).await;
    let assets = (1..4).map(|n| DeviceAssignableAsset::known(asset(n))).collect();
    let fault = apple
        .location()
        .associate(&Association::for_devices(assets, serials(1)))
        .await
        .expect_err("too many");
    assert_eq!(
        (fault.kind, fault.number, fault.http_status),
        (FaultKind::Argument, Some(9700), None)
    );
    assert_eq!(fault.outcome, Outcome::NotProcessed);
    assert!(apple.seen().is_empty());
}

#[tokio::test]
async fn an_event_answer_without_event_leaves_the_outcome_unknown() {
    let apple = Scripted::start([Turn::ok(json!({"uId": "1"}))]).await;
    let fault = apple
        .location()
        .revoke(&Holders::devices(serials(1)))
        .await
        .expect_err("no event");
    assert_eq!(
        (fault.kind, fault.outcome),
        (FaultKind::Protocol, Outcome::Unknown)
    );
}

#[tokio::test]
async fn users_are_walked_to_the_end() {
    let body = json!({"users": [{"clientUserId": "a", "status": "Associated", "idHash": "h="}],
        "currentPageIndex": 0, "totalPages": 1, "versionId": "v"});
    let apple = Scripted::start([Turn::ok(body)]).await;
    let mut walk = apple.location().users(&UserFilter::default());
    assert_eq!(
        walk.next()
            .await
            .expect("a page")
            .expect("no fault")
            .body
            .items
            .len(),
        1
    );
    assert!(walk.next().await.is_none());
    assert!(
        walk.end()
            .is_some_and(|end| end.first_version.as_deref() == Some("v") && end.is_consistent())
    );
}

#[tokio::test]
async fn an_event_is_asked_for_by_its_id() {
    let body =
        json!({"eventStatus": "COMPLETE", "eventType": "REVOKE", "numCompleted": 1, "numRequested": 1});
    let apple = Scripted::start([Turn::ok(body), Turn::error(400, 9708)]).await;
    let (location, id) = (apple.location(), EventId::new("a b").expect("an id"));
    assert!(
        location
            .event_status(&id)
            .await
            .expect("a status")
            .body
            .is_success()
    );
    assert_eq!(
        location.event_status(&id).await.expect_err("unknown").number,
        Some(apple::number::UNKNOWN_EVENT)
    );
    assert_eq!(apple.seen()[0].uri.query(), Some("eventId=a+b"));
}

#[tokio::test]
async fn metadata_is_looked_up_with_the_token_as_cookie_or_as_anybody_may() {
    let found = json!({"results": {"361309726": {"name": "Pages",
        "artwork": {"url": "https://a.example/{w}x{h}bb.{f}"}}}, "version": 2});
    let apple = Scripted::start([Turn::ok(found), Turn::ok(json!({"results": {}, "version": 2}))]).await;
    let (location, id) = (apple.location(), AdamId::new("361309726").expect("digits"));
    let found = location
        .metadata(Reader::Owner, &id, &MetadataPlatform::EnterpriseStore, "US", "en")
        .await
        .expect("an answer");
    let found = found.expect("a product");
    assert_eq!(found.icon(32).as_deref(), Some("https://a.example/32x32bb.png"));
    assert_ne!(found.artwork, Artwork::None);
    assert_eq!(
        location
            .metadata(
                Reader::Anybody,
                &id,
                &MetadataPlatform::EnterpriseStore,
                "US",
                "en"
            )
            .await,
        Ok(None)
    );
    assert_eq!(apple.seen()[1].header("cookie"), None, "anybody has no token");
    let seen = &apple.seen()[0];
    assert_eq!(seen.header("cookie"), Some(format!("itvt={TOKEN}").as_str()));
    assert_eq!(seen.header("authorization"), None);
    let query =
        "from=config&version=2&id=361309726&p=mdm-lockup&caller=MDM&platform=enterprisestore&cc=us&l=en";
    assert_eq!(seen.uri.query(), Some(query));
}
