//! What happens when a PostgreSQL server refuses, or when writers meet: the counterpart of limits.rs.

use crate::setup::{
    HOUR, NOW, Schema, app, batch, devices, id_of, leased, licenses, operation, other_mdm, ours, synced,
    token,
};
use contract::{
    Code, activity::OperationKind, catalog::AssetQuery, devices::DeviceQuery, licenses::LicenseQuery,
    tokens::TokenQuery,
};
use sqlx::{AssertSqlSafe, Executor};
use std::{sync::Arc, time::Duration};
use store::{Db, Postgres, StoreError, locations::Fence};

async fn within(schema: &Schema, wait: Duration) -> Db {
    Arc::new(Postgres::open_within(&schema.url, wait).await.unwrap())
}

#[tokio::test]
async fn a_locked_location_is_busy_and_reads_and_other_locations_go_on() {
    let Some(schema) = Schema::new().await else { return };
    let db = within(&schema, Duration::from_millis(500)).await;
    let (a, b) = (leased(&db, "A").await, leased(&db, "B").await);
    let mut other = schema.connect().await;
    other
        .execute("BEGIN; SELECT FROM locations WHERE name = 'A' FOR UPDATE")
        .await
        .unwrap();
    assert!(matches!(db.renew_lease(&a, NOW).await, Err(StoreError::Busy)));
    assert_eq!(db.location(&a.location).await.unwrap().unwrap().name, "A");
    db.release_lease(&b).await.unwrap();
    let next = db
        .lease_next("other", NOW + HOUR, NOW + 2 * HOUR)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        next.fence.location, b.location,
        "the locked one is passed over, though its lease has ended too"
    );
    other.execute("ROLLBACK").await.unwrap();
    db.renew_lease(&a, NOW).await.unwrap();
    schema.remove().await;
}

#[tokio::test]
async fn a_refusal_is_told_apart_and_writes_nothing() {
    let Some(schema) = Schema::new().await else { return };
    let db = store::open(&schema.url).await.unwrap();
    let mut other = schema.connect().await;
    for (code, busy) in [
        ("53100", false),
        ("40001", true),
        ("40P01", true),
        ("55P03", true),
    ] {
        let trigger = format!(
            "CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
                 $$ BEGIN RAISE EXCEPTION 'refused' USING ERRCODE = '{code}'; END $$;
             CREATE OR REPLACE TRIGGER refuse AFTER INSERT ON sealed_tokens EXECUTE FUNCTION refuse()"
        );
        other
            .execute(sqlx::raw_sql(AssertSqlSafe(trigger)))
            .await
            .unwrap();
        match db.insert_token(&token("A")).await {
            Err(StoreError::Busy) => assert!(busy),
            Err(StoreError::Full) => assert!(!busy),
            other => panic!("{code}: {other:?}"),
        }
        assert!(
            db.token_list(&TokenQuery::default())
                .await
                .unwrap()
                .rows
                .is_empty()
        );
    }
    other
        .execute("DROP TRIGGER refuse ON sealed_tokens")
        .await
        .unwrap();
    db.insert_token(&token("A")).await.unwrap();
    schema.remove().await;
}

#[tokio::test]
async fn indexes_that_could_not_be_made_at_first_are_made_at_the_next_start() {
    let Some(schema) = Schema::new().await else { return };
    store::open(&schema.url).await.unwrap();
    let mut other = schema.connect().await;
    for index in ["devices_by_search", "assets_by_search", "people_by_inside"] {
        let there = format!("SELECT to_regclass('{index}') IS NOT NULL");
        let is_there = sqlx::query_scalar::<_, bool>(AssertSqlSafe(there));
        other
            .execute(sqlx::raw_sql(AssertSqlSafe(format!("DROP INDEX {index}"))))
            .await
            .unwrap();
        store::open(&schema.url).await.unwrap();
        assert!(is_there.fetch_one(&mut other).await.unwrap(), "{index}");
    }
    schema.remove().await;
}

#[tokio::test]
async fn z3_l2_what_is_written_is_never_changed() {
    let Some(schema) = Schema::new().await else { return };
    let _db = store::open(&schema.url).await.unwrap();
    let mut other = schema.connect().await;
    for table in ["audit", "ledger"] {
        for sql in ["UPDATE {} SET at = 0", "DELETE FROM {}", "TRUNCATE {}"] {
            let sql = sql.replace("{}", table);
            let refused = other
                .execute(sqlx::raw_sql(AssertSqlSafe(sql)))
                .await
                .unwrap_err()
                .to_string();
            assert!(refused.contains("append-only"), "{refused}");
        }
    }
    schema.remove().await;
}

/// The portal assigns to and revokes of a location whose worker writes at the same time.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn writers_of_one_location_follow_one_another() {
    let Some(schema) = Schema::new().await else { return };
    let db = store::open(&schema.url).await.unwrap();
    let fence = leased(&db, "A").await;
    let ids = synced(&db, &fence, &[(app(1), devices(0..5)), (app(2), devices(0..5))]).await;
    let tries = (0..24).map(|n| {
        let (db, fence, ids): (_, Fence, _) = (db.clone(), fence.clone(), ids.clone());
        tokio::spawn(async move {
            match n % 4 {
                0 => db
                    .correct_licenses(&fence, ids[n % 2], &devices(0..5), NOW)
                    .await
                    .map(|_| ()),
                1 => {
                    let owner = if n % 8 == 1 { other_mdm() } else { ours() };
                    db.note_owner(&id_of("A"), &owner, NOW).await.map(|_| ())
                }
                2 => db.queue_sync_all(NOW).await.map(|_| ()),
                _ => {
                    let pairs = batch(&ids, &devices(5..9));
                    let new = operation(&fence, &format!("op{n}"), OperationKind::Assign, vec![pairs]);
                    match db.insert_operations(&[new], None).await {
                        Err(StoreError::Refused(Code::NothingChosen)) => Ok(()),
                        written => written,
                    }
                }
            }
        })
    });
    for result in futures::future::try_join_all(tries).await.unwrap() {
        result.unwrap();
    }
    assert_eq!(licenses(&db).await.len(), 18, "each pair is asked for once");
    let apps = db.asset_list(&AssetQuery::default()).await.unwrap();
    assert_eq!(
        apps.rows.iter().map(|row| row.counts.pending).collect::<Vec<_>>(),
        [4, 4]
    );
    schema.remove().await;
}

#[tokio::test]
async fn a_text_that_cannot_be_stored_is_no_failure() {
    let Some(schema) = Schema::new().await else { return };
    let db = store::open(&schema.url).await.unwrap();
    let text = "\0".to_owned();
    let found = db
        .device_list(&DeviceQuery {
            search: text.clone(),
            ..DeviceQuery::default()
        })
        .await
        .unwrap();
    assert!(found.rows.is_empty());
    let found = db
        .license_list(&LicenseQuery {
            holder: text.clone(),
            ..LicenseQuery::default()
        })
        .await
        .unwrap();
    assert!(found.rows.is_empty());
    assert!(matches!(db.device(&"\0".into()).await, Err(StoreError::NotFound)));
    let mut odd = token("A\0B");
    odd.id = "token".into();
    odd.location.id = "location".into();
    odd.location.uid = "uid".to_owned();
    db.insert_token(&odd).await.unwrap();
    assert_eq!(
        db.token_list(&TokenQuery::default()).await.unwrap().rows[0].name,
        "AB"
    );
    schema.remove().await;
}
