use crate::{
    licenses::ada_and_her_devices,
    setup::{
        Directory, HOUR, NOW, app, batch, device, devices, leased, named, on_each, operation, synced, walk,
    },
    users::holder,
};
use contract::{
    activity::OperationKind,
    licenses::{Act, LedgerQuery},
};

#[test]
fn l2_lines_are_found_by_serial_app_and_operation() {
    on_each(|db| async move {
        let fence = leased(&db, "A").await;
        let ids = synced(&db, &fence, &[(app(1), devices(0..1)), (app(2), vec![])]).await;
        db.describe_assets(&fence, &[(ids[0], Some(named("Maps")))], NOW)
            .await
            .unwrap();
        db.begin_sync(&fence, NOW).await.unwrap();
        db.correct_licenses(&fence, ids[0], &devices(1..4), NOW + HOUR)
            .await
            .unwrap();
        let new = operation(
            &fence,
            "op",
            OperationKind::Assign,
            vec![batch(&ids[1..], &devices(1..8))],
        );
        db.insert_operations(&[new], None).await.unwrap();
        let open = db.open_batches(&fence, NOW + HOUR, 9).await.unwrap();
        db.batch_sent(&fence, open[0].id, "event", NOW + 2 * HOUR)
            .await
            .unwrap();
        let count = async |query: LedgerQuery| {
            let rows = walk(async |page| {
                db.ledger_list(&LedgerQuery {
                    page,
                    ..query.clone()
                })
                .await
            })
            .await;
            assert!(rows.is_sorted_by(|a, b| a.at >= b.at));
            rows.len()
        };
        let all = LedgerQuery::default;
        assert_eq!(count(all()).await, 11);
        assert_eq!(
            count(LedgerQuery {
                holder: device(1).id().to_owned(),
                ..all()
            })
            .await,
            2
        );
        assert_eq!(
            count(LedgerQuery {
                holder: "C02".to_owned(),
                ..all()
            })
            .await,
            11
        );
        assert_eq!(
            count(LedgerQuery {
                asset: Some(ids[0]),
                ..all()
            })
            .await,
            4
        );
        assert_eq!(
            count(LedgerQuery {
                operation: Some("op".into()),
                ..all()
            })
            .await,
            7
        );
        let both = LedgerQuery {
            operation: Some("op".into()),
            asset: Some(ids[0]),
            ..all()
        };
        assert_eq!(count(both).await, 0);
        assert_eq!(
            count(LedgerQuery {
                location: Some(fence.location.clone()),
                ..all()
            })
            .await,
            11
        );
        assert_eq!(
            count(LedgerQuery {
                location: Some("elsewhere".into()),
                ..all()
            })
            .await,
            0
        );
        assert_eq!(
            count(LedgerQuery {
                act: Some(Act::Requested),
                location: Some(fence.location.clone()),
                ..all()
            })
            .await,
            7
        );
        let lines = db
            .ledger_list(&LedgerQuery {
                asset: Some(ids[0]),
                ..all()
            })
            .await
            .unwrap()
            .rows;
        let gone = lines.iter().find(|line| line.act == Act::Gone).unwrap();
        assert_eq!(
            (gone.actor.as_str(), gone.asset_name.as_str(), &gone.operation),
            ("Apple", "Maps", &None)
        );
    });
}

#[test]
fn l2_lines_are_found_by_person() {
    on_each(|db| async move {
        let (fence, asset) = ada_and_her_devices(&db).await;
        db.begin_sync(&fence, NOW).await.unwrap();
        db.correct_licenses(&fence, asset, &[], NOW + HOUR).await.unwrap();
        let found = async |query: LedgerQuery| {
            let rows = walk(async |page| {
                db.ledger_list(&LedgerQuery {
                    page,
                    ..query.clone()
                })
                .await
            })
            .await;
            assert!(rows.is_sorted_by(|a, b| a.at >= b.at));
            let lines = rows.into_iter().map(|row| (row.act, row.holder));
            lines.collect::<Vec<_>>()
        };
        let hers = LedgerQuery {
            person: Some("ada".into()),
            ..LedgerQuery::default()
        };
        let gone = LedgerQuery {
            act: Some(Act::Gone),
            ..hers.clone()
        };
        let mut lines = found(gone).await;
        lines.sort_by(|a, b| a.1.cmp(&b.1));
        assert_eq!(lines, [(Act::Gone, device(3)), (Act::Gone, holder("ada"))]);
        let others = LedgerQuery {
            operation: Some("elsewhere".into()),
            ..hers.clone()
        };
        assert_eq!(found(others).await, []);
        let of_nobody = LedgerQuery {
            person: Some("nobody".into()),
            ..hers
        };
        assert_eq!(found(of_nobody).await, []);
    });
}

#[tokio::test]
async fn l2_what_is_written_is_never_changed() {
    use sqlx::Connection;
    let directory = Directory::new();
    let db = store::open(&directory.file()).await.unwrap();
    let fence = leased(&db, "A").await;
    let ids = synced(&db, &fence, &[(app(1), devices(0..1))]).await;
    db.correct_licenses(&fence, ids[0], &[], NOW).await.unwrap();
    let mut other = sqlx::SqliteConnection::connect(&format!("sqlite:{}", directory.file()))
        .await
        .unwrap();
    for sql in ["UPDATE ledger SET at = 0", "DELETE FROM ledger"] {
        let refused = sqlx::query(sql)
            .execute(&mut other)
            .await
            .unwrap_err()
            .to_string();
        assert!(refused.contains("append-only"), "{refused}");
    }
}
