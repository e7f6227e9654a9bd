//! What cannot be done now is done later by itself, each time later, and stops nothing else.

use crate::{
    database::Raw,
    main_job::app_with,
    stand::{Ahead, Stand, engine, until, usual},
};
use contract::{
    Code, OperationId,
    activity::{Activity, OperationRow, OperationState},
    tokens::{SyncState, Tokens},
};
use sandbox::{Faults, Organisation, RandomFault, RandomFaults};
use server::{engine::EngineSettings, start::Start};
use std::{collections::BTreeMap, sync::Arc};

fn organisation() -> Organisation {
    Organisation {
        apps: 2,
        devices: 8,
        assignments: 0,
        spare: Some(8),
        ..Organisation::default()
    }
}

async fn row(stand: &Stand, id: &OperationId) -> OperationRow {
    Activity::detail(&stand.portal, &stand.owner, id).await.unwrap()
}

/// The first of these calls that Apple has answered, by the end of its path, from that number on.
fn call(stand: &Stand, path: &str, from: usize) -> Option<usize> {
    let log = stand.sandbox.control().requests();
    (from..log.len()).find(|at| log[*at].path.ends_with(path))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operation_waits_for_the_right_key_and_goes_on_by_itself() {
    let ahead = Arc::new(Ahead::default());
    let clock = ahead.clone();
    let stand = Stand::start_so(organisation(), usual(), |start| Start { clock, ..start }).await;
    stand.create_token().await;
    let app = app_with(&stand, 5).await;
    let mut raw = stand.folder.raw().await;
    let nothing = match raw {
        Raw::Sqlite(_) => "zeroblob(64)",
        Raw::Postgres(_) => "decode(repeat('00', 64), 'hex')",
    };
    raw.run("CREATE TABLE kept AS SELECT * FROM sealed_tokens".to_owned())
        .await;
    raw.run(format!("UPDATE sealed_tokens SET sealed = {nothing}"))
        .await;
    let operation = stand.assign(vec![app.id], &stand.serials()[..5]).await;
    until("it waits", async || row(&stand, &operation).await.fault.is_some()).await;
    let waiting = row(&stand, &operation).await;
    assert_eq!(waiting.fault.unwrap().code, Code::KeyWrong);
    assert_eq!(waiting.state, OperationState::Queued);
    assert!(waiting.next_try_at.is_some());
    raw.run(
        "UPDATE sealed_tokens SET sealed = (SELECT k.sealed FROM kept k WHERE k.token = sealed_tokens.token)"
            .to_owned(),
    )
    .await;
    ahead.by(61_000);
    stand.portal.wake.ring();
    assert_eq!(stand.done(&operation).await.done, 5);
    stand.assert_in_step().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn s3_the_pause_that_apple_asks_for_is_kept_by_all_of_the_location_and_is_nobodys_failure() {
    let impatient = EngineSettings {
        attempts: 2,
        ..engine()
    };
    let stand = Stand::start_so(organisation(), usual(), |start| Start {
        apple: apple::AppleSettings {
            pace: apple::Pace::FromServiceConfig,
            ..start.apple
        },
        engine: impatient,
        ..start
    })
    .await;
    stand.create_token().await;
    let app = app_with(&stand, 6).await;
    stand.sandbox.control().set_faults(Faults {
        random: RandomFaults {
            rate: 1.0,
            kinds: vec![RandomFault::Unavailable],
            retry_after: Some(900),
            ..RandomFaults::default()
        },
        ..usual()
    });
    let began = stand.portal.clock.now();
    let serials = stand.serials();
    let one = stand.assign(vec![app.id], &serials[..3]).await;
    let other = stand.assign(vec![app.id], &serials[3..6]).await;
    for operation in [&one, &other] {
        until("it waits", async || {
            row(&stand, operation).await.next_try_at.is_some()
        })
        .await;
        let waiting = row(&stand, operation).await;
        assert_eq!(waiting.state, OperationState::Queued);
        assert_eq!(waiting.fault.unwrap().code, Code::AppleBusy);
        // Nearly so: it is told in whole seconds, and counted from when it was told.
        assert!(waiting.next_try_at.unwrap() > began + 890_000);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_apple_takes_and_never_does_is_sent_again_a_bounded_number_of_times() {
    const LONG: i64 = 11 * 60_000;
    let ahead = Arc::new(Ahead::default());
    let clock = ahead.clone();
    let impatient = EngineSettings {
        attempts: 2,
        ..engine()
    };
    let stand = Stand::start_so(organisation(), usual(), |start| Start {
        clock,
        engine: impatient,
        ..start
    })
    .await;
    stand.create_token().await;
    let app = app_with(&stand, 5).await;
    stand.sandbox.control().set_faults(Faults {
        event_latency_ms: 3_600_000,
        ..usual()
    });
    let operation = stand.assign(vec![app.id], &stand.serials()[..5]).await;
    let mut from = 0;
    for state in [OperationState::Running, OperationState::Stalled] {
        until("it is sent, and followed", async || {
            let sent = call(&stand, "/associate", from);
            sent.is_some_and(|sent| call(&stand, "/status", sent).is_some())
        })
        .await;
        assert_eq!(row(&stand, &operation).await.fault, None);
        from = call(&stand, "/associate", from).unwrap() + 1;
        ahead.by(LONG);
        until("it came to nothing", async || {
            row(&stand, &operation).await.state == state && call(&stand, "/assignments", from).is_some()
        })
        .await;
    }
    let stalled = row(&stand, &operation).await;
    assert_eq!(stalled.fault.unwrap().code, Code::AppleDidOtherwise);
    assert_eq!(call(&stand, "/associate", from), None, "it is not sent once more");
}

#[tokio::test(flavor = "multi_thread")]
async fn c5_an_app_that_the_store_does_not_describe_stands_in_no_others_way() {
    let many = Organisation {
        apps: 120,
        ..organisation()
    };
    let stand = Stand::start(many).await;
    let control = stand.sandbox.control();
    let broken = control.assets(&stand.uid()).unwrap()[0].adam_id.to_string();
    control.set_faults(Faults {
        asset_errors: BTreeMap::from([(broken, 9603)]),
        ..usual()
    });
    let id = stand.create_token().await;
    let nameless = async || {
        let apps = stand.apps().await;
        let bare = |name: &str| name.bytes().all(|byte| byte.is_ascii_digit());
        apps.iter().filter(|app| bare(&app.name)).count()
    };
    until("the others have their names", async || nameless().await == 1).await;
    let detail = Tokens::detail(&stand.portal, &stand.owner, &id).await.unwrap();
    let SyncState::Completed { app_errors, .. } = detail.row.sync else {
        panic!("the sync is through");
    };
    assert_eq!(app_errors, 1);
}
