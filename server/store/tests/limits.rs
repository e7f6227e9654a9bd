//! What happens when the disk is full or the file is locked: SQLite only, since it is Pomona's own disk then.

use crate::setup::{
    Directory, HOUR, NOW, app, batch, detail, devices, leased, licenses, operation, pairs, synced,
};
use contract::activity::OperationKind;
use sqlx::{Connection, Executor};
use std::{sync::Arc, time::Duration};
use store::{Db, Limits, Sqlite, StoreError};

async fn within(directory: &Directory, limits: Limits) -> Db {
    Arc::new(Sqlite::open_within(&directory.file(), limits).await.unwrap())
}

#[tokio::test]
async fn a_full_disk_writes_nothing_of_a_page_and_goes_on_when_there_is_room() {
    let directory = Directory::new();
    let db = within(
        &directory,
        Limits {
            pages: Some(260),
            ..Limits::default()
        },
    )
    .await;
    let fence = leased(&db, "A").await;
    let ids = synced(&db, &fence, &[(app(1), devices(0..1))]).await;
    let arriving = {
        db.begin_sync(&fence, NOW).await.unwrap();
        db.insert_assets(&fence, &[app(2)], NOW).await.unwrap()
    };
    let many = pairs(&batch(&arriving, &devices(0..20_000)));
    assert!(matches!(
        db.insert_found_licenses(&fence, &many, NOW).await,
        Err(StoreError::Full)
    ));
    let new = operation(
        &fence,
        "op",
        OperationKind::Assign,
        vec![batch(&ids, &devices(100..10_000))],
    );
    let full = db.insert_operations(&[new], None).await;
    assert!(matches!(full, Err(StoreError::Full)), "{full:?}");
    assert_eq!(licenses(&db).await.len(), 1);
    assert_eq!(db.digest(arriving[0]).await.unwrap().count, 0);
    assert_eq!(detail(&db, ids[0]).await.row.counts.pending, 0);
    assert!(db.running_operations().await.unwrap().is_empty());
    // What fits is still written.
    let new = operation(
        &fence,
        "op",
        OperationKind::Assign,
        vec![batch(&ids, &devices(100..102))],
    );
    db.insert_operations(&[new], None).await.unwrap();
    assert_eq!(licenses(&db).await.len(), 3);
    drop(db);
    let db = within(&directory, Limits::default()).await;
    db.renew_lease(&fence, NOW + HOUR).await.unwrap();
    db.insert_found_licenses(&fence, &many, NOW).await.unwrap();
    assert_eq!(db.digest(arriving[0]).await.unwrap().count, 20_000);
}

#[tokio::test]
async fn a_locked_database_is_busy_and_reads_go_on() {
    let directory = Directory::new();
    let db = within(
        &directory,
        Limits {
            wait: Duration::from_millis(10),
            ..Limits::default()
        },
    )
    .await;
    let fence = leased(&db, "A").await;
    let mut other = sqlx::SqliteConnection::connect(&format!("sqlite:{}", directory.file()))
        .await
        .unwrap();
    other.execute("BEGIN IMMEDIATE").await.unwrap();
    assert!(matches!(db.renew_lease(&fence, NOW).await, Err(StoreError::Busy)));
    assert!(matches!(db.set_setting("a", "b").await, Err(StoreError::Busy)));
    assert_eq!(db.setting("a").await.unwrap(), None);
    other.execute("ROLLBACK").await.unwrap();
    db.set_setting("a", "b").await.unwrap();
    assert_eq!(db.setting("a").await.unwrap().as_deref(), Some("b"));
}

#[tokio::test]
async fn a_database_is_opened_again_as_it_was() {
    let directory = Directory::new();
    let url = format!("sqlite:{}", directory.file());
    store::open(&url)
        .await
        .unwrap()
        .set_setting("a", "b")
        .await
        .unwrap();
    for url in [url.clone(), directory.file(), url.replace("sqlite:", "sqlite://")] {
        let db = store::open(&url).await.unwrap();
        assert_eq!(db.setting("a").await.unwrap().as_deref(), Some("b"));
    }
}

#[tokio::test]
async fn a_database_in_memory_works_the_same() {
    let db = store::open("sqlite::memory:").await.unwrap();
    let fence = leased(&db, "A").await;
    synced(&db, &fence, &[(app(1), devices(0..3))]).await;
    assert_eq!(licenses(&db).await.len(), 3);
    assert_eq!(db.summary(NOW, 5).await.unwrap().used, 3);
}
