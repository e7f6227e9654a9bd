//! Two replicas on one PostgreSQL database (O1), with real PostgreSQL and a stand-in Apple.

use crate::{
    database::Schema,
    stand::{Folder, add_devices, apps, assert_in_step, assign, form, log, owner, settings, until, usual},
};
use contract::{
    activity::{Activity, OperationState},
    live::LiveEvent,
    tokens::{SyncState, TokenQuery, Tokens},
};
use sandbox::{Organisation, Sandbox, SandboxSettings};
use server::{
    clock::new_id,
    settings::Storage,
    start::{Running, Start, start},
};
use tokio::sync::broadcast::Receiver;

/// Waits until an open page hears of it.
async fn heard(news: &mut Receiver<LiveEvent>, what: &str, is: impl Fn(&LiveEvent) -> bool) {
    let wait = async { while !is(&news.recv().await.unwrap()) {} };
    let heard = tokio::time::timeout(crate::stand::PATIENCE, wait).await;
    assert!(heard.is_ok(), "not heard: {what}");
}

#[tokio::test(flavor = "multi_thread")]
async fn o1_replicas_share_the_work_and_their_pages_follow_each_other() {
    log();
    let id = new_id(server::clock::Clock::now(&server::clock::SystemClock));
    let Some(schema) = Schema::new(&id) else {
        eprintln!("POMONA_TEST_POSTGRES_URL is not set: replicas are not tested");
        return;
    };
    let organisation = Organisation {
        apps: 3,
        devices: 60,
        ..Organisation::default()
    };
    let sandbox = Sandbox::start(SandboxSettings {
        faults: usual(),
        ..SandboxSettings::with([organisation.clone()])
    })
    .await
    .unwrap();
    let folder = Folder::new();
    let replica = async || -> Running {
        let settings = settings(&sandbox, &folder);
        let storage = Storage {
            database: Some(schema.url()),
            ..settings.storage
        };
        start(Start { storage, ..settings }).await.unwrap()
    };
    let one = replica().await;
    let owner = owner(&one.portal).await;
    add_devices(&one.portal, &organisation).await;
    let two = replica().await;
    let (mut at_one, mut at_two) = (one.portal.live.listen(), two.portal.live.listen());

    // Each listens once it is up.
    let uid = sandbox.control().locations()[0].uid.clone();
    let file = sandbox.control().issue_token(&uid).unwrap();
    until("both hear each other", async || {
        one.portal.live.send(LiveEvent::Requests);
        two.portal.live.send(LiveEvent::Requests);
        let count = |news: &mut Receiver<LiveEvent>| {
            let mut count = 0;
            while news.try_recv().is_ok() {
                count += 1;
            }
            count
        };
        tokio::task::yield_now().await;
        // Its own, and the other's.
        count(&mut at_one) > 1 && count(&mut at_two) > 1
    })
    .await;

    let token = Tokens::create(&one.portal, &owner, form(&file, "Harbour"))
        .await
        .unwrap();
    let synced = |event: &LiveEvent| {
        matches!(
            event,
            LiveEvent::Sync {
                state: SyncState::Completed { .. },
                ..
            }
        )
    };
    heard(&mut at_one, "the sync, at the first", synced).await;
    heard(&mut at_two, "the sync, at the second", synced).await;
    let tokens = Tokens::list(&two.portal, &owner, TokenQuery::default())
        .await
        .unwrap();
    assert_eq!(tokens.rows[0].id, token);

    let serials: Vec<_> = organisation
        .devices()
        .map(|device| device.serial_number)
        .collect();
    let app = apps(&two.portal, &owner).await.remove(0).id;
    let operation = assign(&two.portal, &owner, vec![app], &serials[..1]).await;
    let done = |event: &LiveEvent| matches!(event, LiveEvent::Operation { id, state: OperationState::Done, .. } if *id == operation);
    heard(&mut at_one, "the operation, at the first", done).await;
    heard(&mut at_two, "the operation, at the second", done).await;
    assert_in_step(&one.portal, &owner, &sandbox, &uid).await;

    // One goes; the other does all of the work.
    one.stop().await;
    let operation = assign(&two.portal, &owner, vec![app], &serials[1..2]).await;
    until("the one that is left does it", async || {
        let row = Activity::detail(&two.portal, &owner, &operation).await.unwrap();
        row.state == OperationState::Done
    })
    .await;
    assert_in_step(&two.portal, &owner, &sandbox, &uid).await;
    two.stop().await;
}
