//! Answers and addresses that are not accepted, because the token or the memory would be at risk.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "helpers of tests may, like tests"
)]

mod support;

use apple::{
    AdamId, AppleSettings, FaultKind, Holders, MetadataPlatform, Outcome, Reader, Serial, SettingsFault,
};
use serde_json::{Value, json};
use support::{Scripted, Turn, client_config, location};

#[tokio::test]
async fn a_redirect_is_refused_and_not_followed() {
    let elsewhere = Scripted::start([Turn::ok(client_config())]).await;
    for status in [301, 302, 307, 308] {
        let target = format!("http://{}/mdm/v2/client/config", elsewhere.address);
        let apple =
            Scripted::start([Turn::Say(status, Vec::new(), String::new()).with("location", &target)]).await;
        let fault = apple.location().client_config().await.expect_err("a redirect");
        assert_eq!(
            (fault.kind, fault.http_status),
            (FaultKind::Protocol, Some(status))
        );
        assert_eq!(apple.seen().len(), 1);
    }
    assert!(elsewhere.seen().is_empty());
}

#[tokio::test]
async fn an_address_at_another_host_gets_no_request() {
    let elsewhere = Scripted::start([]).await;
    let apple = Scripted::start([]).await;
    apple.config(|config| {
        config["urls"]["clientConfig"] = json!(format!("http://{}/mdm/v2/client/config", elsewhere.address));
        config["urls"]["contentMetadataLookup"] = json!("https://evil.example/lookup");
        config["urls"]["revokeAssets"] = Value::Null;
    });
    let location = apple.location();
    let fault = location.client_config().await.expect_err("another origin");
    assert_eq!(
        (fault.kind, fault.outcome),
        (FaultKind::Protocol, Outcome::NotProcessed)
    );
    let id = AdamId::new("1").expect("digits");
    let fault = location
        .metadata(Reader::Owner, &id, &MetadataPlatform::VolumeStore, "us", "en")
        .await
        .expect_err("a foreign host");
    assert!(fault.message.contains("evil.example"), "{fault}");
    let holders = Holders::devices(vec![Serial::new("S").expect("a serial")]);
    let fault = location.revoke(&holders).await.expect_err("no address");
    assert!(fault.message.contains("revokeAssets"), "{fault}");
    assert!(elsewhere.seen().is_empty() && apple.seen().is_empty());
}

#[tokio::test]
async fn metadata_may_come_from_another_port_of_this_machine() {
    let store = Scripted::start([Turn::ok(json!({"results": {}}))]).await;
    let apple = Scripted::start([]).await;
    apple.config(|config| {
        config["urls"]["contentMetadataLookup"] = json!(format!("http://{}/lookup", store.address));
    });
    let id = AdamId::new("1").expect("digits");
    let found = apple
        .location()
        .metadata(Reader::Owner, &id, &MetadataPlatform::VolumeStore, "us", "en")
        .await;
    assert_eq!(found, Ok(None));
    assert_eq!(store.seen().len(), 1);
}

#[tokio::test]
async fn an_answer_that_is_too_large_is_not_read_to_its_end() {
    let large = client_config().to_string() + &" ".repeat(8192);
    for chunked in [false, true] {
        let mut turn = Turn::Say(200, Vec::new(), large.clone());
        if chunked {
            turn = Turn::Chunked(large.clone());
        }
        let apple = Scripted::start([turn]).await;
        let mut settings = apple.settings();
        settings.max_body_bytes = 4096;
        let fault = location(settings).client_config().await.expect_err("too large");
        assert_eq!(fault.kind, FaultKind::Protocol);
        assert!(fault.message.contains("4096"), "{fault}");
    }
}

#[tokio::test]
async fn an_answer_that_is_no_json_is_a_fault_without_its_text() {
    for body in [
        "<html>password</html>",
        "{\"uId\":\"password",
        "[\"password\"]",
        "",
    ] {
        let apple = Scripted::start([Turn::Say(200, Vec::new(), body.to_owned())]).await;
        let fault = apple.location().client_config().await.expect_err("no JSON");
        assert_eq!(fault.kind, FaultKind::Protocol, "{body}");
        assert!(!fault.to_string().contains("password"), "{fault}");
    }
}

#[test]
fn settings_that_would_send_the_token_in_clear_are_refused() {
    let mut settings = AppleSettings::new(std::sync::Arc::new(|| 0.0));
    settings.base_url = "http://vpp.itunes.apple.com/mdm/v2/".to_owned();
    assert_eq!(
        apple::Apple::new(settings.clone()).err(),
        Some(SettingsFault::Insecure(settings.base_url.clone()))
    );
    settings.base_url = "nowhere".to_owned();
    assert!(matches!(
        apple::Apple::new(settings.clone()),
        Err(SettingsFault::BaseUrl(_))
    ));
    settings.base_url = apple::APPLE_BASE_URL.to_owned();
    settings.user_agent = "line\nbreak".to_owned();
    assert!(matches!(
        apple::Apple::new(settings),
        Err(SettingsFault::Client(_))
    ));
}
