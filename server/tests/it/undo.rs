//! Holding back, cancelling and undoing (R4), the catalogue's daily look at the store (C5), and lists as files (L2).

use crate::{
    stand::{Stand, apple_says, engine, until, usual},
    web::Visitor,
};
use contract::{
    Code, Role, Serial,
    activity::{Activity, ItemQuery, ItemState, OperationKind, OperationState, Reach},
    catalog::{AssetQuery, Catalog},
    licenses::{Holder, LicenseQuery, LicenseState, Licenses, Revocation, RevocationForm},
};
use sandbox::{AssetKey, Organisation, PricingParam};
use server::engine::EngineSettings;
use std::time::Duration;

fn organisation() -> Organisation {
    Organisation {
        apps: 4,
        books: 1,
        devices: 30,
        users: 2,
        assignments: 10,
        spare: Some(8),
        ..Organisation::default()
    }
}

fn named(app: contract::AssetId, serials: &[String]) -> Revocation {
    let holder = |serial: &String| Holder::Device(Serial::parse(serial).unwrap());
    Revocation::Licenses {
        licenses: serials.iter().map(|serial| (app, holder(serial))).collect(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_finished_revocation_is_undone_as_a_set_while_licences_last() {
    let stand = Stand::start(organisation()).await;
    stand.create_token().await;
    let app = crate::main_job::app_with(&stand, 4).await;
    let free = crate::main_job::without(&stand, &app).await;
    let serials: Vec<_> = free[..4].to_vec();
    stand.done(&stand.assign(vec![app.id], &serials).await).await;
    let with_all = apple_says(&stand.sandbox, &stand.uid());
    let form = RevocationForm::of(named(app.id, &serials));
    let revoked = Licenses::revoke(&stand.portal, &stand.owner, form).await.unwrap();
    stand.done(&revoked).await;
    // Meanwhile somebody else takes all licences but two.
    let detail = Catalog::detail(&stand.portal, &stand.owner, app.id)
        .await
        .unwrap();
    let key = AssetKey {
        adam_id: detail.adam_id.as_str().into(),
        pricing_param: PricingParam::Stdq,
    };
    let taken = detail.row.counts.available as usize - 2;
    let others: Vec<_> = free[4..4 + taken].to_vec();
    let control = stand.sandbox.control();
    control.assign_outside(&stand.uid(), &key, &others).unwrap();
    crate::drift::sync_again(&stand).await;

    let preview = Activity::preview_undo(&stand.portal, &stand.owner, &revoked, Reach::Operation)
        .await
        .unwrap();
    assert_eq!(
        (preview.kind, preview.licenses, preview.wait, preview.stay),
        (OperationKind::Assign, 2, 2, 0)
    );
    let undone = Activity::undo(
        &stand.portal,
        &stand.owner,
        &revoked,
        Reach::Operation,
        "a mistake",
    )
    .await
    .unwrap();
    let row = stand.done(&undone).await;
    assert_eq!((row.total, row.done, row.waiting), (4, 2, 2));
    assert_eq!(
        (row.undoes, row.reason.as_str()),
        (Some(revoked.clone()), "a mistake")
    );
    let theirs = apple_says(&stand.sandbox, &stand.uid());
    assert_eq!(with_all.difference(&theirs).count(), 2);
    let items = Activity::items(&stand.portal, &stand.owner, &undone, ItemQuery::default())
        .await
        .unwrap();
    let state = |state| items.rows.iter().filter(|item| item.state == state).count();
    assert_eq!((state(ItemState::Done), state(ItemState::Waiting)), (2, 2));
    let of = Activity::detail(&stand.portal, &stand.owner, &revoked)
        .await
        .unwrap();
    assert_eq!((of.undone_by.as_ref(), of.undone), (Some(&undone), true));
    assert!(!of.is_reversible());
    let page = crate::web::Visitor::signed_in_as(&stand, contract::Role::Owner).await;
    let page = page
        .get(&format!("/activity/{revoked}"))
        .await
        .text()
        .await
        .unwrap();
    assert!(page.contains(&format!("/activity/{undone}")));
    assert!(!page.contains(&format!("/activity/{revoked}/undo")));
    let again = Activity::preview_undo(&stand.portal, &stand.owner, &revoked, Reach::Operation)
        .await
        .unwrap_err();
    assert_eq!(
        (again.code, again.with["operation"].as_str()),
        (Code::AlreadyUndone, undone.0.as_str())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_finished_assignment_is_undone_where_it_still_holds() {
    let stand = Stand::start(organisation()).await;
    stand.create_token().await;
    let app = crate::main_job::app_with(&stand, 3).await;
    let serials: Vec<_> = crate::main_job::without(&stand, &app)
        .await
        .into_iter()
        .take(3)
        .collect();
    let before = apple_says(&stand.sandbox, &stand.uid());
    let given = stand.assign(vec![app.id], &serials).await;
    stand.done(&given).await;
    let form = RevocationForm::of(named(app.id, &serials[..1]));
    let by_hand = Licenses::revoke(&stand.portal, &stand.owner, form).await.unwrap();
    stand.done(&by_hand).await;
    let preview = Activity::preview_undo(&stand.portal, &stand.owner, &given, Reach::Operation)
        .await
        .unwrap();
    assert_eq!(
        (preview.kind, preview.licenses, preview.stay),
        (OperationKind::Revoke, 2, 1)
    );
    let undone = Activity::undo(&stand.portal, &stand.owner, &given, Reach::Operation, "")
        .await
        .unwrap();
    assert_eq!(stand.done(&undone).await.done, 2);
    assert_eq!(apple_says(&stand.sandbox, &stand.uid()), before);
    let again = Activity::undo(&stand.portal, &stand.owner, &given, Reach::Operation, "")
        .await
        .unwrap_err();
    assert_eq!(again.code, Code::AlreadyUndone);
    stand.assert_in_step().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revocation_that_is_held_back_is_cancelled_before_anything_is_sent() {
    let stand = Stand::start(organisation()).await;
    stand.create_token().await;
    let app = crate::main_job::app_with(&stand, 3).await;
    let serials: Vec<_> = crate::main_job::without(&stand, &app)
        .await
        .into_iter()
        .take(3)
        .collect();
    stand.done(&stand.assign(vec![app.id], &serials).await).await;
    let before = apple_says(&stand.sandbox, &stand.uid());
    let held = |minutes| RevocationForm {
        hold_minutes: minutes,
        ..RevocationForm::of(named(app.id, &serials))
    };
    let refused = Licenses::revoke(
        &stand.portal,
        &stand.owner,
        held(RevocationForm::LONGEST_HOLD + 1),
    )
    .await
    .unwrap_err();
    assert_eq!(refused.fields[0].field, "hold_minutes");
    let operation = Licenses::revoke(&stand.portal, &stand.owner, held(60))
        .await
        .unwrap();
    let row = Activity::detail(&stand.portal, &stand.owner, &operation)
        .await
        .unwrap();
    assert!(row.is_held_back());
    assert_eq!(row.held_until, Some(row.created_at + 60 * 60_000));
    // The workers pass it over while they do everything else.
    crate::drift::sync_again(&stand).await;
    assert_eq!(apple_says(&stand.sandbox, &stand.uid()), before);
    Activity::cancel(&stand.portal, &stand.owner, &operation, Reach::Operation)
        .await
        .unwrap();
    let row = Activity::detail(&stand.portal, &stand.owner, &operation)
        .await
        .unwrap();
    assert_eq!(row.state, OperationState::Cancelled);
    let query = LicenseQuery {
        asset: Some(app.id),
        state: Some(LicenseState::Releasing),
        ..LicenseQuery::default()
    };
    let releasing = Licenses::list(&stand.portal, &stand.owner, query).await.unwrap();
    assert!(releasing.rows.is_empty());
    let again = Activity::cancel(&stand.portal, &stand.owner, &operation, Reach::Operation)
        .await
        .unwrap_err();
    assert_eq!(again.code, Code::NotCancellable);
    let calls = stand.sandbox.control().requests();
    assert!(!calls.iter().any(|call| call.path.ends_with("/disassociate")));
    stand.assert_in_step().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn new_versions_are_seen_between_syncs_and_kept() {
    let stand = Stand::start_as(
        organisation(),
        usual(),
        EngineSettings {
            metadata_age: Duration::from_millis(300),
            ..engine()
        },
    )
    .await;
    stand.create_token().await;
    let app = stand.apps().await.remove(0);
    let detail = Catalog::detail(&stand.portal, &stand.owner, app.id)
        .await
        .unwrap();
    assert_eq!(detail.versions.len(), 1);
    stand
        .sandbox
        .control()
        .set_version(&detail.adam_id, "99.1.2")
        .unwrap();
    let runs = async || {
        contract::tokens::Tokens::syncs(&stand.portal, &stand.owner, &stand.token().await.id)
            .await
            .unwrap()
            .len()
    };
    let before = runs().await;
    until("the new version is seen", async || {
        let detail = Catalog::detail(&stand.portal, &stand.owner, app.id)
            .await
            .unwrap();
        detail.row.version == "99.1.2" && detail.versions.len() == 2
    })
    .await;
    assert_eq!(runs().await, before, "without a sync");
}

#[tokio::test(flavor = "multi_thread")]
async fn c5_what_left_the_store_is_flagged_although_its_owners_are_still_told_of_it() {
    let stand = Stand::start_as(
        organisation(),
        usual(),
        EngineSettings {
            metadata_age: Duration::from_millis(300),
            ..engine()
        },
    )
    .await;
    stand.create_token().await;
    let app = stand.apps().await.remove(0);
    let detail = async || {
        Catalog::detail(&stand.portal, &stand.owner, app.id)
            .await
            .unwrap()
    };
    let before = detail().await;
    assert_eq!((before.row.missing_since, before.row.removed), (None, false));
    let control = stand.sandbox.control();
    let flags = async || {
        let row = detail().await.row;
        (row.missing_since.is_some(), row.removed)
    };

    control.set_delisted(&before.adam_id, true).unwrap();
    until("it is flagged as removed", async || flags().await == (true, true)).await;
    let since = detail().await.row.missing_since;
    control.set_version(&before.adam_id, "7.7").unwrap();
    until("its owners are told of it still", async || {
        detail().await.row.version == "7.7"
    })
    .await;
    let row = detail().await.row;
    assert_eq!((row.missing_since, row.removed), (since, true));
    let query = AssetQuery {
        missing: true,
        ..AssetQuery::default()
    };
    let missing = Catalog::list(&stand.portal, &stand.owner, query).await.unwrap();
    assert_eq!(
        missing.rows.iter().map(|row| row.id).collect::<Vec<_>>(),
        [app.id]
    );

    // Not even its owners are told of what the country's store does not have.
    let country = stand.token().await.country;
    control.set_sold_in(&before.adam_id, &country, false).unwrap();
    until("it is flagged as not sold", async || {
        flags().await == (true, false)
    })
    .await;
    control.set_sold_in(&before.adam_id, &country, true).unwrap();
    control.set_delisted(&before.adam_id, false).unwrap();
    until("it is back", async || flags().await == (false, false)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_row_an_app_has_the_sums_of_all_locations() {
    let stand = Stand::start(organisation()).await;
    stand.create_token().await;
    let query = AssetQuery::default();
    let products = Catalog::products(&stand.portal, &stand.owner, query)
        .await
        .unwrap()
        .rows;
    let visitor = Visitor::signed_in_as(&stand, Role::Owner).await;
    let csv = visitor
        .get("/export/apps.csv?view=apps")
        .await
        .text()
        .await
        .unwrap();
    assert_eq!(csv.lines().count(), products.len() + 1);
    let apps = stand.apps().await;
    assert_eq!(products.len(), apps.len());
    for (product, app) in products.iter().zip(&apps) {
        assert_eq!((product.first, product.locations), (app.id, 1));
        assert_eq!(product.counts, app.counts);
        assert_eq!(product.level, app.level);
    }
}
