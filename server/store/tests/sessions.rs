use crate::setup::{NOW, on_each};
use store::sessions::SessionRecord;

fn session(name: &str, expires_at: i64) -> SessionRecord {
    SessionRecord {
        hash: name.as_bytes().to_vec(),
        account: Some("account-1".into()),
        data: vec![1],
        expires_at,
    }
}

#[test]
fn a_session_is_there_until_it_expires() {
    on_each(|db| async move {
        let session = session("a", NOW + 10);
        db.insert_session(&session).await.unwrap();
        assert_eq!(db.session(b"a", NOW + 9).await.unwrap(), Some(session));
        assert_eq!(db.session(b"a", NOW + 10).await.unwrap(), None);
        assert_eq!(db.session(b"b", NOW).await.unwrap(), None);
    });
}

#[test]
fn saving_again_replaces() {
    on_each(|db| async move {
        db.insert_session(&session("a", NOW + 10)).await.unwrap();
        let later = SessionRecord {
            account: None,
            data: vec![2, 3],
            ..session("a", NOW + 20)
        };
        db.save_session(&later).await.unwrap();
        assert_eq!(db.session(b"a", NOW + 15).await.unwrap(), Some(later.clone()));
        // A request that took long does not sign anybody in again.
        db.delete_session(b"a").await.unwrap();
        db.save_session(&later).await.unwrap();
        assert_eq!(db.session(b"a", NOW + 15).await.unwrap(), None);
    });
}

#[test]
fn expired_sessions_are_swept_and_others_stay() {
    on_each(|db| async move {
        for (name, expires_at) in [("a", NOW), ("b", NOW + 1), ("c", NOW - 5)] {
            db.insert_session(&session(name, expires_at)).await.unwrap();
        }
        assert_eq!(db.delete_expired_sessions(NOW).await.unwrap(), 2);
        assert!(db.session(b"b", NOW).await.unwrap().is_some());
        db.delete_session(b"b").await.unwrap();
        assert!(db.session(b"b", NOW).await.unwrap().is_none());
    });
}
