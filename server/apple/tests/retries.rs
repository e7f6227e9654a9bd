//! What is tried again, what is not, and how long Apple is left alone.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "helpers of tests may, like tests"
)]

mod support;

use std::sync::Arc;
use std::time::Duration;

use apple::{Apple, AppleSettings, FaultKind, Holders, Outcome, PaceKey, RetryBounds, Serial, ServerToken};
use support::raw::{Raw, Treatment};
use support::{Scripted, TOKEN, Turn, client_config, event, location};
use tokio::net::TcpListener;

fn holders() -> Holders {
    Holders::devices(vec![Serial::new("S").expect("a serial")])
}

fn text(status: u16) -> Turn {
    Turn::Say(status, Vec::new(), "<html>".to_owned())
}

#[tokio::test]
async fn a_read_is_tried_again_until_it_succeeds() {
    for failure in [
        Turn::error(429, 9646),
        text(429),
        Turn::error(200, 9646),
        Turn::error(500, 9603),
        text(500),
        Turn::error(200, 9644),
        text(503).with("retry-after", "0"),
        Turn::error(503, 9729),
        text(408),
        text(425),
        text(499),
        Turn::BreakInBody,
    ] {
        let apple = Scripted::start([failure.clone(), failure.clone(), Turn::ok(client_config())]).await;
        let answer = apple.location().client_config().await;
        assert!(answer.is_ok(), "{failure:?}: {answer:?}");
        assert_eq!(apple.seen().len(), 3, "{failure:?}");
    }
}

#[tokio::test]
async fn tries_are_bounded_and_the_last_fault_is_told() {
    let apple = Scripted::start((0..9).map(|_| text(502))).await;
    let fault = apple
        .location()
        .client_config()
        .await
        .expect_err("it never works");
    assert_eq!(
        (fault.kind, fault.http_status, fault.number),
        (FaultKind::Retry, Some(502), None)
    );
    assert_eq!(apple.seen().len(), 3);
}

#[tokio::test]
async fn what_is_wrong_for_good_is_not_tried_again() {
    for failure in [
        Turn::error(401, 9621),
        Turn::error(400, 9602),
        text(400),
        text(404),
        Turn::error(403, 9637),
    ] {
        let apple = Scripted::start([failure.clone()]).await;
        let fault = apple.location().client_config().await.expect_err("an error");
        assert!(!fault.kind.is_temporary(), "{failure:?}");
        assert_eq!(apple.seen().len(), 1, "{failure:?}");
    }
}

#[tokio::test]
async fn an_act_that_apple_refused_is_tried_again() {
    for failure in [
        Turn::error(429, 9646),
        text(429),
        text(425),
        Turn::error(503, 9729),
        Turn::error(500, 9603),
    ] {
        let apple = Scripted::start([failure.clone(), Turn::ok(event())]).await;
        assert!(apple.location().revoke(&holders()).await.is_ok(), "{failure:?}");
        assert_eq!(apple.seen().len(), 2, "{failure:?}");
    }
}

#[tokio::test]
async fn an_act_that_may_have_happened_is_never_sent_twice() {
    for failure in [
        text(408),
        text(499),
        text(500),
        text(503).with("retry-after", "0"),
        text(200),
        Turn::BreakInBody,
    ] {
        let apple = Scripted::start([failure.clone(), Turn::ok(event())]).await;
        let fault = apple
            .location()
            .revoke(&holders())
            .await
            .expect_err("an unknown outcome");
        assert_eq!(fault.outcome, Outcome::Unknown, "{failure:?}");
        assert_eq!(apple.seen().len(), 1, "{failure:?}");
    }
}

