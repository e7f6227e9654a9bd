//! What stands in the way of hearing Apple (S4): notifications that cannot be, and an Apple that does not answer.

use crate::{
    database::Raw,
    main_job::{app_with, without},
    notifications::{active, adam_id, asset, config, new_app, organisation, other_mdm, post, serial},
    stand::{Ahead, Stand, engine, until, usual},
};
use apple::{Association, DeviceAssignableAsset};
use contract::{
    Code, TokenId,
    tokens::{SyncProgress, SyncStage, SyncState, Tokens},
};
use sandbox::{Faults, Product, Purchase};
use secrecy::ExposeSecret;
use server::{engine::EngineSettings, start::Start};
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use store::locations::Fence;

/// Apple's notification of a purchase, as it is sent.
async fn tell_count(stand: &Stand, id: &str, adam_id: &str, delta: i64) {
    let config = config(stand).await;
    let uid = stand.uid();
    let body = format!(
        r#"{{"notification":{{"adamId":"{adam_id}","countDelta":{delta},"pricingParam":"STDQ"}},"notificationId":"{id}","notificationType":"ASSET_COUNT","uId":"{uid}"}}"#
    );
    let secret = config.notification_auth_token.unwrap();
    let url = config.notification_url.unwrap();
    assert_eq!(post(&url, Some(secret.expose_secret()), body).await, 200);
}

