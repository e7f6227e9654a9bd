use crate::setup::{
    DAY, HOUR, NOW, app, arrived, batch, device, devices, leased, named, on_each, operation, pairs, synced,
    used, walk,
};
use contract::{
    AccountId, AssetId,
    activity::{ItemQuery, OperationKind, OperationState},
    catalog::AssetQuery,
    drift::{DriftHolderQuery, DriftQuery, DriftRow, DriftScope, Side},
    licenses::{Act, LedgerQuery, LicenseQuery, Origin},
};
use store::{
    Db,
    checks::Versions,
    drift::Adoption,
    locations::Fence,
    notifications::News,
    operations::{BatchResult, NewOperation, Pair},
};

/// Gives these licences, as an operation of that name would.
async fn give(db: &Db, fence: &Fence, name: &str, asset: AssetId, numbers: std::ops::Range<u32>) {
    let batches = vec![batch(&[asset], &devices(numbers))];
    db.insert_operations(&[operation(fence, name, OperationKind::Assign, batches)], None)
        .await
        .unwrap();
    end(db, fence).await;
}

/// Apple has done all that is open.
async fn end(db: &Db, fence: &Fence) {
    for open in db.open_batches(fence, NOW + HOUR, 9).await.unwrap() {
        let assets: Vec<AssetId> = open.assets.iter().map(|asset| asset.0).collect();
        db.batch_sent(fence, open.id, "event", NOW + 3000).await.unwrap();
        let result = BatchResult {
            done: pairs(&batch(&assets, &open.holders)),
            ..BatchResult::default()
        };
        db.end_batch(fence, open.id, &result, NOW + 4000).await.unwrap();
    }
}

/// Two were there before Pomona, two were given; then somebody else takes one of each and gives another.
async fn some(db: &Db) -> (Fence, AssetId) {
    let fence = leased(db, "A").await;
    let ids = synced(db, &fence, &[(app(1), devices(0..2)), (app(2), vec![])]).await;
    db.describe_assets(&fence, &[(ids[0], Some(named("Maps")))], NOW)
        .await
        .unwrap();
    give(db, &fence, "gave", ids[0], 2..4).await;
    let apple = [device(1), device(3), device(9)];
    db.correct_licenses(&fence, ids[0], &apple, NOW + HOUR)
        .await
        .unwrap();
    (fence, ids[0])
}

async fn row(db: &Db, asset: AssetId) -> Option<DriftRow> {
    let rows = walk(async |page| {
        db.drift_list(&DriftQuery {
            page,
            ..DriftQuery::default()
        })
        .await
    });
    rows.await.into_iter().find(|row| row.asset == asset)
}

async fn holders(db: &Db, side: Side, asset: Option<AssetId>) -> Vec<String> {
    let rows = walk(async |page| {
        db.drift_holders(&DriftHolderQuery {
            side,
            asset,
            page,
            ..DriftHolderQuery::default()
        })
        .await
    });
    rows.await
        .into_iter()
        .map(|row| row.holder.id().to_owned())
        .collect()
}

fn names(numbers: &[u32]) -> Vec<String> {
    numbers
        .iter()
        .map(|number| device(*number).id().to_owned())
        .collect()
}

fn adoption(fence: &Fence, name: &str, side: Side, scope: DriftScope) -> Adoption {
    Adoption {
        id: name.into(),
        location: fence.location.clone(),
        side,
        scope,
        account: AccountId::from("account-1"),
        by: "Ada".to_owned(),
        reason: "from the old MDM".to_owned(),
        created_at: NOW + 2 * HOUR,
    }
}

async fn origins(db: &Db, asset: AssetId) -> Vec<(String, Option<String>)> {
    let query = LicenseQuery {
        asset: Some(asset),
        ..LicenseQuery::default()
    };
    let rows = db.license_list(&query).await.unwrap().rows;
    rows.into_iter()
        .map(|row| {
            let operation = match row.origin {
                Origin::Unknown | Origin::Assignment { .. } => None,
                Origin::Operation { id, .. } => Some(id.0),
            };
            (row.holder.id().to_owned(), operation)
        })
        .collect()
}

