use crate::setup::{Directory, Schema};
use sqlx::{Connection, SqliteConnection};
use store::{Db, revisions::Revision};

async fn revision(db: &Db) -> Revision {
    db.revision().await.unwrap().unwrap()
}

/// Without the flags of `.cargo/config.toml` everything works, slowly.
#[tokio::test]
async fn sqlite_keeps_its_plans() {
    let directory = Directory::new();
    drop(store::open(&directory.file()).await.unwrap());
    let mut connection = SqliteConnection::connect(&directory.file()).await.unwrap();
    let kept: bool = sqlx::query_scalar("SELECT sqlite_compileoption_used('ENABLE_QPSG')")
        .fetch_one(&mut connection)
        .await
        .unwrap();
    assert!(kept);
}

/// Two programs with one database.
async fn every_commit_makes_another(url: &str) -> Db {
    let (ours, theirs) = (store::open(url).await.unwrap(), store::open(url).await.unwrap());
    let mut seen = vec![revision(&ours).await];
    for (writer, value) in [(&ours, "a"), (&theirs, "b"), (&ours, "c"), (&theirs, "d")] {
        writer.set_setting("word", value).await.unwrap();
        let now = revision(&ours).await;
        assert!(!seen.contains(&now), "{value}: {now:?}");
        seen.push(now);
    }
    ours
}

#[tokio::test]
async fn every_commit_of_any_program_makes_another_revision_and_reading_makes_none() {
    let directory = Directory::new();
    let db = every_commit_makes_another(&directory.file()).await;
    let before = revision(&db).await;
    assert_eq!(db.setting("word").await.unwrap().as_deref(), Some("d"));
    assert_eq!(revision(&db).await, before);
    if let Some(schema) = Schema::new().await {
        every_commit_makes_another(&schema.url).await;
        schema.remove().await;
    }
}

/// One answer is for all who had asked before it was sought, and for nobody after.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_has_committed_is_not_told_the_revision_of_before() {
    let directory = Directory::new();
    let db = store::open(&directory.file()).await.unwrap();
    let writers = (0..8).map(|writer| {
        let db = db.clone();
        tokio::spawn(async move {
            for round in 0..25 {
                let before = revision(&db).await;
                let word = format!("word {writer}");
                db.set_setting(&word, &round.to_string()).await.unwrap();
                assert_ne!(revision(&db).await, before);
            }
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.unwrap();
    }
}

#[tokio::test]
async fn where_it_cannot_be_told_nothing_is_said() {
    let db = store::open("sqlite::memory:").await.unwrap();
    assert_eq!(db.revision().await.unwrap(), None);
}
