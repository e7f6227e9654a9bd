use crate::setup::{
    HOUR, NOW, app, assets, batch, device, devices, id_of, leased, licenses, on_each, operation, synced,
    token, walk,
};
use contract::{
    Code,
    activity::{ItemQuery, ItemState, OperationKind, OperationState},
    licenses::{Act, LedgerQuery},
};
use store::{StoreError, notifications::NewNotification, operations::NewOperation};

#[test]
fn t8_apps_and_licences_go_and_the_ledger_stays() {
    on_each(|db| async move {
        let fence = leased(&db, "A").await;
        let ids = synced(&db, &fence, &[(app(1), devices(0..3)), (app(2), devices(0..1))]).await;
        let open = operation(
            &fence,
            "op",
            OperationKind::Assign,
            vec![batch(&ids, &devices(7..9))],
        );
        let open = NewOperation {
            waiting: vec![(ids[0], device(20))],
            ..open
        };
        db.insert_operations(&[open], None).await.unwrap();
        let other = leased(&db, "B").await;
        synced(&db, &other, &[(app(3), devices(0..1))]).await;
        let sent = db.open_batches(&fence, NOW + HOUR, 9).await.unwrap()[0].id;
        db.batch_sent(&fence, sent, "event", NOW + HOUR).await.unwrap();
        let lines = async || {
            walk(async |page| {
                db.ledger_list(&LedgerQuery {
                    page,
                    ..LedgerQuery::default()
                })
                .await
            })
            .await
        };
        let before = lines().await;

        let deleted = db.delete_token(&id_of("A"), "Ada", NOW + 2 * HOUR).await.unwrap();
        assert!(deleted.last && deleted.location == fence.location);

        assert_eq!(assets(&db).await, ["400000003"], "the other location's");
        assert_eq!(licenses(&db).await.len(), 1);
        assert!(matches!(
            db.token_detail(&id_of("A")).await,
            Err(StoreError::NotFound)
        ));
        assert!(db.token_by_hash(b"A").await.unwrap().is_none());
        assert_eq!(db.location_names(9, None).await.unwrap().len(), 1);
        let summary = db.summary(NOW, 5).await.unwrap();
        assert_eq!(
            (summary.tokens, summary.apps, summary.used, summary.waiting),
            (1, 1, 1, 0)
        );

        let after = lines().await;
        let new = &after[..after.len() - before.len()];
        assert_eq!(after[new.len()..], before, "append-only");
        let count = |act| new.iter().filter(|line| line.act == act).count();
        assert_eq!((count(Act::Forgotten), count(Act::Failed)), (4, 4));
        assert_eq!(
            (count(Act::Withdrawn), new.len()),
            (1, 9),
            "L2: the one who waited, too"
        );
        assert!(
            new.iter()
                .all(|line| line.actor == "Ada" && line.at == NOW + 2 * HOUR)
        );
        assert!(new.iter().all(|line| line.asset_name.starts_with("40000000")));

        let row = db.operation(&"op".into()).await.unwrap();
        assert_eq!(
            (row.state, row.total, row.failed, row.waiting),
            (OperationState::Done, 5, 4, 1)
        );
        let failed = ItemQuery {
            state: Some(ItemState::Failed),
            ..ItemQuery::default()
        };
        let items = db.operation_items(&"op".into(), &failed).await.unwrap().rows;
        assert_eq!(items.len(), 4);
        assert!(
            items
                .iter()
                .all(|item| item.error.as_ref().unwrap().message == Code::TokenDeleted.as_str())
        );
    });
}

#[test]
fn t8_a_worker_that_is_at_it_loses_the_location() {
    on_each(|db| async move {
        let fence = leased(&db, "A").await;
        let ids = synced(&db, &fence, &[(app(1), devices(0..3))]).await;
        db.ask_receiver(&fence, "https://pomona.example/apple", &[1], NOW)
            .await
            .unwrap();
        let late = NewNotification {
            location: fence.location.clone(),
            id: "late".to_owned(),
            kind: "ASSET_COUNT".to_owned(),
            body: "{}".to_owned(),
            received_at: NOW,
        };
        assert!(db.keep_notification(&late).await.unwrap());
        db.delete_token(&id_of("A"), "Ada", NOW + HOUR).await.unwrap();
        assert!(matches!(
            db.correct_licenses(&fence, ids[0], &devices(0..9), NOW).await,
            Err(StoreError::Fenced)
        ));
        assert!(matches!(
            db.begin_sync(&fence, NOW).await,
            Err(StoreError::Fenced)
        ));
        assert!(matches!(
            db.delete_token(&id_of("A"), "Ada", NOW).await,
            Err(StoreError::NotFound)
        ));
        assert_eq!(db.next_due(NOW).await.unwrap(), None, "not even the notification");
        assert!(db.receiver(&fence.location).await.unwrap().is_none());
        db.insert_token(&token("A")).await.unwrap();
    });
}
