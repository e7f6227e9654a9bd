use crate::setup::{NOW, on_each};
use contract::scim::ScimTokenRow;
use store::StoreError;

#[test]
fn a_scim_token_is_known_by_its_hash_until_it_is_revoked() {
    on_each(|db| async move {
        let token = |id: &str, at| ScimTokenRow {
            id: id.into(),
            name: format!("Directory {id}"),
            created_by: "Ada".to_owned(),
            created_at: at,
            used_at: None,
        };
        db.insert_scim_token(&token("a", NOW), b"one").await.unwrap();
        db.insert_scim_token(&token("b", NOW + 1), b"two").await.unwrap();
        let names: Vec<_> = db
            .scim_tokens()
            .await
            .unwrap()
            .into_iter()
            .map(|row| row.id.0)
            .collect();
        assert_eq!(names, ["b", "a"]);
        assert_eq!(db.use_scim_token(b"three", NOW).await.unwrap(), None);
        let used = async |at| {
            db.use_scim_token(b"one", at).await.unwrap().unwrap();
            db.scim_tokens().await.unwrap()[1].used_at
        };
        assert_eq!(used(NOW + 5).await, Some(NOW + 5));
        assert_eq!(used(NOW + 50_000).await, Some(NOW + 5), "not for every request");
        assert_eq!(used(NOW + 70_000).await, Some(NOW + 70_000));
        db.delete_scim_token(&"a".into()).await.unwrap();
        assert_eq!(db.use_scim_token(b"one", NOW).await.unwrap(), None);
        assert!(matches!(
            db.delete_scim_token(&"a".into()).await,
            Err(StoreError::NotFound)
        ));
    });
}
