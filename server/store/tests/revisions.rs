use crate::setup::{Directory, Schema};
use store::{Db, revisions::Revision};

async fn revision(db: &Db) -> Revision {
    db.revision().await.unwrap().unwrap()
}

/// The revision of a database that nobody writes to. A server is shared with other tests, whose transactions count too.
async fn at_rest(db: &Db) -> Revision {
    let settled = async {
        loop {
            let before = revision(db).await;
            if revision(db).await == before {
                return before;
            }
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(60), settled)
        .await
        .unwrap()
}

/// Two programs with one database.
async fn every_commit_makes_another(url: &str) {
    let (ours, theirs) = (store::open(url).await.unwrap(), store::open(url).await.unwrap());
    let mut seen = vec![at_rest(&ours).await];
    for (writer, value) in [(&ours, "a"), (&theirs, "b"), (&ours, "c"), (&theirs, "d")] {
        writer.set_setting("word", value).await.unwrap();
        let now = revision(&ours).await;
        assert!(!seen.contains(&now), "{value}: {now:?}");
        seen.push(now);
    }
    ours.setting("word").await.unwrap();
    at_rest(&ours).await;
}

#[tokio::test]
async fn every_commit_of_any_program_makes_another_revision_and_reading_makes_none() {
    let directory = Directory::new();
    every_commit_makes_another(&directory.file()).await;
    if let Some(schema) = Schema::new().await {
        every_commit_makes_another(&schema.url).await;
        schema.remove().await;
    }
}

#[tokio::test]
async fn where_it_cannot_be_told_nothing_is_said() {
    let db = store::open("sqlite::memory:").await.unwrap();
    assert_eq!(db.revision().await.unwrap(), None);
}
