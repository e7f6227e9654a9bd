use crate::setup::{Schema, on_each};
use sqlx::Executor;
use store::{
    Db,
    replicas::{Ear, Heard},
};

async fn next(ear: &mut Box<dyn Ear>) -> Heard {
    let patience = std::time::Duration::from_secs(20);
    tokio::time::timeout(patience, ear.heard())
        .await
        .unwrap()
        .unwrap()
}

fn message(text: &str) -> Heard {
    Heard::Message(text.to_owned())
}

#[test]
fn o1_whoever_listens_hears_all_in_order_and_itself_as_well() {
    on_each(|db| async move {
        let (one, other) = (db.listen().await.unwrap(), db.listen().await.unwrap());
        db.tell(&["a'b".to_owned(), "ö".to_owned()]).await.unwrap();
        db.tell(&["c".to_owned()]).await.unwrap();
        for mut ear in [one, other].into_iter().flatten() {
            for text in ["a'b", "ö", "c"] {
                assert_eq!(next(&mut ear).await, message(text));
            }
        }
    });
}

#[tokio::test]
async fn o1_another_installation_in_the_same_database_is_not_heard_and_a_broken_connection_is_a_gap() {
    let (Some(ours), Some(theirs)) = (Schema::new().await, Schema::new().await) else {
        return;
    };
    let open = async |schema: &Schema| -> Db { store::open(&schema.url).await.unwrap() };
    let (here, there) = (open(&ours).await, open(&theirs).await);
    let mut ear = here.listen().await.unwrap().unwrap();
    there.tell(&["theirs".to_owned()]).await.unwrap();
    here.tell(&["ours".to_owned()]).await.unwrap();
    assert_eq!(next(&mut ear).await, message("ours"));

    let mut server = ours.connect().await;
    let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
               WHERE query LIKE 'LISTEN%' AND query LIKE '%' || (SELECT md5(current_schema())) || '%'";
    let ended = server.execute(end).await.unwrap();
    assert_eq!(ended.rows_affected(), 1);
    assert_eq!(next(&mut ear).await, Heard::Gap);
    // Until it listens again, what is said is lost.
    let mut again = tokio::time::interval(std::time::Duration::from_millis(20));
    let mut heard = std::pin::pin!(next(&mut ear));
    let told = loop {
        tokio::select! {
            told = &mut heard => break told,
            _ = again.tick() => here.tell(&["again".to_owned()]).await.unwrap(),
        }
    };
    assert_eq!(told, message("again"));
    ours.remove().await;
    theirs.remove().await;
}
