//! One answer in five is 429, 500, 503 or a broken connection: sync and assignment still end in the exact state.

use crate::{
    main_job::app_with,
    notifications::adam_id,
    stand::{Ahead, Stand, engine, usual},
};
use contract::{
    Serial,
    activity::Activity,
    licenses::{Holder, Licenses, Revocation, RevocationForm, UnknownOrigin},
    tokens::Tokens,
};
use sandbox::{AssetKey, Faults, Organisation, PricingParam, Purchase, RandomFaults, Repeated};
use server::{engine::EngineSettings, start::Start};
use std::{sync::Arc, time::Duration};

fn one_in_five(seed: u64) -> Faults {
    Faults {
        random: RandomFaults {
            rate: 0.2,
            seed,
            retry_after: Some(0),
            ..RandomFaults::default()
        },
        ..usual()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fifth_of_all_answers_failing_changes_nothing_in_the_end() {
    let organisation = Organisation {
        apps: 12,
        books: 1,
        devices: 120,
        assignments: 600,
        spare: Some(150),
        ..Organisation::default()
    };
    let stand = Stand::start(organisation).await;
    // The form itself is not tried again behind the person's back, so it is sent while Apple is well.
    let file = stand.token_file();
    stand.sandbox.control().set_faults(one_in_five(7));
    let id = loop {
        match Tokens::create(&stand.portal, &stand.owner, crate::stand::form(&file, "Harbour")).await {
            Ok(id) => break id,
            Err(fault) => assert!(fault.code.status() >= 500, "{fault}"),
        }
    };
    crate::stand::until("a sync goes through", async || {
        let detail = Tokens::detail(&stand.portal, &stand.owner, &id).await.unwrap();
        if matches!(detail.row.sync, contract::tokens::SyncState::Failed { .. }) {
            Tokens::sync(&stand.portal, &stand.owner, &id).await.unwrap();
        }
        matches!(detail.row.sync, contract::tokens::SyncState::Completed { .. })
    })
    .await;
    stand.assert_in_step().await;

    let assets: Vec<_> = stand
        .apps()
        .await
        .into_iter()
        .filter(|app| !app.unlimited)
        .take(6)
        .map(|app| app.id)
        .collect();
    let operation = stand.assign(assets, &stand.serials()).await;
    let row = stand.done(&operation).await;
    assert_eq!(row.done + row.waiting, row.total, "nothing failed");
    assert_eq!(row.failed, 0);
    stand.assert_in_step().await;
    let faulty = stand
        .sandbox
        .control()
        .requests()
        .iter()
        .filter(|call| call.outcome.status != Some(200))
        .count();
    assert!(faulty > 5, "the stand-in was faulty: {faulty}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operation_that_apple_never_takes_stalls_says_why_and_can_be_resumed() {
    let organisation = Organisation {
        apps: 2,
        devices: 4,
        spare: Some(4),
        ..Organisation::default()
    };
    let impatient = server::engine::EngineSettings {
        attempts: 3,
        ..crate::stand::engine()
    };
    let stand = Stand::start_as(organisation, usual(), impatient).await;
    stand.create_token().await;
    stand.sandbox.control().set_faults(Faults {
        random: RandomFaults {
            rate: 1.0,
            kinds: vec![sandbox::RandomFault::InternalError],
            retry_after: None,
            ..RandomFaults::default()
        },
        ..usual()
    });
    let app = stand
        .apps()
        .await
        .into_iter()
        .find(|app| app.counts.available > 0)
        .unwrap();
    let operation = stand.assign(vec![app.id], &stand.serials()).await;
    crate::stand::until("the operation stalls", async || {
        let row = Activity::detail(&stand.portal, &stand.owner, &operation)
            .await
            .unwrap();
        row.state == contract::activity::OperationState::Stalled && row.fault.is_some()
    })
    .await;
    stand.sandbox.control().set_faults(usual());
    Activity::resume(&stand.portal, &stand.owner, &operation)
        .await
        .unwrap();
    assert_eq!(stand.done(&operation).await.failed, 0);
    stand.assert_in_step().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fails_at_apple_for_the_moment_is_sent_again() {
    let organisation = Organisation {
        apps: 2,
        devices: 8,
        assignments: 0,
        spare: Some(8),
        ..Organisation::default()
    };
    let stand = Stand::start(organisation).await;
    stand.create_token().await;
    let app = crate::main_job::app_with(&stand, 5).await;
    stand.sandbox.control().set_faults(Faults {
        event_error: Some(9603),
        ..usual()
    });
    let operation = stand.assign(vec![app.id], &stand.serials()[..5]).await;
    crate::stand::until("Apple failed it once", async || {
        let log = stand.sandbox.control().requests();
        log.iter().any(|request| request.path.ends_with("/status"))
    })
    .await;
    stand.sandbox.control().set_faults(usual());
    let row = stand.done(&operation).await;
    assert_eq!((row.done, row.failed, row.waiting), (5, 0, 0));
    stand.assert_in_step().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn s3_an_apple_that_refuses_what_its_counts_have_is_asked_ever_more_rarely() {
    let organisation = Organisation {
        apps: 2,
        devices: 8,
        assignments: 0,
        spare: Some(8),
        ..Organisation::default()
    };
    let stand = Stand::start(organisation).await;
    stand.create_token().await;
    let app = crate::main_job::app_with(&stand, 5).await;
    stand.sandbox.control().set_faults(Faults {
        event_error: Some(9709),
        ..usual()
    });
    stand.assign(vec![app.id], &stand.serials()[..5]).await;
    let asked = async || {
        let log = stand.sandbox.control().requests();
        let times = log.iter().filter(|request| request.path.ends_with("/associate"));
        times.map(|request| request.at).collect::<Vec<_>>()
    };
    crate::stand::until("Apple was asked five times", async || asked().await.len() >= 5).await;
    let times = asked().await;
    let pauses: Vec<_> = times
        .windows(2)
        .map(|pair| pair[1].duration_since(pair[0]))
        .collect();
    // The first time its counts may have been old, so they are read and it is asked at once.
    for (pause, doublings) in pauses[1..].iter().zip(5..) {
        let least = crate::stand::engine().first_pause * 2_u32.pow(doublings);
        assert!(
            std::time::Duration::try_from(*pause).unwrap() >= least,
            "{pauses:?}"
        );
    }

    stand.sandbox.control().set_faults(usual());
    crate::stand::until("all have one", async || {
        stand
            .apps()
            .await
            .iter()
            .any(|row| row.id == app.id && row.counts.used == 5)
    })
    .await;
    stand.assert_in_step().await;
}

fn key(adam_id: &str) -> AssetKey {
    AssetKey {
        adam_id: adam_id.into(),
        pricing_param: PricingParam::Stdq,
    }
}

fn eight_devices() -> Organisation {
    Organisation {
        apps: 2,
        devices: 8,
        assignments: 0,
        spare: Some(8),
        ..Organisation::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_apple_refuses_because_it_is_so_already_is_done() {
    let strict = Faults {
        repeated: Repeated::Refused,
        lost_notifications: 1.0,
        ..usual()
    };
    let stand = Stand::start_with(eight_devices(), strict).await;
    stand.create_token().await;
    let app = app_with(&stand, 8).await;
    let key = key(&adam_id(&stand, &app).await);
    let control = stand.sandbox.control();
    let serials = stand.serials();
    let used = async |count: i64| {
        let used = async || {
            let apps = stand.apps().await;
            apps.iter().find(|row| row.id == app.id).unwrap().counts.used
        };
        crate::stand::until("Apple's counts are read", async || used().await == count).await;
        stand.comes_in_step().await;
    };
    // As Apple alone knows.
    control
        .assign_outside(&stand.uid(), &key, &serials[1..3])
        .unwrap();
    let operation = stand.assign(vec![app.id], &serials[..5]).await;
    let row = stand.done(&operation).await;
    assert_eq!((row.done, row.failed), (5, 0));
    used(5).await;

    control
        .release_outside(&stand.uid(), &key, &serials[1..3])
        .unwrap();
    let holders = serials[..5].iter();
    let what = Revocation::Licenses {
        licenses: holders
            .map(|serial| (app.id, Holder::Device(Serial::known(serial))))
            .collect(),
    };
    let operation = Licenses::revoke(&stand.portal, &stand.owner, RevocationForm::of(what))
        .await
        .unwrap();
    let row = stand.done(&operation).await;
    assert_eq!((row.done, row.failed), (5, 0));
    used(0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_apple_says_it_did_and_shows_a_moment_later_has_not_failed() {
    const POLL: Duration = Duration::from_secs(600);
    const LOOK: Duration = Duration::from_secs(30);
    let ahead = Arc::new(Ahead::default());
    let later = |stand: &Stand, time: Duration| {
        ahead.by(time.as_millis().try_into().unwrap());
        stand.portal.wake.ring();
    };
    let slow = EngineSettings {
        first_poll: POLL,
        first_pause: LOOK,
        ..engine()
    };
    let deaf = Faults {
        lost_notifications: 1.0,
        ..usual()
    };
    let clock = ahead.clone();
    let stand = Stand::start_so(eight_devices(), deaf, |start| Start {
        clock,
        engine: slow,
        ..start
    })
    .await;
    stand.create_token().await;
    let app = app_with(&stand, 8).await;
    let key = key(&adam_id(&stand, &app).await);
    let control = stand.sandbox.control();
    let uid = stand.uid();
    // Two are left, as Apple alone knows.
    let six = Purchase::of(key.adam_id.to_string(), 6);
    control.refund(&uid, &six).unwrap();
    let operation = stand.assign(vec![app.id], &stand.serials()[..3]).await;
    let given = || control.state(&uid).unwrap().assignments;
    crate::stand::until("Apple gives two", async || given().len() == 2).await;
    let hidden = given()[0].serial_number.as_ref().unwrap().to_string();
    let hidden = std::slice::from_ref(&hidden);
    control.release_outside(&uid, &key, hidden).unwrap();
    control.reset_requests();
    later(&stand, POLL);
    crate::stand::until("one of them is not seen", async || {
        control
            .requests()
            .iter()
            .any(|call| call.path.ends_with("/assignments"))
    })
    .await;
    control.assign_outside(&uid, &key, hidden).unwrap();
    later(&stand, LOOK);
    let row = stand.done(&operation).await;
    assert_eq!((row.done, row.failed), (2, 1));
}

/// Others give licences back while the list is read: whoever has one may stand on a page that was read before.
#[tokio::test(flavor = "multi_thread")]
async fn s2_whoever_a_shifting_list_hides_has_lost_nothing() {
    let organisation = Organisation {
        apps: 1,
        books: 0,
        devices: 60,
        users: 0,
        assignments: 60,
        unlimited_app: false,
        ..Organisation::default()
    };
    let faults = Faults {
        page_size: 2,
        latency_ms: 20,
        lost_notifications: 1.0,
        ..usual()
    };
    let stand = Stand::start_with(organisation, faults.clone()).await;
    stand.create_token().await;
    let app = stand.apps().await.remove(0);
    let control = stand.sandbox.control();
    let held = control.state(&stand.uid()).unwrap().assignments;
    let serials: Vec<String> = held
        .iter()
        .filter_map(|one| Some(one.serial_number.as_ref()?.to_string()))
        .collect();
    let (others, ours) = serials.split_at(30);
    control.set_faults(Faults {
        event_error: Some(9602),
        ..faults
    });
    let holders = ours.iter().map(|serial| Holder::Device(Serial::known(serial)));
    let what = Revocation::Licenses {
        licenses: holders.map(|holder| (app.id, holder)).collect(),
    };
    let form = RevocationForm {
        unknown: UnknownOrigin::Goes,
        ..RevocationForm::of(what)
    };
    control.reset_requests();
    let operation = Licenses::revoke(&stand.portal, &stand.owner, form).await.unwrap();
    let key = AssetKey {
        adam_id: held[0].adam_id.clone(),
        pricing_param: PricingParam::Stdq,
    };
    let shifting = async {
        for (serial, read) in others.iter().zip(1..) {
            crate::stand::until("another page is read", async || {
                let requests = control.requests();
                let pages = requests
                    .iter()
                    .filter(|request| request.path.ends_with("/assignments"));
                pages.count() >= read
            })
            .await;
            control
                .release_outside(&stand.uid(), &key, std::slice::from_ref(serial))
                .unwrap();
        }
        std::future::pending::<()>().await;
    };
    let row = tokio::select! {
        row = stand.done(&operation) => row,
        () = shifting => unreachable!(),
    };
    assert_eq!((row.failed, row.done), (30, 0));
}
