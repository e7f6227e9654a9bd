//! Syncs: exact while Apple's data changes under them, and silent where nothing has changed.

use crate::{
    notifications::{new_app, watchful},
    stand::{Stand, usual},
};
use contract::{
    AssetId,
    catalog::{AssetRow, Catalog},
    tokens::{SyncState, Tokens},
};
use sandbox::{AssetKey, Faults, Organisation, PageWrite, PricingParam, Purchase};

fn organisation() -> Organisation {
    Organisation {
        apps: 12,
        books: 1,
        devices: 100,
        users: 3,
        assignments: 700,
        ..Organisation::default()
    }
}

async fn sync_again(stand: &Stand) {
    let id = stand.token().await.id;
    let before = Tokens::syncs(&stand.portal, &stand.owner, &id)
        .await
        .unwrap()
        .len();
    Tokens::sync(&stand.portal, &stand.owner, &id).await.unwrap();
    crate::stand::until("another sync ends", async || {
        let runs = Tokens::syncs(&stand.portal, &stand.owner, &id).await.unwrap();
        runs.len() > before && matches!(runs[0].state, SyncState::Completed { .. })
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn data_that_changes_between_pages_is_read_right() {
    let stand = Stand::start_with(
        organisation(),
        Faults {
            page_size: 40,
            page_write: PageWrite::Assignment,
            page_write_times: Some(12),
            ..usual()
        },
    )
    .await;
    stand.create_token().await;
    stand.assert_in_step().await;
}

/// Somebody already read goes, and the others move up: the next of them stands on a page that was read before.
#[tokio::test(flavor = "multi_thread")]
async fn s2_whom_a_change_hides_during_a_first_sync_is_found() {
    let stand = Stand::start_with(
        Organisation {
            apps: 1,
            books: 0,
            devices: 60,
            users: 0,
            assignments: 38,
            ..Organisation::default()
        },
        Faults {
            page_size: 4,
            latency_ms: 100,
            lost_notifications: 1.0,
            ..usual()
        },
    )
    .await;
    let control = stand.sandbox.control();
    let first = control.state(&stand.uid()).unwrap().assignments.remove(0);
    let key = AssetKey {
        adam_id: first.adam_id,
        pricing_param: PricingParam::Stdq,
    };
    let serial = first.serial_number.unwrap().to_string();
    let change = async {
        crate::stand::until(
            "the first page is read, and others are on their way",
            async || {
                let requests = control.requests();
                let read = requests
                    .iter()
                    .filter(|request| request.path.ends_with("/assignments"));
                read.count() > 0
            },
        )
        .await;
        control.release_outside(&stand.uid(), &key, &[serial]).unwrap();
    };
    tokio::join!(stand.create_token(), change);
    stand.assert_in_step().await;
}

/// The list is read again because of the other change, and is then newer than what was synced.
#[tokio::test(flavor = "multi_thread")]
async fn an_app_bought_during_a_sync_of_changing_data_is_found_by_the_next_check() {
    let faults = Faults {
        page_size: 10,
        latency_ms: 50,
        page_write: PageWrite::Assignment,
        page_write_times: Some(12),
        lost_notifications: 1.0,
        ..usual()
    };
    let stand = Stand::start_as(organisation(), faults, watchful()).await;
    let control = stand.sandbox.control();
    let bought = new_app(&stand);
    let purchase = async {
        crate::stand::until("licences are read", async || {
            let requests = control.requests();
            requests
                .iter()
                .any(|request| request.path.ends_with("/assignments"))
        })
        .await;
        let purchase = Purchase::of(bought.adam_id.to_string(), 12);
        control.buy(&stand.uid(), &purchase).unwrap();
    };
    tokio::join!(stand.create_token(), purchase);
    crate::stand::until("a check finds the app", async || {
        let apps = stand.apps().await;
        apps.iter()
            .any(|app| app.counts.total == 12 && app.name == "Orchard Survey")
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_changes_with_every_page_is_read_to_an_end() {
    let stand = Stand::start_with(
        organisation(),
        Faults {
            page_size: 5,
            page_write: PageWrite::Version,
            ..usual()
        },
    )
    .await;
    stand.create_token().await;
    stand.assert_in_step().await;
    let reads = |path: &str| {
        let requests = stand.sandbox.control().requests();
        requests
            .iter()
            .filter(|request| request.path.ends_with(path))
            .count()
    };
    // Thirteen assets are three pages: three tries, at the beginning and at the end.
    assert_eq!(reads("/assets"), 18);
    // 700 licences are 140 pages; each asset may be read three times more.
    assert!(
        reads("/assignments") <= 140 * 4 + 13 * 3,
        "{}",
        reads("/assignments")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_others_gave_and_took_is_found() {
    let stand = Stand::start(organisation()).await;
    stand.create_token().await;
    let control = stand.sandbox.control();
    let asset = control.assets(&stand.uid()).unwrap().into_iter().find(|asset| {
        asset.device_assignable && asset.available_count > 3 && asset.assigned_count > 0 && !asset.unlimited
    });
    let asset = asset.unwrap();
    let key = AssetKey {
        adam_id: asset.adam_id.clone(),
        pricing_param: PricingParam::Stdq,
    };
    let state = control.state(&stand.uid()).unwrap();
    let held: Vec<String> = state
        .assignments
        .iter()
        .filter(|assignment| assignment.adam_id == asset.adam_id)
        .filter_map(|assignment| assignment.serial_number.as_deref().map(str::to_owned))
        .collect();
    let free: Vec<String> = stand
        .serials()
        .into_iter()
        .filter(|serial| !held.contains(serial))
        .take(3)
        .collect();
    control.assign_outside(&stand.uid(), &key, &free).unwrap();
    if let Some(first) = held.first() {
        control
            .release_outside(&stand.uid(), &key, std::slice::from_ref(first))
            .unwrap();
    }
    sync_again(&stand).await;
    stand.assert_in_step().await;
    let runs = Tokens::syncs(&stand.portal, &stand.owner, &stand.token().await.id)
        .await
        .unwrap();
    assert_eq!((runs[0].added, runs[0].removed), (3, i64::from(!held.is_empty())));
}

#[tokio::test(flavor = "multi_thread")]
async fn s2_an_app_that_a_list_leaves_out_stays_as_it_is_and_one_without_licences_goes() {
    let faults = |unlisted: &[&String]| Faults {
        unlisted_assets: unlisted.iter().map(|id| (*id).to_owned()).collect(),
        ..usual()
    };
    let stand = Stand::start(organisation()).await;
    stand.create_token().await;
    let control = stand.sandbox.control();
    let before = stand.apps().await;
    let held = before.iter().find(|app| app.counts.used > 3).unwrap();
    let held = adam_id(&stand, held.id).await;
    control.set_faults(faults(&[&held]));
    sync_again(&stand).await;
    assert_eq!(ids(&stand.apps().await), ids(&before));
    stand.assert_in_step().await;

    // And one that is not there by either answer.
    let bought = new_app(&stand);
    let id = bought.adam_id.to_string();
    control.buy(&stand.uid(), &Purchase::of(id.clone(), 12)).unwrap();
    sync_again(&stand).await;
    assert_eq!(stand.apps().await.len(), before.len() + 1);
    control
        .refund(&stand.uid(), &Purchase::of(id.clone(), 12))
        .unwrap();
    control.set_faults(faults(&[&held, &id]));
    sync_again(&stand).await;
    assert_eq!(ids(&stand.apps().await), ids(&before));
}

fn ids(apps: &[AssetRow]) -> Vec<AssetId> {
    apps.iter().map(|app| app.id).collect()
}

async fn adam_id(stand: &Stand, id: AssetId) -> String {
    Catalog::detail(&stand.portal, &stand.owner, id)
        .await
        .unwrap()
        .adam_id
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sync_of_unchanged_data_changes_nothing() {
    let stand = Stand::start(organisation()).await;
    stand.create_token().await;
    sync_again(&stand).await;
    let runs = Tokens::syncs(&stand.portal, &stand.owner, &stand.token().await.id)
        .await
        .unwrap();
    assert_eq!((runs[0].added, runs[0].removed), (0, 0));
    stand.assert_in_step().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_token_is_marked_and_what_was_read_stays() {
    let stand = Stand::start(organisation()).await;
    let file = stand.token_file();
    let id = Tokens::create(&stand.portal, &stand.owner, crate::stand::form(&file, "Harbour"))
        .await
        .unwrap();
    stand.synced(&id).await;
    let before = stand.apps().await.len();
    stand.sandbox.control().revoke_token(&file).unwrap();
    Tokens::sync(&stand.portal, &stand.owner, &id).await.unwrap();
    crate::stand::until("the sync fails, and the token is revoked", async || {
        let token = stand.token().await;
        token.state.as_str() == "revoked" && matches!(token.sync, SyncState::Failed { .. })
    })
    .await;
    assert_eq!(stand.apps().await.len(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sync_while_an_operation_is_under_way_counts_nothing_twice() {
    let slow = Faults {
        event_latency_ms: 600,
        ..usual()
    };
    let organisation = Organisation {
        spare: Some(30),
        ..organisation()
    };
    let stand = Stand::start_as(
        organisation,
        slow,
        server::engine::EngineSettings {
            next_poll: std::time::Duration::from_secs(2),
            ..crate::stand::engine()
        },
    )
    .await;
    stand.create_token().await;
    let app = crate::main_job::app_with(&stand, 20).await;
    let serials: Vec<_> = crate::main_job::without(&stand, &app)
        .await
        .into_iter()
        .take(20)
        .collect();
    let operation = stand.assign(vec![app.id], &serials).await;
    let before = crate::stand::apple_says(&stand.sandbox, &stand.uid()).len();
    crate::stand::until("Apple has worked on it", async || {
        crate::stand::apple_says(&stand.sandbox, &stand.uid()).len() > before
    })
    .await;
    sync_again(&stand).await;
    stand.done(&operation).await;
    let detail = Catalog::detail(&stand.portal, &stand.owner, app.id)
        .await
        .unwrap();
    crate::stand::until("the counts agree", async || {
        let ours = stand
            .apps()
            .await
            .into_iter()
            .find(|row| row.id == app.id)
            .unwrap()
            .counts;
        let theirs = stand.sandbox.control().assets(&stand.uid()).unwrap();
        let theirs = theirs
            .iter()
            .find(|asset| *asset.adam_id == *detail.adam_id)
            .unwrap();
        (ours.used, ours.available) == (theirs.assigned_count.into(), theirs.available_count.into())
    })
    .await;
    stand.assert_in_step().await;
}