#[tokio::test]
async fn an_act_on_a_connection_that_breaks_has_an_unknown_outcome() {
    for treatment in [Treatment::ClosedUnread, Treatment::ClosedAfterRequest] {
        let server = Raw::start(treatment).await;
        let fault = location_at(&server).revoke(&holders()).await.expect_err("broken");
        assert_eq!(
            (fault.kind, fault.outcome),
            (FaultKind::Unreachable, Outcome::Unknown),
            "{treatment:?}"
        );
        assert_eq!(fault.http_status, None);
        assert_eq!(server.connections(), 1, "{treatment:?}");
    }
}

#[tokio::test]
async fn a_read_on_a_connection_that_breaks_is_tried_again() {
    let server = Raw::start(Treatment::ClosedAfterRequest).await;
    let fault = location_at(&server).client_config().await.expect_err("broken");
    assert_eq!(
        (fault.kind, fault.outcome),
        (FaultKind::Unreachable, Outcome::NotProcessed)
    );
    assert_eq!(server.connections(), 3);
}

#[tokio::test]
async fn an_act_that_reached_nobody_was_not_processed() {
    let server = Raw::start(Treatment::Refused).await;
    let fault = location_at(&server)
        .revoke(&holders())
        .await
        .expect_err("refused");
    assert_eq!(
        (fault.kind, fault.outcome),
        (FaultKind::Unreachable, Outcome::NotProcessed)
    );
}

fn location_at(server: &Raw) -> apple::LocationClient {
    let mut settings = AppleSettings::new(Arc::new(|| 0.0));
    settings.base_url = format!("http://{}/mdm/v2/", server.address);
    settings.retry.attempts = 3;
    settings.retry.first_delay = Duration::from_millis(1);
    settings.pace = apple::Pace::Off;
    location(settings)
}

#[tokio::test]
async fn a_silent_apple_is_given_up_in_time() {
    let apple = Scripted::start([Turn::Hang, Turn::Hang]).await;
    let mut settings = apple.settings();
    settings.request_timeout = Duration::from_millis(200);
    settings.retry.attempts = 1;
    let location = location(settings);
    let fault = location.client_config().await.expect_err("no answer");
    assert_eq!(
        (fault.kind, fault.outcome),
        (FaultKind::Unreachable, Outcome::NotProcessed)
    );
    let fault = location.revoke(&holders()).await.expect_err("no answer");
    assert_eq!(
        (fault.kind, fault.outcome),
        (FaultKind::Unreachable, Outcome::Unknown)
    );
}

#[tokio::test]
async fn whoever_waits_for_an_answer_is_told_the_last_reason_when_the_time_for_all_tries_is_over() {
    let within = |apple: &Scripted| {
        let mut settings = apple.settings();
        settings.retry.in_all = Duration::from_millis(200);
        settings
    };
    let apple = Scripted::start([text(502), Turn::Hang]).await;
    let fault = location(within(&apple))
        .client_config()
        .await
        .expect_err("no answer");
    assert_eq!((fault.kind, fault.http_status), (FaultKind::Retry, Some(502)));
    let apple = Scripted::start([Turn::Hang, Turn::Hang]).await;
    let location = location(within(&apple));
    let fault = location.client_config().await.expect_err("no answer");
    assert_eq!(
        (fault.kind, fault.outcome),
        (FaultKind::Unreachable, Outcome::NotProcessed)
    );
    let fault = location.revoke(&holders()).await.expect_err("no answer");
    assert_eq!(
        (fault.kind, fault.outcome),
        (FaultKind::Unreachable, Outcome::Unknown)
    );
    assert_eq!(apple.seen().len(), 2);
}

#[tokio::test]
async fn a_longer_pause_than_the_bound_is_told_and_kept_by_the_whole_location() {
    let asks = text(503).with("retry-after", "120");
    let script = Scripted::start([asks, Turn::ok(client_config())]).await;
    let apple = Apple::new(script.settings()).expect("good settings");
    let client = |key: &str| apple.location(ServerToken::from_sealed(TOKEN.to_owned()), PaceKey::from(key));
    let fault = client("a").client_config().await.expect_err("a pause");
    assert_eq!(
        (fault.kind, fault.retry_after),
        (FaultKind::Wait, Some(Duration::from_secs(120)))
    );
    // The same location stays silent, without a request; another one does not.
    let fault = client("a").client_config().await.expect_err("still the pause");
    assert_eq!(
        (fault.kind, fault.outcome, fault.http_status),
        (FaultKind::Wait, Outcome::NotProcessed, None)
    );
    assert!(
        fault
            .retry_after
            .is_some_and(|left| left <= Duration::from_secs(120))
    );
    assert_eq!(script.seen().len(), 1);
    assert!(client("b").client_config().await.is_ok());
}

