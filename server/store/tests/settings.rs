use crate::setup::on_each;

#[test]
fn a_setting_is_what_was_set_last() {
    on_each(|db| async move {
        assert_eq!(db.setting("key").await.unwrap(), None);
        db.set_setting("key", "one").await.unwrap();
        db.set_setting("key", "two").await.unwrap();
        assert_eq!(db.setting("key").await.unwrap().as_deref(), Some("two"));
        db.ping().await.unwrap();
    });
}

#[test]
fn a_setting_changes_only_from_what_was_read() {
    on_each(|db| async move {
        let change = async |was, value| db.change_setting("key", was, value).await.unwrap();
        assert!(!change(Some("one"), "two").await);
        assert!(change(None, "one").await);
        assert!(!change(None, "two").await);
        assert!(!change(Some("two"), "three").await);
        assert!(change(Some("one"), "two").await);
        assert_eq!(db.setting("key").await.unwrap().as_deref(), Some("two"));
    });
}

#[test]
fn of_many_first_values_one_stays() {
    on_each(|db| async move {
        let tries = (0..8).map(|n| {
            let db = db.clone();
            tokio::spawn(async move { db.init_setting("id", &n.to_string()).await.unwrap() })
        });
        let kept: Vec<_> = futures::future::try_join_all(tries).await.unwrap();
        assert!(kept.iter().all(|value| *value == kept[0]));
        assert_eq!(db.setting("id").await.unwrap(), Some(kept[0].clone()));
    });
}