/// Between its storing and its claim a token is known, and Apple names no owner yet.
#[tokio::test(flavor = "multi_thread")]
async fn s4_a_new_location_is_heard_from_its_first_sync_on() {
    let settings = EngineSettings {
        check: Duration::from_secs(600),
        ..engine()
    };
    let slow = Faults {
        latency_ms: 100,
        ..usual()
    };
    let stand = Stand::start_as(organisation(), slow, settings).await;
    let id = stand.create_token().await;
    active(&stand, &id).await;
    let requests = stand.sandbox.control().requests();
    let asked: Vec<_> = requests
        .iter()
        .filter(|request| request.path.ends_with("/client/config"))
        .map(|request| request.method.as_str())
        .collect();
    // What the form showed, what the portal claims, and then the worker.
    assert!(asked.starts_with(&["GET", "POST", "GET"]), "{asked:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_purchase_of_more_than_there_can_be_stops_no_other() {
    let stand = Stand::start(organisation()).await;
    let id = stand.create_token().await;
    active(&stand, &id).await;
    let apps = stand.apps().await;
    for (number, app) in apps.iter().take(2).enumerate() {
        let adam_id = adam_id(&stand, app).await;
        tell_count(&stand, &format!("a{number}"), &adam_id, i64::MAX / 2).await;
    }
    let adam_id = adam_id(&stand, &apps[0]).await;
    let purchase = Purchase::of(adam_id, 7);
    stand.sandbox.control().buy(&stand.uid(), &purchase).unwrap();
    stand.comes_in_step().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notification_that_storage_refuses_is_put_aside_and_the_location_checked_at_once() {
    let settings = EngineSettings {
        settle: Duration::from_secs(600),
        ..engine()
    };
    let stand = Stand::start_as(organisation(), usual(), settings).await;
    let id = stand.create_token().await;
    active(&stand, &id).await;
    let apps = stand.apps().await;
    let (bad, good) = (adam_id(&stand, &apps[0]).await, adam_id(&stand, &apps[1]).await);
    let when = format!("NEW.adam_id = '{bad}' AND NEW.available = OLD.available + 41");
    refuse(&stand, "UPDATE OF available ON assets", &when).await;
    tell_count(&stand, "a", &bad, 41).await;
    let control = stand.sandbox.control();
    control.buy(&stand.uid(), &Purchase::of(good, 7)).unwrap();
    until("the next one is taken up", async || {
        let apps_now = stand.apps().await;
        apps_now
            .iter()
            .any(|app| app.id == apps[1].id && app.counts.total == apps[1].counts.total + 7)
    })
    .await;
    // Apple never had the 41: a check said so long before it was due.
    stand.comes_in_step().await;
}

/// Storage does not write such rows until the trigger `refuses` is gone.
async fn refuse(stand: &Stand, writes: &str, when: &str) -> Raw {
    let mut raw = stand.folder.raw().await;
    let refusal = match raw {
        Raw::Sqlite(_) => format!(
            "CREATE TRIGGER refuses BEFORE {writes} WHEN ({when}) BEGIN SELECT RAISE(ABORT, 'not that one'); END"
        ),
        Raw::Postgres(_) => format!(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
                 $$ BEGIN RAISE 'not that one' USING ERRCODE = 'integrity_constraint_violation'; END $$;
             CREATE TRIGGER refuses BEFORE {writes} FOR EACH ROW WHEN ({when}) EXECUTE FUNCTION refuse()"
        ),
    };
    raw.run(refusal).await;
    raw
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_asset_stands_in_no_others_way() {
    let stand = Stand::start(organisation()).await;
    let id = stand.create_token().await;
    active(&stand, &id).await;
    let app = app_with(&stand, 4).await;
    let adam_id = adam_id(&stand, &app).await;
    let purchase = Purchase::of(adam_id.clone(), 7);
    // Lost, and found by what cannot be true: the asset is read again.
    let control = stand.sandbox.control();
    let before = control.faults();
    control.set_faults(Faults {
        lost_notifications: 1.0,
        ..before.clone()
    });
    control.buy(&stand.uid(), &purchase).unwrap();
    control.set_faults(before);
    for (number, strange) in ["../../x", "0", "999000999"].into_iter().enumerate() {
        tell_count(&stand, &format!("strange{number}"), strange, 1).await;
    }
    tell_count(&stand, "impossible", &adam_id, -99_999).await;
    stand.comes_in_step().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_apple_that_does_not_answer_after_a_restart_is_why_a_sync_failed() {
    let stand = Stand::start(organisation()).await;
    let id = stand.create_token().await;
    let stand = stand
        .restart_so(|start| Start {
            apple: apple::AppleSettings {
                base_url: "http://127.0.0.1:1".to_owned(),
                ..start.apple
            },
            ..start
        })
        .await;
    Tokens::sync(&stand.portal, &stand.owner, &id).await.unwrap();
    until("the sync has failed", async || {
        matches!(
            stand.token().await.sync,
            SyncState::Failed { fault, .. } if fault.code == Code::AppleUnreachable
        )
    })
    .await;
}

/// A sync of many pages from which the walk over assignments has come back at least once, and is far from its end.
async fn long_sync(stand: &Stand, id: &TokenId) {
    let control = stand.sandbox.control();
    control.set_faults(Faults {
        page_size: 1,
        latency_ms: 200,
        ..usual()
    });
    Tokens::sync(&stand.portal, &stand.owner, id).await.unwrap();
    until("the sync is at the assignments", async || {
        matches!(progress(stand).await, Some(progress) if progress.pages > 0 && progress.stage == SyncStage::Assignments)
    })
    .await;
}

/// None if no sync runs.
async fn progress(stand: &Stand) -> Option<SyncProgress> {
    match stand.token().await.sync {
        SyncState::InProgress { progress, .. } => Some(progress),
        _ => None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_apple_tells_during_a_long_sync_shows_at_once_and_outlives_it() {
    let stand = Stand::start(organisation()).await;
    let id = stand.create_token().await;
    active(&stand, &id).await;
    let app = app_with(&stand, 4).await;
    let free = without(&stand, &app).await.remove(0);
    let adam_id = adam_id(&stand, &app).await;
    long_sync(&stand, &id).await;
    let control = stand.sandbox.control();
    let purchase = Purchase::of(adam_id.clone(), 7);
    control.buy(&stand.uid(), &purchase).unwrap();
    let other = other_mdm(&stand.sandbox.base_url(), &stand.token_file());
    let association = Association::for_devices(
        vec![DeviceAssignableAsset::known(asset(&adam_id))],
        vec![serial(&free)],
    );
    other.associate(&association).await.unwrap();
    until("both show", async || {
        let apps = stand.apps().await;
        let now = apps.into_iter().find(|now| now.id == app.id).unwrap().counts;
        (now.total, now.used) == (app.counts.total + 7, app.counts.used + 1)
    })
    .await;
    let progress = progress(&stand).await.expect("the sync still runs");
    assert!(progress.pages < progress.pages_total, "{progress:?}");

    control.set_faults(usual());
    until("the sync ends", async || self::progress(&stand).await.is_none()).await;
    stand.assert_in_step().await;
}

/// How often each asset in doubt could not be read.
async fn tries(stand: &Stand) -> Vec<i64> {
    let fence = Fence {
        location: stand.token().await.location,
        owner: String::new(),
        epoch: 0,
    };
    let doubts = stand.portal.db.doubts(&fence, i64::MAX, 9).await.unwrap();
    doubts.into_iter().map(|(_, tries)| tries).collect()
}

/// Notifications alone say what changed.
async fn heard_alone(ahead: &Arc<Ahead>) -> Stand {
    let clock = ahead.clone();
    let settings = EngineSettings {
        settle: Duration::from_secs(24 * 60 * 60),
        check: Duration::from_secs(24 * 60 * 60),
        ..engine()
    };
    let stand = Stand::start_so(organisation(), usual(), |start| Start {
        clock,
        engine: settings,
        ..start
    })
    .await;
    let id = stand.create_token().await;
    active(&stand, &id).await;
    stand
}

#[tokio::test(flavor = "multi_thread")]
async fn an_asset_that_apple_fails_on_stands_in_no_others_way() {
    let ahead = Arc::new(Ahead::default());
    let stand = heard_alone(&ahead).await;
    let mut keys = Vec::new();
    for app in stand.apps().await.iter().filter(|app| !app.unlimited).take(2) {
        keys.push(adam_id(&stand, app).await);
    }
    keys.sort_unstable();
    let (bad, good) = (keys[0].clone(), keys[1].clone());
    let control = stand.sandbox.control();
    control.set_faults(Faults {
        lost_notifications: 1.0,
        asset_errors: BTreeMap::from([(bad.clone(), 9603), (good.clone(), 9603)]),
        ..usual()
    });
    control.buy(&stand.uid(), &Purchase::of(good.clone(), 7)).unwrap();
    tell_count(&stand, "bad", &bad, -99_999).await;
    tell_count(&stand, "good", &good, -99_999).await;
    until("both were asked for", async || tries(&stand).await == [1, 1]).await;
    // Both are due again at once, and Apple goes on to fail on the first.
    control.set_faults(Faults {
        asset_errors: BTreeMap::from([(bad, 9603)]),
        ..usual()
    });
    ahead.by(61_000);
    stand.portal.wake.ring();
    stand.comes_in_step().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_asset_waits_for_a_moment_in_which_storage_fails() {
    let ahead = Arc::new(Ahead::default());
    let stand = heard_alone(&ahead).await;
    let control = stand.sandbox.control();
    let known = control.assets(&stand.uid()).unwrap();
    let product = control.product(&known[0].adam_id).unwrap();
    let adam_id = "999000112".to_owned();
    control
        .put_product(Product {
            adam_id: adam_id.clone(),
            name: "Orchard Map".into(),
            ..(*product).clone()
        })
        .unwrap();
    let is_new = format!("NEW.adam_id = '{adam_id}'");
    let mut raw = refuse(&stand, "INSERT ON assets", &is_new).await;
    let purchase = Purchase::of(adam_id.clone(), 7);
    control.buy(&stand.uid(), &purchase).unwrap();
    until("it was read more than once", async || {
        let requests = control.requests();
        requests
            .iter()
            .filter(|request| request.query.contains(&adam_id))
            .count()
            > 1
    })
    .await;
    raw.run(match raw {
        Raw::Sqlite(_) => "DROP TRIGGER refuses".to_owned(),
        Raw::Postgres(_) => "DROP TRIGGER refuses ON assets".to_owned(),
    })
    .await;
    until("the app is here", async || {
        let apps = stand.apps().await;
        apps.iter().any(|app| app.name == "Orchard Map")
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_app_is_not_lost_by_an_answer_that_says_nothing_of_it() {
    let ahead = Arc::new(Ahead::default());
    let stand = heard_alone(&ahead).await;
    let control = stand.sandbox.control();
    let bought = new_app(&stand).adam_id.to_string();
    control.set_faults(Faults {
        asset_errors: BTreeMap::from([(bought.clone(), 9647)]),
        ..usual()
    });
    control.buy(&stand.uid(), &Purchase::of(bought, 12)).unwrap();
    until("it was asked for", async || tries(&stand).await == [1]).await;
    control.set_faults(usual());
    ahead.by(61_000);
    stand.portal.wake.ring();
    until("the app is here", async || {
        stand
            .apps()
            .await
            .iter()
            .any(|app| app.name == "Orchard Survey" && app.counts.total == 12)
    })
    .await;
}
