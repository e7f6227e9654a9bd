//! While Apple is down, an operation says why it waits and when it is tried again.

use crate::{
    stand::{Ahead, Stand, engine, until, usual},
    web::Visitor,
};
use contract::{
    Code, Role,
    activity::{Activity, OperationState},
};
use sandbox::{Faults, Organisation, RandomFault, RandomFaults};
use server::start::Start;
use std::{sync::Arc, time::Duration};

#[tokio::test(flavor = "multi_thread")]
async fn an_operation_that_waits_for_apple_says_why_and_until_when() {
    let organisation = Organisation {
        apps: 2,
        devices: 4,
        spare: Some(4),
        ..Organisation::default()
    };
    // Long enough that it waits while it is looked at.
    let patient = server::engine::EngineSettings {
        first_pause: Duration::from_secs(600),
        ..engine()
    };
    let ahead = Arc::new(Ahead::default());
    let clock = ahead.clone();
    let stand = Stand::start_so(organisation, usual(), |start| Start {
        clock,
        engine: patient,
        ..start
    })
    .await;
    stand.create_token().await;
    let app = stand
        .apps()
        .await
        .into_iter()
        .find(|app| app.counts.available > 0)
        .unwrap();
    stand.sandbox.control().set_faults(Faults {
        random: RandomFaults {
            rate: 1.0,
            kinds: vec![RandomFault::InternalError],
            retry_after: None,
            ..RandomFaults::default()
        },
        ..usual()
    });
    let before = stand.portal.clock.now();
    let operation = stand.assign(vec![app.id], &stand.serials()).await;
    let row = async || {
        Activity::detail(&stand.portal, &stand.owner, &operation)
            .await
            .unwrap()
    };
    until("the first try has failed", async || {
        row().await.next_try_at.is_some()
    })
    .await;
    let waiting = row().await;
    assert!(matches!(
        waiting.state,
        OperationState::Queued | OperationState::Running
    ));
    assert!(waiting.next_try_at > Some(before));
    assert_eq!(waiting.fault.unwrap().code, Code::AppleFailing);
    let visitor = Visitor::signed_in_as(&stand, Role::ReadOnly).await;
    let text = async |path: &str| visitor.get(path).await.text().await.unwrap();
    let page = text(&format!("/activity/{operation}")).await;
    assert!(page.contains("The last try did not succeed"));
    assert!(page.contains("Next try:"));
    let cause = "service has a fault at the moment";
    assert!(page.contains(cause) && text("/activity").await.contains(cause));

    stand.sandbox.control().set_faults(usual());
    ahead.by(120_000);
    stand.portal.wake.ring();
    let done = stand.done(&operation).await;
    assert_eq!((done.failed, done.fault, done.next_try_at), (0, None, None));
    stand.assert_in_step().await;
}