#[tokio::test]
async fn whoever_gets_no_turn_in_time_is_told_that_nothing_was_sent() {
    let asks = text(503).with("retry-after", "30");
    let script = Scripted::start([asks, Turn::ok(event())]).await;
    let apple = Apple::new(script.settings()).expect("good settings");
    let client = |apple: &Apple| apple.location(ServerToken::from_sealed(TOKEN.to_owned()), "location");
    let first = client(&apple);
    first.client_config().await.expect_err("a pause");
    let hurried = RetryBounds {
        longest_wait: Duration::from_secs(60),
        in_all: Duration::from_millis(200),
        ..RetryBounds::default()
    };
    let hurried = client(&apple.within(hurried));
    let fault = hurried.revoke(&holders()).await.expect_err("no turn");
    assert_eq!(
        (fault.kind, fault.outcome, fault.http_status),
        (FaultKind::Wait, Outcome::NotProcessed, None)
    );
    let left = fault.held().expect("what is left of the pause");
    assert!(
        left > Duration::from_secs(20) && left <= Duration::from_secs(30),
        "{left:?}"
    );
    assert_eq!(script.seen().len(), 1);
}

#[tokio::test]
async fn an_act_that_is_out_of_time_between_its_tries_tells_the_last_reason() {
    let asks = Turn::error(429, 9646).with("retry-after", "30");
    let script = Scripted::start([asks, Turn::ok(event())]).await;
    let mut settings = script.settings();
    settings.retry.longest_wait = Duration::from_secs(60);
    settings.retry.in_all = Duration::from_millis(200);
    let fault = location(settings).revoke(&holders()).await.expect_err("a pause");
    assert_eq!(
        (fault.kind, fault.outcome, fault.number),
        (FaultKind::Wait, Outcome::NotProcessed, Some(9646))
    );
    assert_eq!(fault.retry_after, Some(Duration::from_secs(30)));
    assert_eq!(script.seen().len(), 1);
}

#[tokio::test]
async fn an_act_that_waits_for_the_service_config_was_not_processed() {
    let silent = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let mut settings = AppleSettings::new(Arc::new(|| 0.0));
    settings.base_url = format!("http://{}/mdm/v2/", silent.local_addr().expect("bound"));
    let hurried = RetryBounds {
        in_all: Duration::from_millis(200),
        ..settings.retry
    };
    let apple = Apple::new(settings).expect("good settings");
    let reader = apple.clone();
    let reading = tokio::spawn(async move { reader.service_config().await });
    let _unanswered = silent.accept().await.expect("the request for it");
    let location = apple
        .within(hurried)
        .location(ServerToken::from_sealed(TOKEN.to_owned()), "location");
    let fault = location.revoke(&holders()).await.expect_err("no answer");
    assert_eq!(
        (fault.kind, fault.outcome),
        (FaultKind::Unreachable, Outcome::NotProcessed)
    );
    reading.abort();
}

#[tokio::test]
async fn a_pause_may_be_given_as_a_date() {
    let asks = text(503)
        .with("date", "Sun, 08 Nov 2026 10:00:00 GMT")
        .with("retry-after", "Sun, 08 Nov 2026 10:05:00 GMT");
    let apple = Scripted::start([asks]).await;
    let fault = apple.location().client_config().await.expect_err("a pause");
    assert_eq!(fault.retry_after, Some(Duration::from_secs(300)));
}