#[test]
fn s5_what_only_one_side_knows_is_told_with_the_age_of_both_figures() {
    on_each(|db| async move {
        let (fence, asset) = some(&db).await;
        let row = row(&db, asset).await.unwrap();
        assert_eq!(
            (row.asset_name.as_str(), row.location_name.as_str()),
            ("Maps", "A")
        );
        assert_eq!((row.found, row.lost, row.pomona), (2, 1, 2));
        assert_eq!((row.apple_at, row.pomona_at), (NOW + 1000, Some(NOW + HOUR)));
        assert_eq!(holders(&db, Side::Apple, None).await, names(&[1, 9]));
        assert_eq!(holders(&db, Side::Apple, Some(asset)).await, names(&[1, 9]));
        assert_eq!(holders(&db, Side::Pomona, None).await, names(&[2]));
        let lost = db
            .drift_holders(&DriftHolderQuery {
                side: Side::Pomona,
                location: Some(fence.location.clone()),
                holder: "C02".to_owned(),
                ..DriftHolderQuery::default()
            })
            .await
            .unwrap()
            .rows
            .remove(0);
        assert_eq!(lost.given, Some(("gave".into(), "Ada".to_owned())));
        let scope = DriftScope::Location {
            location: fence.location,
        };
        let drifted = db.drifted(&scope, Side::Apple).await.unwrap();
        assert_eq!((drifted[0].licenses, drifted[0].apps), (2, 1));
    });
}

#[test]
fn s6_one_or_all_found_licences_are_adopted_with_the_actor() {
    on_each(|db| async move {
        let (fence, asset) = some(&db).await;
        let one = DriftScope::Licenses {
            licenses: vec![(asset, device(1)), (asset, device(3)), (asset, device(77))],
        };
        let written = db
            .adopt(&[adoption(&fence, "one", Side::Apple, one)])
            .await
            .unwrap();
        assert_eq!(written, ["one".into()]);
        let done = db.operation(&"one".into()).await.unwrap();
        assert_eq!(
            (done.kind, done.state, done.total, done.done, done.assets),
            (OperationKind::Adopt, OperationState::Done, 1, 1, 1)
        );
        let items = db.operation_items(&done.id, &ItemQuery::default()).await.unwrap();
        assert_eq!(items.rows.len(), 1);
        assert_eq!(holders(&db, Side::Apple, None).await, names(&[9]));

        let all = DriftScope::Asset { asset };
        db.adopt(&[adoption(&fence, "all", Side::Apple, all.clone())])
            .await
            .unwrap();
        let adopted = |name: &str| Some(name.to_owned());
        assert_eq!(
            origins(&db, asset).await,
            [
                (device(1).id().to_owned(), adopted("one")),
                (device(3).id().to_owned(), adopted("gave")),
                (device(9).id().to_owned(), adopted("all")),
            ]
        );
        let line = db
            .ledger_list(&LedgerQuery {
                act: Some(Act::Adopted),
                location: Some(fence.location.clone()),
                ..LedgerQuery::default()
            })
            .await
            .unwrap()
            .rows;
        assert_eq!(line.len(), 2);
        assert_eq!(
            (
                line[0].actor.as_str(),
                line[0].reason.as_str(),
                line[0].location_name.as_str()
            ),
            ("Ada", "from the old MDM", "A")
        );
        let nothing = db
            .adopt(&[adoption(&fence, "none", Side::Apple, all)])
            .await
            .unwrap();
        assert!(nothing.is_empty());
        assert!(db.operation(&"none".into()).await.is_err());
    });
}

#[test]
fn s5_a_loss_is_accepted_or_given_again() {
    on_each(|db| async move {
        let (fence, asset) = some(&db).await;
        let scope = DriftScope::Asset { asset };
        assert_eq!(
            db.lost_licenses(&scope).await.unwrap(),
            [(asset, device(2))] as [Pair; 1]
        );
        give(&db, &fence, "again", asset, 2..3).await;
        assert!(db.lost_licenses(&scope).await.unwrap().is_empty());
        assert_eq!(row(&db, asset).await.unwrap().lost, 0);

        db.correct_licenses(&fence, asset, &[device(1), device(9)], NOW + 2 * HOUR)
            .await
            .unwrap();
        assert_eq!(holders(&db, Side::Pomona, None).await, names(&[2, 3]));
        let all = DriftScope::Location {
            location: fence.location.clone(),
        };
        db.adopt(&[adoption(&fence, "gone", Side::Pomona, all)])
            .await
            .unwrap();
        let row = row(&db, asset).await.unwrap();
        assert_eq!((row.lost, row.pomona, row.found), (0, 0, 2));
        let kind = db.operation(&"gone".into()).await.unwrap().kind;
        assert_eq!(kind, OperationKind::LetGo);
        let query = LedgerQuery {
            act: Some(Act::LetGo),
            ..LedgerQuery::default()
        };
        assert_eq!(db.ledger_list(&query).await.unwrap().rows.len(), 2);
    });
}

#[test]
fn s5_a_licence_that_is_back_is_ours_as_before() {
    on_each(|db| async move {
        let (fence, asset) = some(&db).await;
        let apple = [device(2), device(3)];
        db.correct_licenses(&fence, asset, &apple, NOW + 2 * HOUR)
            .await
            .unwrap();
        assert_eq!(
            origins(&db, asset).await,
            [2, 3].map(|number| (device(number).id().to_owned(), Some("gave".to_owned())))
        );
        assert!(row(&db, asset).await.is_none());
    });
}

#[test]
fn s6_what_is_being_taken_back_is_counted_and_listed_as_that() {
    on_each(|db| async move {
        let (fence, asset) = some(&db).await;
        let back = NewOperation {
            held_until: Some(NOW + DAY),
            ..operation(
                &fence,
                "back",
                OperationKind::Revoke,
                vec![batch(&[asset], &[device(9)])],
            )
        };
        db.insert_operations(&[back], None).await.unwrap();
        assert_eq!(row(&db, asset).await.unwrap().found, 2);
        let query = DriftHolderQuery {
            side: Side::Apple,
            ..DriftHolderQuery::default()
        };
        let listed = db.drift_holders(&query).await.unwrap().rows;
        let listed: Vec<_> = listed
            .into_iter()
            .map(|row| (row.holder, row.releasing))
            .collect();
        assert_eq!(listed, [(device(1), false), (device(9), true)]);
    });
}

#[test]
fn s5_the_age_of_apples_figures_is_that_of_what_apple_told_last() {
    on_each(|db| async move {
        let (fence, asset) = some(&db).await;
        let age = async || {
            let drift = row(&db, asset).await.unwrap().apple_at;
            let all = AssetQuery::default();
            let listed = db.asset_list(&all).await.unwrap().rows;
            let listed = listed.iter().find(|row| row.id == asset).unwrap();
            let summed = db.product_list(&all).await.unwrap().rows;
            let summed = summed.iter().find(|row| row.first == asset).unwrap();
            assert_eq!((listed.counted_at, summed.counted_at), (drift, drift));
            drift
        };
        assert_eq!(age().await, NOW + 1000, "the sync");
        db.keep_watch(&fence, &Versions::default(), Some(NOW + 2 * HOUR), NOW + DAY)
            .await
            .unwrap();
        assert_eq!(age().await, NOW + 2 * HOUR, "a check of all");
        let apple = used(app(1), 3);
        db.refresh_asset(&fence, asset, &apple, None, NOW + 3 * HOUR, NOW + 3 * HOUR)
            .await
            .unwrap();
        assert_eq!(age().await, NOW + 3 * HOUR, "a look at one");
        let bought = News::Count {
            key: app(1).key,
            delta: 5,
        };
        let told = arrived(&db, &fence, bought, NOW + 4 * HOUR).await;
        db.apply_notifications(&fence, &[told], NOW + 5 * HOUR, NOW + DAY)
            .await
            .unwrap();
        assert_eq!(age().await, NOW + 4 * HOUR, "a notification");
    });
}
